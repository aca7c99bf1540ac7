"""How people say what is written in figures, signs and abbreviations."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from services.speech_rule import apply

if TYPE_CHECKING:
    from services.speech_rulebook import Rulebook

_FIGURE: Final = re.compile(r"[\d½⅓⅔¼-¾⅕-⅞]")


def said(text: str, *, language: str) -> str:
    """Return a sentence or a line with its written forms as people say them, blanks normalised.

    Figures that speech engines read well (plain numbers up to six digits) stay as they are; so
    does everything in a language that has no table here. Linear in the text's length. The first
    call for a language takes some 0.05 s: see `prepare`.
    """
    book = _rulebook(language.replace("_", "-").lower())
    if book is None:
        return text
    text = apply(book.early, text)
    if _FIGURE.search(text):
        text = apply(book.figures, text)
    return " ".join(apply(book.late, text).split())


def prepare(language: str) -> None:
    """Load what `said` needs for a language; slow, for a worker thread."""
    said("1,234 and 21st", language=language)


@lru_cache(maxsize=32)
def _rulebook(tag: str) -> "Rulebook | None":
    from services.speech_rulebook import rulebook_for  # the tables are not wanted at start

    return rulebook_for(tag)
