"""What becomes of a line of history when a person or a message is forgotten or changed."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from services.core.protocols import Cipher
from services.core.types import HistoryEntry
from services.history.lines import LineChange
from services.history.record import decode, encode, is_sealed

FEW = 16
"""Ids that are sooner looked for in a line's bytes than its entry is read."""


def everything(_: bytes) -> bytes | None:
    """Keep no line."""
    return None


def without_author(author_id: int, cipher: Cipher | None) -> LineChange:
    """Drop what a person said or was answered, what repeats it, and what nobody can read."""

    def change(line: bytes) -> bytes | None:
        entry = _entry(line, cipher)
        if entry is None or author_id in (entry.author_id, *entry.about):
            return None
        return line

    return change


def without_messages(message_ids: frozenset[int], cipher: Cipher | None) -> LineChange:
    """Drop the entries that any of these messages belongs to, and those that repeat it."""

    def change(line: bytes) -> bytes | None:
        entry = _candidate(line, message_ids, cipher)
        if entry and not message_ids.isdisjoint((*entry.message_ids, *entry.about)):
            return None
        return line

    return change


def revision(message_id: int, text: str, cipher: Cipher | None) -> LineChange:
    """Give the entry of one message another text; an entry of several stays as it is.

    A question whose words repeat the message is dropped; an answer made from it stays.
    """

    def change(line: bytes) -> bytes | None:
        entry = _candidate(line, {message_id}, cipher)
        if entry is None or entry.role != "user":
            return line
        if message_id in entry.about:
            return None
        if entry.message_ids != (message_id,) or entry.text == text:
            return line
        return encode(replace(entry, text=text), cipher)

    return change


def of_author(
    lines: Iterable[bytes], author_id: int, cipher: Cipher | None
) -> Iterator[HistoryEntry]:
    """Yield the entries of one person among lines."""
    for line in lines:
        entry = _entry(line, cipher)
        if entry is not None and entry.author_id == author_id:
            yield entry


def is_of_guild(lines: Iterable[bytes], guild_id: int, cipher: Cipher | None) -> bool:
    """Tell whether any of the lines is known to have been said in a guild."""
    found = (_candidate(line, {guild_id}, cipher) for line in lines)
    return any(entry is not None and entry.guild_id == guild_id for entry in found)


def _candidate(line: bytes, ids: Collection[int], cipher: Cipher | None) -> HistoryEntry | None:
    """Return the entry of a line that may hold one of the ids; most plain lines don't."""
    if is_sealed(line) or len(ids) > FEW or any(str(each).encode() in line for each in ids):
        return _entry(line, cipher)
    return None


def _entry(line: bytes, cipher: Cipher | None) -> HistoryEntry | None:
    try:
        return decode(line, cipher)
    except ValueError:
        return None
