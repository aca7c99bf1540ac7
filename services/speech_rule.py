# ruff: noqa: RUF001  (the signs people write are this module's matter)
import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

START: Final = r"(?<![\w.,:/])"
END: Final = r"(?!\w|[.,:/]\d|:\w)"
"""Around figures: nothing that would make them a part of something else."""

SIGN: Final = r"(?:[-−+±](?=[\d.]))?"
RANGE: Final = r"\s?[-–—]\s?"


class Rule(NamedTuple):
    """Replace what a pattern finds; only tried on a text that has one of the `marks`, if any."""

    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str] | str
    marks: frozenset[str]


def rule(
    pattern: str | re.Pattern[str], say: Callable[[re.Match[str]], str] | str, marks: str = ""
) -> Rule:
    """Return the rule of a pattern; `say` as for re.sub."""
    return Rule(re.compile(pattern), say, frozenset(marks))


def apply(rules: Iterable[Rule], text: str) -> str:
    """Return a text with every rule applied, one after the other."""
    signs = set(text)
    for pattern, say, marks in rules:
        if not marks or not marks.isdisjoint(signs):
            text = pattern.sub(say, text)
    return text


def any_of(words: Iterable[str]) -> str:
    """Return the pattern of any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
