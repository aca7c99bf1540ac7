from collections import OrderedDict
from typing import Final

from services.core.types import Author
from services.speech_phrases import phrases_for
from services.spoken_names import sayable

LONGEST: Final = 300
"""Characters of a message that are read."""

PAUSE: Final = 30.0
"""Seconds after which the name is said again although nobody else has written."""

MAX_GUILDS: Final = 1000
"""Guilds of which the last speaker is known; the one quiet for longest is forgotten."""


class ChatReading:
    """Put what people write into words to be read aloud, with their names where that helps."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, tuple[int, float]] = OrderedDict()

    def words(
        self, guild_id: int, author: Author, text: str, *, pictures: bool, language: str, now: float
    ) -> str:
        """Return what is said of a message, "" where there is nothing; `now` is in seconds.

        The author is named where somebody else was read before, or nobody for half a minute.
        """
        phrases = phrases_for(language)
        shown = "\n".join(part for part in (_cut(text), phrases.image * pictures) if part)
        if not shown:
            return ""
        known = self._last.pop(guild_id, None)
        self._last[guild_id] = (author.id, now)
        if len(self._last) > MAX_GUILDS:
            self._last.popitem(last=False)
        if known is not None and known[0] == author.id and now - known[1] < PAUSE:
            return shown
        name = sayable(author.name) or phrases.person
        return f"{phrases.says.format(name=name)}\n{shown}"


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    head = text[:LONGEST]
    return (head[: head.rfind(" ")] if " " in head[LONGEST // 2 :] else head).rstrip() + "…"
