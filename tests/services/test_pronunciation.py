# ruff: noqa: RUF001 - phonemes look like letters
from pathlib import Path

import pytest

from services.core.errors import BotError
from services.preferences import PreferenceStore
from services.pronunciation import (
    LONGEST_SAYING,
    LONGEST_WORD,
    MAX_ENTRIES,
    PronunciationBook,
    parse_saying,
)

EMPTY = PronunciationBook()


def test_a_word_is_written_down_replaced_and_taken_out() -> None:
    book = EMPTY.with_entry(" data ", "dah-ta\n").with_entry("data", "day-ta")
    assert book.entries == {"data": "day-ta"}
    assert book.without("DATA").entries == {}
    with pytest.raises(BotError, match="not in the book"):
        EMPTY.without("data")


def test_capitals_tell_two_words_apart() -> None:
    book = EMPTY.with_entry("us", "uss").with_entry("US", "you ess")
    assert book.without("US").entries == {"us": "uss"}
    assert book.without("us").entries == {"US": "you ess"}


@pytest.mark.parametrize(
    ("saying", "words", "phonemes"),
    [
        ("dah-ta", "dah-ta", ""),
        ("/ˈdɑːtə/", "", "ˈdɑːtə"),
        ("dah-ta /ˈdɑːtə/", "dah-ta", "ˈdɑːtə"),
        ("/ t͡ʃɛk /", "", "t͡ʃɛk"),
    ],
)
def test_a_saying_is_words_phonemes_or_both(saying: str, words: str, phonemes: str) -> None:
    assert parse_saying(saying) == (words, phonemes)


@pytest.mark.parametrize(
    "saying", ["", "//", "/1 2/", "and/or/", "/a/ b", "…", "/ː/", "x" * (LONGEST_SAYING + 1)]
)
def test_what_cannot_be_said_is_refused_in_words(saying: str) -> None:
    with pytest.raises(BotError, match="can't be said"):
        EMPTY.with_entry("word", saying)


@pytest.mark.parametrize("word", ["", "…", "`", "x" * (LONGEST_WORD + 1), "\ue000"])
def test_what_is_no_word_is_refused_in_words(word: str) -> None:
    with pytest.raises(BotError, match="no word"):
        EMPTY.with_entry(word, "word")


def test_a_book_is_bounded() -> None:
    full = PronunciationBook(entries={f"word{number}": "x" for number in range(MAX_ENTRIES)})
    assert full.with_entry("word7", "y").entries["word7"] == "y"
    with pytest.raises(BotError, match="full"):
        full.with_entry("more", "y")


async def test_books_are_kept_each_for_its_guild(tmp_path: Path) -> None:
    books = PreferenceStore(PronunciationBook, directory=tmp_path)
    await books.change(1, lambda now: now.with_entry("data", "dah-ta /ˈdɑːtə/"))
    again = PreferenceStore(PronunciationBook, directory=tmp_path)
    await again.start()
    assert again.get(1).entries == {"data": "dah-ta /ˈdɑːtə/"}
    assert again.get(2).entries == {}
