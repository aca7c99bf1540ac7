# ruff: noqa: RUF001 - letters that look like others are the matter here
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 40
"""Characters of a name that are said."""

_UPRIGHT: Final = str.maketrans(
    "ɐqɔpǝɟƃɓɥᴉıɾʞlɯuodbɹsʇnʌʍxʎz∀ƎℲ⅁ſ˥ԀɹΛ⅄",
    "abcdefgghiijklmnopqrstuvwxyzAEFGJLPRVY",
)
_FLIPPED: Final = re.compile("[ɐɔǝɟƃɓɥᴉɾʞɯɹʇʌʍʎ∀ℲԀ⅄]")
_CLAN: Final = re.compile(r"^\s*[\[({<][^\])}>]{1,12}[\])}>]\s*|\s*[\[({<][^\])}>]*[\])}>]\s*$")
_ADDITION: Final = re.compile(r"\s+[|•·–—/~]\s.*$")
_FRAME: Final = re.compile(r"^(x{1,3})[\W_]*(?=[^\W_])(.{2,}?)[\W_]*\1$", re.IGNORECASE)
_TAIL: Final = re.compile(r"(?<=[^\W\d_]{2})[\W_]*\d{2,}$|(?<=[^\W\d_]{2})[\W_]+\d$")
_UNSAID: Final = re.compile(r"[^\w'’.-]+|_+")


def sayable(name: str) -> str:
    """Return a display name as people would call its owner; "" where it holds no word.

    Fancy letters become plain ones, and clan tags, frames ("xX_Ana_Xx"), pronouns, emoji and
    numbers behind the name are left out. A name of figures alone stays.
    """
    name = unicodedata.normalize("NFKC", _upright(name))
    for ornament in (_CLAN, _ADDITION):
        name = ornament.sub("", name).strip() or name
    name = _UNSAID.sub(" ", name).strip(" .-")
    if (framed := _FRAME.match(name)) and _has_frame(name, framed[1]):
        name = framed[2]
    name = _TAIL.sub("", name)
    words = " ".join(name.split())[:LONGEST].strip()
    return words if any(character.isalnum() for character in words) else ""


def sayable_names(names: Mapping[int, str]) -> dict[int, str]:
    """Return the names that can be said, by id."""
    return {identity: words for identity, name in names.items() if (words := sayable(name))}


def _upright(name: str) -> str:
    """Turn a name that was written upside down, last letter first."""
    return name.translate(_UPRIGHT)[::-1] if len(_FLIPPED.findall(name)) > 1 else name


def _has_frame(name: str, frame: str) -> bool:
    """Tell "xXAnaXx" and "x Ana x" from names like "Xerxex"."""
    mixed = len(frame) > 1 and frame not in (frame.lower(), frame.upper())
    return mixed or name[len(frame)] == " " or len(frame) > 2
