# ruff: noqa: RUF001 - phonemes look like letters
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.phonemes import with_phonemes
from services.pronouncer import Pronouncer
from services.speech_said import said

ENTRIES = {
    "data": "dah-ta",
    "C++": "see plus plus",
    "Dr. Who": "the Doctor",
    "New York": "Noo Yawk",
    "New York City": "the Big Apple",
    "SQL": "sequel",
    "US": "you ess",
    "don": "dawn",
    "naïve": "nah-eve",
    ".net": "dot net",
    "nginx": "/ˈɛndʒɪnˌɛks/",
    "GIF": "jif /dʒɪf/",
    "привет": "privyet",
}
PRONOUNCER = Pronouncer(ENTRIES, language="en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The data, DATA and Data.", "The dah-ta, dah-ta and dah-ta."),
        ("metadata and data_set stay", "metadata and data_set stay"),
        ("the data's size", "the dah-ta's size"),
        ("data-driven", "dah-ta-driven"),
        ("I don't, but Don did", "I don't, but dawn did"),
        ("New York City, New York and new York", "the Big Apple, Noo Yawk and new York"),
        ("New  York", "Noo Yawk"),
        ("New-York, New, York", "New-York, New, York"),
        ("let us see the US", "let us see the you ess"),
        ("SQL and sql, MySQL", "sequel and sql, MySQL"),
        ("Is C++ like D?", "Is see plus plus like D?"),
        ("Dr. Who is no Dr. Smith", "the Doctor is no Doctor Smith"),
        ("Naïve, naïve", "nah-eve, nah-eve"),
        ("the .net and asp.net", "the dot net and asp.net"),
        ("Use nginx now", f"Use {with_phonemes('nginx', 'ˈɛndʒɪnˌɛks')} now"),
        ("A GIF", f"A {with_phonemes('jif', 'dʒɪf')}"),
        ("Привет, привет", "privyet, privyet"),
        ("", ""),
    ],
)
def test_words_are_said_as_the_book_says(text: str, expected: str) -> None:
    assert PRONOUNCER.apply(said(text, language="en")) == expected


def test_a_saying_is_not_looked_up_again() -> None:
    pronouncer = Pronouncer({"a": "b", "b": "a"}, language="en")
    assert pronouncer.apply("a b") == "b a"


def test_a_language_without_tables_has_its_words_as_well() -> None:
    assert Pronouncer({"kaksi": "KAK-see"}, language="fi").apply("kaksi!") == "KAK-see!"


@given(st.text("ab c'.", max_size=40))
def test_an_empty_book_changes_nothing(text: str) -> None:
    assert Pronouncer({}, language="en").apply(text) == text


@given(st.text("abC' .-", max_size=40))
def test_what_is_not_in_the_book_stays(text: str) -> None:
    changed = Pronouncer({"a b": "xx", "C": "yy"}, language="en").apply(text)
    assert changed.replace("xx", "").replace("yy", "").strip("abC' .-") == ""
