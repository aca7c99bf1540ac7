# ruff: noqa: RUF001  (the signs people write are this module's matter)
import re
from typing import Final

from services.abbreviations import STARTERS
from services.speech_language import Language
from services.speech_numbers import NumberWords
from services.speech_quantities import ATTACHED, INSIDE
from services.speech_rule import END, SIGN, START, Rule, any_of, rule

_PLAIN_DIGITS: Final = 6
"""Figures without any mark that speech engines read well themselves; more are said here."""

_SIMPLE_FRACTIONS: Final = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5",
    "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip


class Figures:
    """Say ordinals, fractions, ranges and the numbers that are left."""

    def __init__(self, language: Language, numbers: NumberWords) -> None:
        self._language, self._numbers = language, numbers

    def rules(self) -> list[Rule]:
        """Return the rules, the more particular first."""
        number, signs = self._numbers.number, "".join(_SIMPLE_FRACTIONS)
        units = any_of(set(self._language.units) - ATTACHED)
        unit = rf"(?:[ \u00a0\u202f]?(?P<unit>{units})(?![^\W_])(?:{INSIDE})?)?"
        return [
            rule(
                rf"(?<![\w.,/])(?:(\d{{1,4}})\s)?(\d{{1,3}})/(\d{{1,3}})(?:{END}|(?={units})){unit}",
                self._over,
                "/",
            ),
            rule(rf"{START}({number})/({number}){END}", self._marks, "/"),
            rule(rf"(?:(?<!\d)(\d{{1,4}})\s?)?([{signs}]){unit}", self._sign, signs),
            rule(rf"{START}(?P<low>\d{{1,3}}):(?P<high>\d{{1,3}}){END}", self._ratio, ":"),
            *self._ordinals(),
            rule(
                rf"(?<![\w.,:/-])(?P<low>{number})(?:\s?–\s?|-|—)(?P<high>{number})(?!-?\d){END}",
                self._range,
                "-–—",
            ),
            rule(r"(?<!\w)(?P<sign>[-−+±]\s?)?(?<![\w.])\.(?P<low>\d{1,15})(?!\w)", self._bare),
            rule(rf"{START}(?P<low>{SIGN}{number}){END}", self._number),
            rule(r"(?<![\w.,])\d{7,}(?!\w)", self._long),
        ]

    def _ordinals(self) -> list[Rule]:
        language = self._language
        found = []
        if language.ordinals:
            suffixes = any_of(language.ordinals)
            pattern = rf"(?<![\w.,])(\d{{1,9}})({suffixes})(?![^\W_])"
            found.append(rule(pattern, self._ordinal))
        if language.articles:
            words = any_of(language.articles)
            pattern = rf"\b((?i:{words}))(\s)(\d{{1,3}})\.(?=\s(?P<next>[^\W\d_]+))"
            found.append(rule(pattern, self._dotted))
        return found

    def _ordinal(self, match: re.Match[str]) -> str:
        form = self._language.ordinals[match[2]]
        return self._numbers.ordinal(int(match[1]), form)

    def _dotted(self, match: re.Match[str]) -> str:
        if match["next"] in STARTERS:
            return match[0]
        form = self._language.articles[match[1].lower()]
        return f"{match[1]}{match[2]}{self._numbers.ordinal(int(match[3]), form)}"

    def _over(self, match: re.Match[str]) -> str:
        whole, upper, lower = match[1], match[2], match[3]
        known = self._fraction(f"{upper}/{lower}", whole)
        if not known:
            known = self._out_of(upper, lower)
            known = f"{self._numbers.read(whole)} {known}" if whole else known
        return known + self._unit(match)

    def _fraction(self, written: str, whole: str | None) -> str:
        """Return "three quarters", "two and a half"; "" for a fraction without a name."""
        names = self._language.fractions
        said = names.get(written, "")
        if not (said and whole):
            return said
        joined = names.get(f"+{written}", said)
        mixed = self._language.words["mixed"]
        if not mixed:  # "eineinhalb"
            return self._numbers.cardinal(int(whole), "m") + joined
        return f"{self._numbers.read(whole)} {mixed} {joined}"

    def _out_of(self, upper: str, lower: str) -> str:
        read, value = self._numbers.read, self._numbers.value
        name = "out of" if value(upper) <= value(lower) else "over"
        return f"{read(upper)} {self._language.words[name]} {read(lower)}"

    def _marks(self, match: re.Match[str]) -> str:
        plain = match[1].isdecimal() and match[2].isdecimal()  # a season as well: 2023/24
        return match[0] if plain else self._out_of(match[1], match[2])

    def _sign(self, match: re.Match[str]) -> str:
        return self._fraction(_SIMPLE_FRACTIONS[match[2]], match[1]) + self._unit(match)

    def _unit(self, match: re.Match[str]) -> str:
        if not match["unit"]:
            return ""
        noun = self._language.units[match["unit"]]
        return f" {noun.many if match[1] else noun.one}"

    def _ratio(self, match: re.Match[str]) -> str:
        return self._pair(match, "ratio")

    def _range(self, match: re.Match[str]) -> str:
        return self._pair(match, "to")

    def _pair(self, match: re.Match[str], name: str) -> str:
        read = self._numbers.read
        return f"{read(match['low'])} {self._language.words[name]} {read(match['high'])}"

    def _bare(self, match: re.Match[str]) -> str:
        said = self._numbers.read(f"0{self._language.decimal}{match['low']}")
        return self._numbers.with_sign(match["sign"] or "", said)

    def _number(self, match: re.Match[str]) -> str:
        written = match["low"]
        if not written.isdecimal():
            return self._numbers.read(written)
        if written.startswith("0") and len(written) > 1:
            return self._numbers.digits(written)
        if len(written) <= _PLAIN_DIGITS:
            return written
        return self._long(match)

    def _long(self, match: re.Match[str]) -> str:
        written = match[0]
        is_round = written.endswith("000") and len(written) <= 15
        return self._numbers.read(written) if is_round else self._numbers.digits(written)
