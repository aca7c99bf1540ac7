import re
from collections.abc import Collection
from typing import Final

from services.tts.kokoro_files import letter_of

Blend = tuple[tuple[str, float], ...]
"""Voices and their shares, which add up to 1."""

MAX_PARTS: Final = 8

_PART: Final = re.compile(r"\s*([a-z0-9_]{1,64})\s*(?:\*\s*(\d{0,6}(?:\.\d{0,6})?))?\s*")

_FIRST: Final = {
    "a": "af_heart", "b": "bf_emma", "e": "ef_dora", "f": "ff_siwis", "h": "hf_alpha",
    "i": "if_sara", "j": "jf_alpha", "p": "pf_dora", "z": "zf_xiaobei",
}  # fmt: skip
"""The voice of each language that the model's page rates or lists first."""


def parse(name: str) -> Blend:
    """Read a voice ("af_heart") or a blend ("af_heart*0.6+af_sky*0.4", any weights above 0).

    Raises ValueError, in one sentence, for anything else.
    """
    parts = [_PART.fullmatch(part) for part in name.lower().split("+")]
    weights: dict[str, float] = {}
    for part in parts:
        weight = _weight(part[2]) if part else 0.0
        if part is None or weight <= 0:
            raise ValueError(f"{name[:80]!r} is no voice and no blend like af_heart*0.6+af_sky*0.4")
        weights[part[1]] = weights.get(part[1], 0.0) + weight
    if len(weights) > MAX_PARTS:
        raise ValueError(f"a blend has at most {MAX_PARTS} voices")
    total = sum(weights.values())
    return tuple((voice, weight / total) for voice, weight in weights.items())


def choose(wanted: str, *, default: str, language: str, known: Collection[str]) -> Blend:
    """Return the blend to speak with: the wanted one if all of it is known, else the next best.

    Where nothing (or nothing known) is wanted it is the default voice; in a language that is not
    the default's it is a voice of that language, if there is one.
    """
    own = _of_language(language, known)
    fits = own is None or any(_speaks(name, language) for name in _names(default))
    for name in (wanted, default if fits else "", own, default):
        blend = _known(name, known) if name else None
        if blend is not None:
            return blend
    return ((min(known), 1.0),)


def leading(blend: Blend) -> str:
    """Return the voice with the largest share; the blend is pronounced as it is."""
    return max(blend, key=lambda part: part[1])[0]


def unknown_parts(name: str, known: Collection[str]) -> list[str]:
    """Return the parts of a blend that are not there; all of a name that is no blend."""
    try:
        return [voice for voice, _ in parse(name) if voice not in known]
    except ValueError:
        return [name[:80]]


def needed(name: str, language: str) -> list[str]:
    """Return the voices that a blend needs, and one of the language if none of them is."""
    names = _names(name)
    letter = letter_of(language, name)
    if letter is None or any(_speaks(voice, language) for voice in names):
        return names
    return [*names, _FIRST[letter]]


def _weight(text: str | None) -> float:
    if text is None:
        return 1.0
    return float(text) if text.strip(".") else 0.0


def _names(name: str) -> list[str]:
    try:
        return [voice for voice, _ in parse(name)]
    except ValueError:
        return []


def _known(name: str, known: Collection[str]) -> Blend | None:
    return None if unknown_parts(name, known) else parse(name)


def _of_language(language: str, known: Collection[str]) -> str | None:
    first = _FIRST.get(letter_of(language) or "")
    if first in known:
        return first
    return min((voice for voice in known if _speaks(voice, language)), default=None)


def _speaks(voice: str, language: str) -> bool:
    return voice[:1] == letter_of(language, voice)
