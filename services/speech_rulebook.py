"""The rules of what people say, put together for each language. Imported when first needed."""

from typing import Final, NamedTuple

from services.speech_acronyms import Acronyms
from services.speech_addresses import Addresses
from services.speech_chatter import chatter_rules
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
from services.speech_rule import Rule
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


class Rulebook(NamedTuple):
    """Hold the rules of a language; `figures` are for texts that have some."""

    early: tuple[Rule, ...]
    figures: tuple[Rule, ...]
    late: tuple[Rule, ...]


def rulebook_for(tag: str) -> Rulebook | None:
    """Return the rules of a language ("de", "en-gb"), None where it has no table."""
    language = _LANGUAGES.get(tag) or _LANGUAGES.get(tag.split("-")[0])
    if language is None:
        return None
    numbers = NumberWords(language)
    addresses, moments = Addresses(language, numbers), Moments(language, numbers)
    signs = Signs(language, numbers)
    return Rulebook(
        early=(*chatter_rules(language.code), *signs.early_rules(), *addresses.early_rules()),
        figures=(
            *moments.rules(),
            *addresses.rules(),
            *Quantities(language, numbers).rules(),
            *moments.year_rules(),
            *Figures(language, numbers).rules(),
        ),
        late=(
            *Acronyms(language).rules(),
            *addresses.late_rules(),
            *RomanNumerals(language, numbers).rules(),
            *signs.rules(),
        ),
    )
