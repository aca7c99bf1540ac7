import string
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.persona import Persona, checked, filled, key_of, parse_persona

WHOLE = """
name = "Lighthouse keeper"
prompt = "You keep the light of {guild}."
voice = "en-gb+m3"
language = "en-gb"
temperature = 1
greeting = "Evening, {user}."
"""


def test_a_file_holds_everything() -> None:
    assert parse_persona(WHOLE) == Persona(
        name="Lighthouse keeper",
        prompt="You keep the light of {guild}.",
        voice="en-gb+m3",
        language="en-gb",
        temperature=1.0,
        greeting="Evening, {user}.",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "Invalid value"),
        ("prompt = 'x'", "name: Field required"),
        ("name = 'x'", "no prompt"),
        ("name = 'x'\nprompt = ' \t '", "no prompt"),
        ("name = 'x'\nprompt = 'y'\nvioce = 'z'", "'vioce' is none of greeting, language"),
        ("name = 'x'\nprompt = 'y'\ntemperature = 3", "temperature: Input should be less"),
        ("name = 'x'\nprompt = 'y'\ntemperature = nan", "temperature: "),
        ("name = 'x'\nprompt = 7", "prompt: Input should be a valid string"),
        (f"name = 'x'\nprompt = '{'y' * 4001}'", "prompt: String should have at most 4000"),
        (f"name = '{'x' * 33}'\nprompt = 'y'", "name: String should have at most 32"),
        ("name = ' x'\nprompt = 'y'", "name: String should match"),
        ('name = "a\\nb"\nprompt = "y"', "name: String should match"),
        ("[persona]\nname = 'x'", "'persona' is none of"),
    ],
)
def test_a_file_that_is_no_persona_says_why(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_persona(text)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@given(st.text(alphabet=string.printable, max_size=60))
def test_no_text_is_more_than_a_persona_or_a_value_error(text: str) -> None:
    try:
        made = parse_persona(text)
    except ValueError:
        return
    assert made.name == tomllib.loads(text)["name"]


def test_names_are_compared_without_case_and_white_space() -> None:
    assert key_of(" Old  SALT") == checked({"name": "old salt"}).key == "old salt"


VALUES = {"user": "Ana", "guild": "Harbour", "channel": "general", "date": "today"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi {user} of {guild}, {channel}, {date}", "Hi Ana of Harbour, general, today"),
        ("{odd} {user.name} {user!r} {0} {} { user } {{user}}", None),
        ('{"user": 1, "a": {"b": 2}}', None),
    ],
)
def test_known_placeholders_alone_are_filled(text: str, said: str | None) -> None:
    expected = said or text.replace("{{user}}", "{Ana}")
    assert filled(text, VALUES) == expected


def test_what_a_placeholder_is_filled_with_is_not_looked_through() -> None:
    assert filled("{user}", {"user": "{date}{user}\\1", "date": "x"}) == "{date}{user}\\1"


@given(st.text(), st.text())
def test_any_name_stands_as_it_is(text: str, name: str) -> None:
    plain = text.replace("{", "(")
    assert filled(plain + "{user}", {"user": name}) == plain + name
