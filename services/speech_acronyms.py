# ruff: noqa: RUF001  (the signs people write are this module's matter)
import re
from typing import Final

from services.abbreviations import ABBREVIATIONS
from services.abbreviations import Rule as Ending
from services.speech_language import Language, also_opening
from services.speech_rule import Rule, any_of, rule

_SAINT: Final = "St."
_READ: Final = 24  # characters looked at before and behind


class Acronyms:
    """Say abbreviations as the words they stand for, and spell acronyms that are no words."""

    def __init__(self, language: Language) -> None:
        self._language = language
        written = also_opening(language.abbreviations)
        self._dotted = {key.replace(" ", ""): said for key, said in written.items()}
        self._behind_dot = f" {language.words['dot']} "

    def rules(self) -> list[Rule]:
        """Return the rules."""
        language = self._language
        inner = [key for key in self._dotted if "." in key[:-1]]
        plain = [key for key in self._dotted if not key.endswith(".")]
        spaced = "|".join(
            re.escape(key).replace(r"\.", r"\.\s?").removesuffix(r"\s?") for key in inner
        )
        found = [
            rule(rf"(?<![\w.])(?:{spaced})(?!\w)", self._abbreviation, "."),
            rule(r"(?<![\w.])[^\W\d_]{1,8}\.(?![^\W_])", self._abbreviation, "."),
            rule(rf"(?<![\w./])({any_of(plain)})(?![\w/.]\w|\w)", self._word),
        ]
        if language.spelled:
            names = any_of(language.spelled)
            found.append(rule(rf"(?<![\w.])({names})(s?)(?![\w.])", self._spelled))
        return found

    def _abbreviation(self, match: re.Match[str]) -> str:
        written = "".join(match[0].split())
        said = self._dotted.get(written)
        if said is None or (written == _SAINT and not _is_saint(match)):
            return match[0]
        if match.string.endswith(self._behind_dot, 0, match.start()):
            return match[0]  # the end of an address
        return f"{said}." if written != _SAINT and _ends(match, written) else said

    def _word(self, match: re.Match[str]) -> str:
        return self._dotted[match[1]]

    def _spelled(self, match: re.Match[str]) -> str:
        return ".".join(match[1]) + "." + match[2]


def _is_saint(match: re.Match[str]) -> bool:
    """Tell "St. John" from "Main St."."""
    following = match.string[match.end() : match.end() + 2]
    before = match.string[max(0, match.start() - _READ) : match.start()].split()
    return (
        following[:1].isspace()
        and following[1:].isupper()
        and not (before and before[-1][0].isupper())
    )


def _ends(match: re.Match[str], written: str) -> bool:
    """Tell whether the abbreviation's full stop also ends its sentence."""
    rest = match.string[match.end() : match.end() + _READ].lstrip("\"'”’»)")
    if not rest.strip():
        return True
    if ABBREVIATIONS.get(written[:-1], Ending.NEVER) is Ending.NEVER:
        return False
    return rest[0].isspace() and rest.lstrip()[:1].isupper()
