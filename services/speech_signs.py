# ruff: noqa: RUF001  (the signs people write are this module's matter)
"""Signs of arithmetic, chat and typography."""

import re
from collections.abc import Callable
from typing import Final

from services.speech_language import Language, also_opening
from services.speech_numbers import NumberWords
from services.speech_rule import Rule, any_of, rule

_EMOTICON: Final = re.compile(
    r"\s?(?<!\S)(?:>?[:;=][-o^']?[()\[\]DPpOo3/\\|*]+|[xX]D+|</?3+|\^\^|¯\\?_?\(ツ\)_?/?¯)"
    r"(?=[\s.,!?]|\Z)"
)
_ALONE: Final = re.compile(
    r"(?:(?<![^\s(,])(?=[<>]=?[-−+$€£\d])|(?<![^(])|(?<=[:,;]\s))([<>]=?)\s?(?=[-−+]?[$€£]?\d)"
)
"""A comparison with nothing before it: "takes <5 min", "(> 90 %)"."""
_NEAR: Final = 60
_STEP: Final = re.compile(
    r"\s>\s[^>\n]{2,}\s>\s|\b(?:Settings|File|Edit|View|Tools|Menu|Preferences|Options|Start|"
    r"Einstellungen|Datei|Fichier|Paramètres|Archivo|Ajustes|Impostazioni|Arquivo|Configurações|"
    r"Bestand|Instellingen)\s>\s"
)
"""What is near a step through menus: another one, or the name of a menu."""
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUBSCRIPT: Final = "₀₁₂₃₄₅₆₇₈₉"
_BETWEEN: Final = {
    "+": "plus", "=": "equals", "==": "equals", "<": "less", ">": "more", "<=": "at most",
    ">=": "at least", "!=": "unequal", "≤": "at most", "≥": "at least", "≠": "unequal",
    "≈": "about", "÷": "divided", "*": "times", "×": "times", "±": "plus or minus",
    "−": "minus",
}  # fmt: skip
_NAMED: Final = {
    "√": "root", "∞": "infinity", "±": "plus or minus", "≈": "about", "≤": "at most",
    "≥": "at least", "§": "section", "%": "percent",
}  # fmt: skip
_WORD: Final = 4
"""Letters behind which a raised figure is a footnote's and not a power: "word²", but "mc²"."""
_COMPARISONS: Final = frozenset(("less", "more", "at most", "at least", "unequal", "about"))


class Signs:
    """Say signs by their names, and drop those that people don't say."""

    def __init__(self, language: Language, numbers: NumberWords) -> None:
        self._language, self._numbers = language, numbers
        self._words = language.words

    def early_rules(self) -> list[Rule]:
        """Return the rules that need to see figures before they become words."""
        words = self._words
        before = also_opening(self._language.before_numbers)
        return [
            rule(_EMOTICON, "", ":;=xX<^¯"),
            rule(r"(?<=[^\s\[])\[\^?\d{1,3}\](?!\()", "", "["),
            rule(r"\s?【[^【】]{0,80}†[^【】]{0,80}】", "", "†"),
            rule(r"\${2,}", " ", "$"),
            rule(r"\^\{?°\}?", "°", "^"),
            rule(r"√\{([^{}]{1,60})\}", r"√\1", "√"),
            rule(r"\{([^{}]{1,60})\}\{([^{}]{1,60})\}", r"\1/\2", "{"),
            rule(r"\$(\d[^$\n]{0,99}?[=^][^$\n]{0,99}?)\$(?!\w)", r"\1", "$"),
            rule(r"\$(?=[^\s$\d])([^$\n]{1,200}?)(?<=\S)\$(?!\w)", r"\1", "$"),
            rule(rf"(?<![\w.])({any_of(before)})\s?(?=\d)", lambda m: f"{before[m[1]]} "),
            rule(r"(?<![\w&])#\s?(?=\d)", f"{words['number']} ", "#"),
            rule(r"(?<=\d)\s-\s(?=\d)", self._spaced_dash, "-"),
            rule(r"(?<=\d%)-(?=\d)", "–", "%"),
            rule(r"\b(UTC|GMT)\s?([-−+])\s?0?(\d{1,2})(?::00)?(?!:?\d)", self._offset, "-−+"),
            rule(r"\A~\s(?=[^\W\d])", "", "~"),
            rule(r"(?<=\d)\s?\u2212\s?(?=\d)", f" {words['minus']} ", "\u2212"),
            rule(r"(?<=[\d)])\s?[*·⋅]\s?(?=[\d(])", f" {words['times']} ", "*·⋅"),
            rule(r"(?<=\d)\s/\s(?=\d)", self._spaced_slash, "/"),
            rule(r"(?<=°[CF])\s?/\s?(?=[-−]?\d)|(?<=[^\W\d_])\s/\s(?=\d)", ", ", "/"),
            rule(_ALONE, self._alone, "<>"),
            rule(r"(?<![\w.,])(\d{1,9})x(?=\s?[-−+*/=^²³<>≤≥)])", r"\1 x", "x"),
            rule(r"(?<=[=+*/])(\s?\d{1,9})x(?!\w)", r"\1 x", "x"),
        ]

    def rules(self) -> list[Rule]:
        """Return the rules for the signs that are left."""
        words, units = self._words, self._language.units
        between = any_of(_BETWEEN)
        return [
            rule(r"\s?(?:<-{1,3}>?|(?<![-=])[-=]{1,3}>|[→⇒⟶←])\s?", ", ", "-=→⇒⟶←"),
            rule(r"(?<=\w[^\W\d])\s>\s(?=[^\W\d]\w)", _step, ">"),
            rule(r"(?<=[^\W\d])<(?=\w{1,30}(?:(?:,\s?|<)\w{1,30}){0,4}>)", " ", "<"),
            rule(r"\bC\+\+", f"C {words['plus']} {words['plus']}", "+"),
            rule(r"\b([CF])#(?!\w)", rf"\1 {words['sharp']}", "#"),
            rule(r"(?<=[\w)])([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", self._power, "⁰¹²³⁴⁵⁶⁷⁸⁹"),
            rule(r"(?<=[.,;:!?\"”'’])[⁰¹²³⁴⁵⁶⁷⁸⁹]+", "", "⁰¹²³⁴⁵⁶⁷⁸⁹"),
            rule(r"(?<=[\w)])\^\{?(-?\w{1,9})\}?", self._power, "^"),
            rule(f"[{_SUBSCRIPT}]", lambda match: match[0].translate(_SUBSCRIPTS), _SUBSCRIPT),
            rule(
                rf"(?<=[\w)%])(\s?)({between})(\s?)(?=[\w(−√-])",
                self._between,
                "+=<>≤≥≠≈÷*×±−",
            ),
            rule(r"(?<=[\w.%°)])–(?=\w)", f" {words['to']} ", "–"),
            rule(r"(?<=\d)\+(?!\w)", f" {words['plus']}", "+"),
            *(self._named(sign, name) for sign, name in _NAMED.items()),
            rule(r"(?<![\w~])~\s?(?=\w)", f"{words['about']} ", "~"),
            rule(r"(?<=\w)\s?&\s?(?=\w)", f" {words['and']} ", "&"),
            rule(r"(?<!\S)@(?=\w)", "", "@"),
            rule(r"\s@\s", f" {words['at']} ", "@"),
            rule(r"(?<![\w&#])#(?=[^\W\d_])", f"{words['hashtag']} ", "#"),
            rule(rf"(?<![\w/])({any_of(units)})/({any_of(units)})(?![\w/])", self._rate, "/"),
            rule(r"(?<=[^\W\d_])/(?=[^\W\d_]\w)", " ", "/"),
            rule(r"(?<!\w)\$(?=[^\W\d])", "", "$"),
            rule(rf"\s?({any_of(self._coins())})(?!\w)", self._money, "".join(self._coins())),
        ]  # fmt: skip

    def _coins(self) -> list[str]:
        return [sign for sign in self._language.currencies if len(sign) == 1]

    def _named(self, sign: str, name: str) -> Rule:
        words = f" {self._words[name]} "
        signs = "§+" if sign == "§" else re.escape(sign)
        return rule(rf"(\A|\s)?{signs}\s?(\Z|(?=[^\w\s]))?", _spaced(words), sign)

    def _spaced_dash(self, match: re.Match[str]) -> str:
        return f" {self._words['minus' if '=' in match.string else 'to']} "

    def _spaced_slash(self, match: re.Match[str]) -> str:
        return f" {self._words['divided']} " if "=" in match.string else "/"

    def _offset(self, match: re.Match[str]) -> str:
        sign = self._words["plus" if match[2] == "+" else "minus"]
        return f"{match[1]} {sign} {match[3]}"

    def _alone(self, match: re.Match[str]) -> str:
        return f"{self._words[_BETWEEN[match[1]]]} "

    def _power(self, match: re.Match[str]) -> str:
        power = match[1].translate(_SUPERSCRIPTS)
        before = match.string[max(0, match.start() - _WORD) : match.start()]
        if match[1] != power and len(before) == _WORD and before.isalpha():
            return ""  # a footnote's mark behind a word
        names = {"2": "squared", "3": "cubed"}
        if power in names:
            return f" {self._words[names[power]]}"
        said = self._numbers.read(power) if power.lstrip("-").isdecimal() else power
        return f" {self._words['power']} {said}"

    def _between(self, match: re.Match[str]) -> str:
        if match[2] in "<>*" and bool(match[1]) != bool(match[3]):
            return match[0]
        before = match.string[max(0, match.start() - 2) : match.start()]
        letter = len(before) < 2 or not (before[0].isalnum() or before[0] in "'’")
        name = _BETWEEN[match[2]]
        if match[2] == "*" and not (letter or before[1].isdigit()):
            return match[0]
        is_it = name in _COMPARISONS and (letter or before[-1].isdigit())
        compared = f"{self._words['is']} " if is_it else ""
        return f" {compared}{self._words[name]} "

    def _rate(self, match: re.Match[str]) -> str:
        language = self._language
        noun, per = language.units[match[1]], language.units[match[2]]
        if len(match[1]) < 2 and len(match[2]) < 2 and match[0] != "m/s":
            return match[0]
        each = language.per.get(match[2], f"{self._words['per']} {per.one}")
        return f"{noun.many} {each}"

    def _money(self, match: re.Match[str]) -> str:
        return f" {self._language.currencies[match[1]].unit.many}"


def _step(match: re.Match[str]) -> str:
    """Tell a way through menus, "File > Save", from a comparison: its steps have capitals."""
    start, end = match.span()
    text = match.string[max(0, start - _NEAR) : end + _NEAR]
    steps = _STEP.search(text) and match.string[end].isupper()
    return ", " if steps else match[0]


def _spaced(words: str) -> Callable[[re.Match[str]], str]:
    def say(match: re.Match[str]) -> str:
        start, end = match.start() == 0, match.end() == len(match.string) or match[2] is not None
        said = words.lstrip() if start else words
        return said.rstrip() if end else said

    return say
