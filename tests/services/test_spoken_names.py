# ruff: noqa: RUF001 - letters that look like others are the matter here
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.spoken_names import LONGEST, sayable, sayable_names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ana", "Ana"),
        ("Ana María López", "Ana María López"),
        ("xX_Ana_Xx", "Ana"),
        ("xXAnaXx", "Ana"),
        ("x Ana x", "Ana"),
        ("Xerxex", "Xerxex"),
        ("Max", "Max"),
        ("ana_1987", "ana"),
        ("Ana#1234", "Ana"),
        ("Ben 2", "Ben"),
        ("R2D2", "R2D2"),
        ("1984", "1984"),
        ("Agent007", "Agent"),
        ("✨🔥 Ana 🔥✨", "Ana"),
        ("~*Ana*~", "Ana"),
        ("[CLAN] Ana", "Ana"),
        ("Ana (she/her)", "Ana"),
        ("Ana | Moderator", "Ana"),
        ("dark_knight", "dark knight"),
        ("O'Neil-Smith", "O'Neil-Smith"),
        ("𝓐𝓷𝓪", "Ana"),
        ("Ａｎａ", "Ana"),
        ("ʞǝɥ", "hek"),
        ("Анна", "Анна"),
        ("田中さん", "田中さん"),
        ("🔥🔥", ""),
        ("___", ""),
        ("[AFK]", "AFK"),
        ("", ""),
    ],
)
def test_a_name_is_said_as_people_would_say_it(name: str, said: str) -> None:
    assert sayable(name) == said


@given(st.text(max_size=60))
def test_any_name_gives_a_short_line_of_words_or_nothing(name: str) -> None:
    said = sayable(name)
    assert len(said) <= LONGEST
    assert said == " ".join(said.split())
    assert not said or any(character.isalnum() for character in said)


def test_names_without_words_are_left_to_the_phrase_for_somebody() -> None:
    assert sayable_names({1: "xX_Ana_Xx", 2: "🔥"}) == {1: "Ana"}
