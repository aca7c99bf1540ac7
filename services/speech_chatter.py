"""Laughter and faces that people write: said as laughter, or not at all."""

import re
from typing import Final

from services.speech_rule import Rule, rule

_LAUGHS: Final = r"(?:(?:lo+l)+|l+m+f?a+o+|r+o+fl(?:mao)?|lu+l|lel)"
_FRENCH: Final = r"(?:p?t?mdr+|ptdr+|lo+l)"
_HA: Final = "ha ha"


def chatter_rules(code: str) -> list[Rule]:
    """Return the rules of a language for what is written to laugh and to pull faces."""
    laughs = rf"(?i:{_FRENCH if code == 'fr' else _LAUGHS})"
    return [
        rule(rf"\A\W*{laughs}(?:\W+{laughs})*\W*\Z", _HA),
        rule(rf"\A{laughs}[\s,.!…-]+(?=\w)", ""),
        rule(rf"[\s,]+{laughs}(?=[\s.!?…]*\Z|[.!?…]+\s)", ""),
        rule(r"(?i)(?<![\w-])[ae]?(h[aeio]|j[ae])\1+[hj]?(?![\w-])", _twice),
        rule(r"\s?(?<!\S)(?:[TQ][ _][TQ]|[oO][ _.][oO]|(?i:[uo]w[uo]))(?=[\s.,!?]|\Z)", ""),
        rule(r"\s?[ಠಥ][\s_‿]{0,3}[ಠಥ]", "", "ಠಥ"),
        rule(r"\s?¯[\s\\_]{0,3}\(ツ\)[\s\\_]{0,3}/?¯", "", "¯"),
    ]


def _twice(laugh: re.Match[str]) -> str:
    return f"{laugh[1]} {laugh[1].lower()}"
