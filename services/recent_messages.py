from collections.abc import Sequence
from dataclasses import replace

from services.chatter import answer_in
from services.core.types import HistoryEntry

SHORT_WORDS, SHORT_CHARACTERS = 3, 12
"""A message of at most so many is short: said again later it may well mean something else."""


def tellable(history: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """Return what of a history says something to a model, oldest first.

    System entries, empty ones, small talk of the bot and notes below its answers are left out. Of
    a message that one speaker wrote several times only the newest is kept; an older question goes
    with its answer. A short one counts as written again only where the speaker said nothing else
    between.
    """
    kept: list[HistoryEntry] = []
    seen: set[tuple[str, int, str]] = set()
    last: dict[tuple[str, int], str] = {}
    for entry in reversed(history):
        text = _text(entry)
        if not text:
            continue
        speaker = (entry.role, entry.author_id)
        again = (*speaker, text) in seen or last.get(speaker) == text
        last[speaker] = text
        if again and not (entry.role == "assistant" and _is_short(text)):
            if entry.role == "user" and kept and kept[-1].role == "assistant":
                kept.pop()
            continue
        if not _is_short(text):
            seen.add((*speaker, text))
        kept.append(entry if text == entry.text else replace(entry, text=text))
    return kept[::-1]


def _text(entry: HistoryEntry) -> str:
    if entry.role == "system":
        return ""
    return answer_in(entry.text) if entry.role == "assistant" else entry.text.strip() and entry.text


def _is_short(text: str) -> bool:
    return len(text) <= SHORT_CHARACTERS or (
        len(text.split()) <= SHORT_WORDS and len(text) <= 3 * SHORT_CHARACTERS
    )
