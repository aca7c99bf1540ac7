# ruff: noqa: RUF001  (the signs people write are this module's matter)
import re
from typing import Final

from services.speech_language import Language
from services.speech_numbers import NumberWords
from services.speech_rule import Rule, rule

_SIGNS: Final = {
    "C": 100,
    "XC": 90,
    "L": 50,
    "XL": 40,
    "X": 10,
    "IX": 9,
    "V": 5,
    "IV": 4,
    "I": 1,
}
_QUEENS: Final = frozenset(
    ("Elisabeth", "Elizabeth", "Élisabeth", "Elisabetta", "Isabel", "Katharina", "Catherine")
)
_CENTURY: Final = re.compile(
    r"\b(?P<roman>[IVX]{1,6})er?(?=\s(?:et\s[IVX]{1,6}e\s)?(?:siècle|République))"
)
_NUMERAL: Final = r"(?P<roman>[IVXLC]{1,9})"


class RomanNumerals:
    """Say roman numerals behind rulers' names and nouns that are numbered; others may be words."""

    def __init__(self, language: Language, numbers: NumberWords) -> None:
        self._language, self._numbers = language, numbers

    def rules(self) -> list[Rule]:
        """Return the rules."""
        language = self._language
        end = r"(?![\w'’])"
        ending = "(?:er|re)?" if language.code == "fr" else ""
        lone = r"(?!I\b\s)" if language.code == "en" else ""  # it may be the speaker
        reign = rf"\b(?P<name>{language.reign.names})\s{lone}{_NUMERAL}{ending}{end}"
        found = [
            rule(rf"\b(?P<name>{language.numbered})\s{_NUMERAL}{end}", self._numbered),
            rule(reign + (r"\.?" if language.articles else ""), self._reign),
        ]
        if language.code == "fr":
            found.append(rule(_CENTURY, self._century))
        return found

    def _numbered(self, match: re.Match[str]) -> str:
        value = value_of(match["roman"])
        return f"{match['name']} {self._numbers.cardinal(value)}" if value else match[0]

    def _reign(self, match: re.Match[str]) -> str:
        value, reign = value_of(match["roman"]), self._language.reign
        if not value:
            return match[0]
        article, form = reign.article, reign.form
        if match["name"] in _QUEENS:
            article, form = article.replace("der", "die"), form.replace("-masculine", "-feminine")
        ordinal = value <= reign.last_ordinal
        said = self._numbers.ordinal(value, form) if ordinal else self._numbers.cardinal(value)
        last = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        return f"{match['name']} {article}{said}{last}"

    def _century(self, match: re.Match[str]) -> str:
        value = value_of(match["roman"])
        return self._numbers.ordinal(value, "-masculine") if value else match[0]


def value_of(numeral: str) -> int:
    """Return the value of a roman numeral below 300; 0 where it is written wrongly."""
    total, rest = 0, numeral
    for signs, value in _SIGNS.items():
        most = 1 if value in {90, 50, 40, 9, 5, 4} else 3
        count = 0
        while count < most and rest.startswith(signs):
            rest = rest[len(signs) :]
            total += value
            count += 1
    return 0 if rest else total
