"""The shape of what one language says for written forms, and how its tables are written down."""

from collections.abc import Mapping
from typing import NamedTuple

_LETTER = 2
"""Characters of a single letter with its full stop: "C." is hardly ever "c." at the beginning."""
_OTHERWISE = frozenset(("max.", "est."))
"""What means something else with a capital: a name, and "established"."""


class Noun(NamedTuple):
    """Hold a counted thing: one of it, many of it, and its gender ("m", "f", "n" or "")."""

    one: str
    many: str
    gender: str = ""


class Currency(NamedTuple):
    """Hold a currency and its hundredth part; `cent` is None where people do not use it."""

    unit: Noun
    cent: Noun | None = None


class Clock(NamedTuple):
    """Hold how the time of day is said; {hour} is counted in `hour`, {minute} is a number.

    `full` is for whole hours, `late` for those after noon ("" as before it), `few` for the first
    nine minutes.
    """

    hour: Noun
    full: str = "{hour}"
    minutes: str = "{hour} {minute}"
    few: str = "{hour} {minute}"
    late: str = ""


class Dates(NamedTuple):
    """Hold how dates are said and written.

    `first` is the ordinal form that the first day of a month has ("" for none), `others` that of
    the other days; `order` is how figures are written: "dmy" or "mdy"; `before` is a pattern of
    the words before "25/12" that tell it from a fraction.
    """

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    day_month: str
    day_month_year: str
    first: str | None = None
    others: str | None = None
    order: str = "dmy"
    before: str = ""


class Reign(NamedTuple):
    """Hold how a ruler's number is said: an article, an ordinal's form, then plain numbers.

    `names` is a pattern; `last_ordinal` is the greatest number that is said as an ordinal.
    """

    names: str
    article: str = ""
    form: str = ""
    last_ordinal: int = 300


class Language(NamedTuple):
    """Hold what one language says for numbers, units, signs and abbreviations.

    `words` names signs ("plus", "percent"); `per` says a unit behind a slash where it is not "per"
    and the unit. `whole_fractions` reads "3,14" as three comma fourteen, and `singular_below_two`
    counts 1.5 as one. `cents` and `few_cents` join {unit} and {cent}, the latter below ten.
    `ordinals` maps a suffix behind a number to the ordinal's form: CLDR's rule set without its
    "spellout-ordinal"; `articles` maps the word before it, where the language writes "3." for it.
    `years_after` and `numbered` are patterns of the words before a year and before
    a roman numeral ("chapter"); `spelled` are words in capitals that engines read as words.
    """

    code: str
    decimal: str
    grouping: str
    whole_fractions: bool
    singular_below_two: bool
    words: Mapping[str, str]
    degree: Noun
    units: Mapping[str, Noun]
    per: Mapping[str, str]
    currencies: Mapping[str, Currency]
    cents: str
    few_cents: str
    scales: Mapping[str, Noun]
    of_scale: str
    clock: Clock
    dates: Dates
    fractions: Mapping[str, str]
    ordinals: Mapping[str, str]
    articles: Mapping[str, str]
    abbreviations: Mapping[str, str]
    before_numbers: Mapping[str, str]
    spelled: frozenset[str]
    years_after: str
    reign: Reign
    numbered: str


def table(text: str) -> dict[str, str]:
    """Read "key = words; key = words"; blanks around each are dropped."""
    pairs = (entry.split("=") for entry in text.split(";") if entry.strip())
    return {key.strip(): words.strip() for key, words in pairs}


def nouns(text: str, gender: str = "") -> dict[str, Noun]:
    """Read "symbols = one | many; ..."; several symbols are parted by a blank."""
    found = {}
    for symbols, words in table(text).items():
        one, _, many = words.partition("|")
        noun = Noun(one.strip(), many.strip() or one.strip(), gender)
        found.update(dict.fromkeys(symbols.split(), noun))
    return found


def also_opening(abbreviations: Mapping[str, str]) -> dict[str, str]:
    """Return abbreviations also as they open a sentence, where they mean the same then."""
    opening = {
        written[0].upper() + written[1:]: said[0].upper() + said[1:]
        for written, said in abbreviations.items()
        if len(written) > _LETTER and written not in _OTHERWISE
    }
    return {**opening, **abbreviations}


def word_set(text: str) -> frozenset[str]:
    """Read words parted by blanks."""
    return frozenset(text.split())
