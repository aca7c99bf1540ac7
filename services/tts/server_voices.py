"""What a speech server says of its voices, and what its names may look like."""

import re
from typing import Any, Final

from services.core.types import VoiceOffer, VoiceOption

KNOWN_VOICES: Final = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
    *("sage", "shimmer", "verse"),
)
"""OpenAI's own voices, offered where a server does not list its own."""

MAX_VOICES: Final = 1000
"""Voices that are remembered of a server's list."""

LONGEST_NAME: Final = 100
"""Characters that Discord lets one choose; a longer name would also break a list of voices."""

_WEIGHT: Final = re.compile(r"\([\d.]*\)|\*[\d.]*")


class ServerVoices:
    """Hold the voices of a speech server: those that it lists, else the ones people know."""

    def __init__(self) -> None:
        self._listed: frozenset[str] = frozenset()
        self._refused: set[str] = set()  # at most MAX_VOICES

    def learn(self, answer: Any) -> None:
        """Take what a server answered at /audio/voices; what is not understood is ignored."""
        voices = answer.get("voices") if isinstance(answer, dict) else answer
        names = [_name(voice) for voice in voices] if isinstance(voices, list) else []
        self._listed = frozenset([name for name in names if name][:MAX_VOICES])

    def refuse(self, name: str) -> None:
        """Note that the server will not speak with a voice."""
        if len(self._refused) < MAX_VOICES:
            self._refused.add(name)

    def refused(self, name: str) -> bool:
        """Tell whether the server would not speak with a voice."""
        return name in self._refused

    def offer(self) -> VoiceOffer:
        """Return the voices to choose from."""
        names = sorted(self._listed) or KNOWN_VOICES
        return VoiceOffer(tuple(VoiceOption(name) for name in names))

    def accepts(self, name: str) -> bool:
        """Tell whether a name may make a voice; any may where the server lists none."""
        if not self._listed:
            return not self.refused(name)
        parts = (part.strip() for part in _WEIGHT.sub("", name).split("+"))
        return name in self._listed or all(part in self._listed for part in parts)


def _name(voice: Any) -> str:
    if isinstance(voice, dict):
        voice = voice.get("id") or voice.get("voice_id") or voice.get("name")
    return voice if isinstance(voice, str) and len(voice) <= LONGEST_NAME else ""
