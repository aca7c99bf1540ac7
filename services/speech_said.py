"""How people say what is written in figures, signs and abbreviations."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from services.speech_acronyms import Acronyms
from services.speech_addresses import Addresses
from services.speech_dutch import DUTCH
from services.speech_english import ENGLISH
from services.speech_figures import Figures
from services.speech_french import FRENCH
from services.speech_german import GERMAN
from services.speech_italian import ITALIAN
from services.speech_moments import Moments
from services.speech_numbers import NumberWords
from services.speech_portuguese import PORTUGUESE
from services.speech_quantities import Quantities
from services.speech_roman import RomanNumerals
from services.speech_rule import Rule, apply
from services.speech_signs import Signs
from services.speech_spanish import SPANISH

_BRITISH: Final = ENGLISH._replace(dates=ENGLISH.dates._replace(order="dmy"))
_LANGUAGES: Final = {
    **dict.fromkeys(("en-gb", "en-au", "en-nz", "en-ie", "en-in", "en-za"), _BRITISH),
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "nl": DUTCH,
    "pt": PORTUGUESE,
    "pt-pt": PORTUGUESE._replace(code="pt_PT"),
}
_FIGURE: Final = re.compile(r"[\d½⅓⅔¼-¾⅕-⅞]")


def said(text: str, *, language: str) -> str:
    """Return a sentence or a line with its written forms as people say them, blanks normalised.

    Figures that speech engines read well (plain numbers up to six digits) stay as they are; so
    does everything in a language that has no table here. Linear in the text's length. The first
    call for a language takes some 0.1 s: see `prepare`.
    """
    tag = language.replace("_", "-").lower()
    tag = tag if tag in _LANGUAGES else tag.split("-")[0]
    if tag not in _LANGUAGES:
        return text
    early, figures, late = _rules(tag)
    text = apply(early, text)
    if _FIGURE.search(text):
        text = apply(figures, text)
    return " ".join(apply(late, text).split())


def prepare(language: str) -> None:
    """Load what `said` needs for a language; slow, for a worker thread. Never raises."""
    said("1,234 and 21st", language=language)


class _Rules(NamedTuple):
    early: tuple[Rule, ...]
    figures: tuple[Rule, ...]
    late: tuple[Rule, ...]


@lru_cache(maxsize=len(_LANGUAGES))
def _rules(tag: str) -> _Rules:
    language = _LANGUAGES[tag]
    numbers = NumberWords(language)
    addresses, moments = Addresses(language, numbers), Moments(language, numbers)
    signs = Signs(language, numbers)
    return _Rules(
        early=(*signs.early_rules(), *addresses.early_rules()),
        figures=(
            *moments.rules(),
            *addresses.rules(),
            *Quantities(language, numbers).rules(),
            *moments.year_rules(),
            *Figures(language, numbers).rules(),
        ),
        late=(
            *addresses.late_rules(),
            *RomanNumerals(language, numbers).rules(),
            *Acronyms(language).rules(),
            *signs.rules(),
        ),
    )
