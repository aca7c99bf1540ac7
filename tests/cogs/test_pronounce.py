# ruff: noqa: RUF001 - phonemes look like letters
import pytest

from cogs.pronounce import EMPTY, listing, told


@pytest.mark.parametrize(
    ("saying", "words"),
    [
        ("day-ta", "Done: `data` → `day-ta`."),
        (
            "/deɪtə/",
            "Done: `data` → `/deɪtə/`.\n"
            "Only Kokoro takes phonemes, in English; other voices read the word as it is written.",
        ),
        (
            "day-ta /deɪtə/",
            "Done: `data` → `day-ta /deɪtə/`.\n"
            "Only Kokoro takes phonemes, in English; other voices say `day-ta`.",
        ),
    ],
)
def test_who_adds_phonemes_is_told_who_takes_them(saying: str, words: str) -> None:
    assert told("data", saying) == words


def test_the_book_is_listed_by_words() -> None:
    assert listing({}) == [EMPTY]
    assert listing({"b`": "x", "A": "y"}) == ["`A` → `y`", "`b` → `x`"]
