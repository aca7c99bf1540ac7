import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from services.speech_language import Language, Noun

if TYPE_CHECKING:
    from unicode_rbnf import RbnfEngine

MAX_DIGITS: Final = 15
"""Digits of the largest number said as one; CLDR's rules end near there. More are said singly."""

_CARDINALS: Final = {"m": "-masculine", "f": "-feminine", "n": "-neuter"}
_SIGNS: Final = {"-": "minus", "\u2212": "minus", "+": "plus", "±": "plus or minus"}
_STRESSED: Final = {("nl", "een"): "één"}
"""Numbers that are written as an article is, which engines would say."""
_GROUP: Final = 3
_EXCHANGED: Final = str.maketrans(".,", ",.")


class NumberWords:
    """Say numbers in one language, by CLDR's spell-out rules.

    `number` is the pattern of a number as this language writes it, without its sign.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._code = language.code
        point, groups = re.escape(language.decimal), f"[{language.grouping}]"
        # a foreign point is one where it can't part thousands: "Python 3.5" in a German text
        foreign = "" if language.decimal == "." else r"|\.\d{1,2}(?!\d)|\.\d{4,15}(?!\d)"
        self.number: Final = (
            rf"(?:{_abroad(language)}|"
            rf"(?:\d{{1,3}}(?:{groups}\d{{3}}){{1,5}}(?!\d)|\d{{1,{MAX_DIGITS}}}(?!\d))"
            rf"(?:{point}\d{{1,15}}(?!\d){foreign})?)"
        )
        self._grouping = str.maketrans("", "", language.grouping)

    def cardinal(self, number: int, gender: str = "") -> str:
        """Return "twenty-one"; `gender` is that of what is counted."""
        if number >= 10**MAX_DIGITS:
            return self.digits(str(number))
        rules = [f"spellout-cardinal{_CARDINALS[gender]}"] if gender else []
        return _spell(self._code, number, (*rules, "spellout-numbering", "spellout-cardinal"))

    def ordinal(self, number: int, form: str = "") -> str:
        """Return "twenty-first" in one of the language's forms ("-feminine")."""
        if number >= 10**MAX_DIGITS:
            return self.digits(str(number))
        return _spell(self._code, number, (f"spellout-ordinal{form}", "spellout-numbering"))

    def year(self, number: int) -> str:
        """Return "nineteen eighty-four" where the language has such years."""
        rules = ("spellout-numbering-year",) if self._language.years_after else ()
        return _spell(self._code, number, (*rules, "spellout-numbering"))

    def digits(self, text: str) -> str:
        """Return "zero four two": every digit of a text on its own, commas between threes."""
        said = [self.cardinal(int(digit)) for digit in text if digit.isdecimal()]
        size = _GROUP if len(said) > _GROUP + 1 else len(said) or 1
        groups = [said[start : start + size] for start in range(0, len(said), size)]
        return ", ".join(" ".join(group) for group in groups)

    def read(self, written: str, gender: str = "") -> str:
        """Return the words of a number as this language writes it, with or without sign."""
        sign, figures = self._signed(written)
        whole, mark, fraction = self._parts(figures)
        gender = "" if fraction else gender
        words = self.digits(whole) if _is_name(whole) else self.cardinal(int(whole), gender)
        if fraction:
            words = f"{words} {mark} {self._fraction(fraction)}"
        return f"{sign} {words}" if sign else words

    def size(self, digits: str) -> str:
        """Return the words of a picture's width or the like: "nineteen twenty"."""
        number = int(digits)
        pairs = self._language.years_after and len(digits) == 4 and number % 100 > 9
        return (
            f"{self.cardinal(number // 100)} {self.cardinal(number % 100)}"
            if (pairs and self._code == "en")
            else self.read(digits)
        )

    def read_name(self, digits: str) -> str:
        """Return the words of digits that are a part of a name: as a number below 1000."""
        return self.digits(digits) if _is_name(digits) else self.cardinal(int(digits))

    def count(self, written: str, noun: Noun) -> str:
        """Return "one hour", "two hours"."""
        return f"{self.read(written, noun.gender)} {self.form(written, noun)}".rstrip()

    def form(self, written: str, noun: Noun) -> str:
        """Return a noun as it stands behind a number."""
        value = abs(self.value(written))
        alone = value < 2 if self._language.singular_below_two else value == 1
        return noun.one if alone else noun.many

    def value(self, written: str) -> float:
        """Return the value of a number as this language writes it."""
        sign, figures = self._signed(written)
        whole, _, fraction = self._parts(figures)
        number = float(f"{whole}.{fraction or 0}")
        return -number if sign == self._language.words["minus"] else number

    def with_sign(self, sign: str, words: str) -> str:
        """Return words with what is said for the sign that stands before them, if any."""
        key = _SIGNS.get(sign[:1])
        return f"{self._language.words[key]} {words}" if key else words

    def split(self, written: str) -> tuple[str, str]:
        """Return the digits before and behind the decimal mark."""
        whole, _, fraction = self._parts(self._signed(written)[1])
        return whole, fraction

    def _signed(self, written: str) -> tuple[str, str]:
        words = self._language.words
        key = _SIGNS.get(written[0])
        return (words[key], written[1:].lstrip()) if key else ("", written)

    def _parts(self, figures: str) -> tuple[str, str, str]:
        """Return the whole part's digits, the word for the mark behind it and the fraction's."""
        language = self._language
        if re.fullmatch(_abroad(language), figures):
            figures = figures.translate(_EXCHANGED)
        at = figures.rfind(language.decimal)
        foreign = figures.rfind(".")
        behind = figures[foreign + 1 :]
        if at < 0 <= foreign and len(behind) != _GROUP and behind.isdecimal():
            whole, fraction, mark = figures[:foreign], behind, language.words["dot"]
        elif at >= 0:
            whole, fraction, mark = figures[:at], figures[at + 1 :], language.words["point"]
        else:
            whole, fraction, mark = figures, "", ""
        return whole.translate(self._grouping), mark, fraction

    def _fraction(self, fraction: str) -> str:
        if not self._language.whole_fractions or len(fraction) > 2:
            return " ".join(self.cardinal(int(digit)) for digit in fraction)
        zeros = len(fraction) - len(fraction.lstrip("0"))
        said = [self.cardinal(0)] * zeros
        if fraction[zeros:]:
            said.append(self.cardinal(int(fraction[zeros:])))
        return " ".join(said)


def _abroad(language: Language) -> str:
    """Return the pattern of numbers that can only be written the other way: "1,234.50"."""
    point, group = (",", r"\.") if language.decimal == "." else (r"\.", ",")
    return rf"\d{{1,3}}(?:{group}\d{{3}}){{1,4}}{point}\d{{1,2}}(?!\d)"


def _is_name(whole: str) -> bool:
    """Tell whether digits are a name rather than a number: 007."""
    return (whole.startswith("0") and len(whole) > 1) or len(whole) > MAX_DIGITS


@lru_cache(maxsize=8)
def _engine(code: str) -> "RbnfEngine":
    from unicode_rbnf import RbnfEngine  # 70 ms, not wanted at start

    return RbnfEngine.for_language(code)


@lru_cache(maxsize=4096)
def _spell(code: str, number: int, rules: tuple[str, ...]) -> str:
    engine = _engine(code)
    rule = next(rule for rule in rules if rule in engine.rulesets)
    words: str = engine.format_number(number, ruleset_names=[rule]).text
    return _STRESSED.get((code, words), words)
