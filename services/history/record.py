"""One history entry as one line of JSON, and its conversation as one file name."""

import hashlib
import json
from typing import get_args
from urllib.parse import quote, unquote

from services.core.protocols import Cipher
from services.core.types import HistoryEntry, Role

SUFFIX = ".jsonl"

_ROLES = frozenset(get_args(Role))
_LONGEST_NAME = 100


def encode(entry: HistoryEntry, cipher: Cipher | None = None) -> bytes:
    """Return an entry as a line, line break included; sealed where there is a cipher."""
    fields = {
        "role": entry.role,
        "text": entry.text,
        "at": entry.at,
        "author_id": entry.author_id,
        "author": entry.author,
        "message_ids": entry.message_ids,
    }
    fields |= {"about": entry.about} if entry.about else {}
    fields |= {"guild_id": entry.guild_id} if entry.guild_id else {}
    line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    data = line.encode("utf-8", "replace")
    return (cipher.seal(data) if cipher else data) + b"\n"


def is_sealed(line: bytes) -> bool:
    """Tell whether a line may be encrypted, and so is nobody's words without its key."""
    return line[:1] not in (b"{", b"")


def decode(line: bytes, cipher: Cipher | None = None) -> HistoryEntry:
    """Return the entry of a line. Raises ValueError for anything `encode` did not write."""
    if cipher is not None and is_sealed(line):
        line = cipher.open(line)
    try:
        fields = json.loads(line)
        entry = HistoryEntry(
            role=fields["role"],
            text=fields["text"],
            at=fields["at"],
            author_id=fields["author_id"],
            author=fields["author"],
            message_ids=tuple(fields["message_ids"]),
            about=tuple(fields.get("about", ())),
            guild_id=fields.get("guild_id", 0),
        )
        known = entry.role in _ROLES
    except (KeyError, RecursionError, TypeError) as error:
        raise ValueError("not a history entry") from error
    texts = isinstance(entry.text, str) and isinstance(entry.author, str)
    ids = isinstance(entry.author_id, int) and isinstance(entry.guild_id, int)
    numbers = isinstance(entry.at, int | float) and ids
    if not (known and texts and numbers):
        raise ValueError("not a history entry")
    return entry


def file_name(conversation: str) -> str:
    """Return a file name of its own, free of path characters, for any conversation's key."""
    name = quote(conversation, safe="").replace(".", "%2E")
    if len(name) > _LONGEST_NAME:
        digest = hashlib.sha256(conversation.encode("utf-8", "replace")).hexdigest()
        name = f"{name[:_LONGEST_NAME]}~{digest[:32]}"
    return (name or "%") + SUFFIX


def conversation_of(name: str) -> str:
    """Return the key of a conversation by the name of one of its files, archived ones too."""
    return unquote(name.partition(".")[0])
