import difflib
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from services.core.errors import BotError
from services.core.protocols import SpeechEngine
from services.core.types import VoiceOption

LONGEST: Final = 1900
"""Characters of a list; a Discord message holds 2000."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")


class VoiceCatalogue:
    """Know which voices and languages can be chosen; `engines` are the best first.

    Voices are the first engine's: the others stand in for it with voices of their own. Languages
    are all those that any engine speaks. Everything answers from memory.
    """

    def __init__(self, engines: Sequence[SpeechEngine]) -> None:
        self._engines = engines

    def suggest_voices(self, typed: str, *, limit: int) -> list[VoiceOption]:
        """Return voices whose name, label or language begins with or holds what was typed."""
        offer = self._engines[0].offer()
        name, plus, variant = typed.lower().strip().partition("+")
        if plus and offer.variants:
            found = [each for each in offer.variants if each.startswith(variant)]
            return [VoiceOption(f"{name}+{each}") for each in found[:limit]]
        return _matching(offer.voices, name, limit=limit)

    def suggest_languages(self, typed: str, *, limit: int) -> list[VoiceOption]:
        """Return languages whose tag or name begins with or holds what was typed."""
        return _matching(self._languages(), typed.lower().strip(), limit=limit)

    def voice(self, name: str) -> VoiceOption:
        """Return the voice of a name. Raises BotError, naming near ones, where there is none."""
        name = name.strip()
        voices = self._engines[0].offer().voices
        exact = [voice for voice in voices if voice.name.lower() == name.lower()]
        if exact:
            return exact[0]
        if self._engines[0].accepts(name):
            stem = name.lower().partition("+")[0].partition("*")[0]
            same = [voice.language for voice in voices if voice.name.lower() == stem]
            return VoiceOption(name, language=next(iter(same), ""))
        raise BotError(user_message=_unknown("voice", name, voices))

    def language(self, tag: str) -> str:
        """Return a language's tag. Raises BotError, naming near ones, for an unknown one."""
        wanted = tag.strip().lower().replace("_", "-")
        known = self._languages()
        for language in known:
            if wanted in _keys(language):
                return language.name
        if not known and _LANGUAGE.fullmatch(wanted):
            return wanted
        raise BotError(user_message=_unknown("language", wanted, known))

    def listing(self, language: str) -> str:
        """Return the voices grouped by language, those of one where it is given, as one message."""
        offer = self._engines[0].offer()
        named = (each.name for each in self._languages() if language.lower() in _keys(each))
        tag = next(named, language)
        wanted = [voice for voice in offer.voices if _speaks(voice, tag)]
        if not wanted:
            return "I have no voice for that language. Leave it out to see them all."
        hint = "\nEach of them with another speaker: add one, as in "
        hint += ", ".join(f"`{wanted[0].name}+{each}`" for each in _sample(offer.variants)) + "."
        return _fitted(wanted, LONGEST - len(hint)) + hint * bool(offer.variants)

    def _languages(self) -> list[VoiceOption]:
        found: dict[str, VoiceOption] = {}
        for engine in self._engines:
            for voice in engine.offer().voices:
                if voice.language:
                    label = voice.label if voice.name == voice.language else ""
                    known = found.get(voice.language)
                    if known is None or (label and not known.label):
                        found[voice.language] = VoiceOption(voice.language, voice.language, label)
        return sorted(found.values(), key=lambda language: language.name)


def _speaks(voice: VoiceOption, language: str) -> bool:
    base = language.lower().partition("-")[0]
    return not base or voice.language.partition("-")[0].lower() == base


def _matching(options: Iterable[VoiceOption], typed: str, *, limit: int) -> list[VoiceOption]:
    """Return the options that match, those that begin with what was typed first."""
    ranked = []
    for option in options:
        name, label = option.name.lower(), option.label.lower()
        if name.startswith(typed):
            ranked.append((0, option))
        elif label.startswith(typed) or typed in name or typed in label:
            ranked.append((1, option))
    ranked.sort(key=lambda found: found[0])
    return [option for _, option in ranked[:limit]]


def _keys(option: VoiceOption) -> set[str]:
    """Return what people may call a voice or language: its name, "French (France)", "French"."""
    label = option.label.lower()
    return {option.name.lower(), label, label.partition(" (")[0]} - {""}


def _unknown(what: str, name: str, options: Sequence[VoiceOption]) -> str:
    names = {key: option.name for option in reversed(options) for key in _keys(option)}
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    shown = "".join(
        character for character in name[:40] if character.isprintable() and character not in "`"
    )
    hint = " or ".join(dict.fromkeys(f"`{names[key]}`" for key in near))
    more = f"Did you mean {hint}?" if hint else "`/voice list` shows them."
    return f"I have no {what} `{shown}`. {more}"


def _sample(variants: Sequence[str]) -> list[str]:
    return [each for each in ("f3", "m3", "whisper") if each in variants] or list(variants[:3])


def _fitted(voices: Sequence[VoiceOption], room: int) -> str:
    """Return as many lines, one a language, as there is room for."""
    key = _language_key
    lines: list[str] = []
    left = len(voices)
    for language, group in groupby(sorted(voices, key=key), key=key):
        names = [f"`{voice.name}`" for voice in group]
        line = (f"**{language}**: " if language else "") + ", ".join(names)
        more = f"\nand {left} more; name a language to see them"
        if len("\n".join([*lines, line])) > room - len(more):
            return "\n".join(lines) + more if lines else _cut(line, room)
        lines.append(line)
        left -= len(names)
    return "\n".join(lines)


def _language_key(voice: VoiceOption) -> str:
    return voice.language.partition("-")[0]


def _cut(line: str, room: int) -> str:
    return line[: line.rindex(", ", 0, room)] + " …"
