"""What a turn brings beside its text, as the model reads it and as the history keeps it."""

import re
from collections.abc import Set
from dataclasses import dataclass

from services.chatter import answer_in
from services.core.types import IncomingMessage, Quote, TextFile, UserTurn
from services.text_files import MAX_BYTES

LONGEST_QUOTE = 1000
"""Characters of a quoted message that a model is shown."""

POINTER_WORDS = 5
"""Words by which a model finds a message again that it is shown anyway."""

KEPT_CHARACTERS = 2000
"""Characters of a turn's files that the history keeps, all together."""

FORWARDED = "(a forwarded message)"
"""Kept of a turn that is nothing else."""

_BACKTICKS = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Material:
    """Hold a stretch of text between lines that say what it is; `name` is its file's.

    `whole` is False where the text is only a file's beginning.
    """

    text: str
    name: str
    title: str
    opening: str = ""
    tail: str = ""
    prefix: str = ""
    whole: bool = True

    def shown(self, text: str) -> str:
        """Return the material with its text or only a part of it, and saying so."""
        body = "\n".join(self.prefix + line for line in text.splitlines())
        cut = " (only its beginning)" if text != self.text or not self.whole else ""
        head = self.title + cut + self.opening
        return "\n".join(part for part in (head, body, self.tail) if part)


def material_of(turn: UserTurn, *, known: Set[int]) -> list[Material]:
    """Return what the turn quotes and its files, in order; `known` messages are only pointed at."""
    found: list[Material] = []
    for message in turn.messages:
        if message.quote is not None and message.quote.text is not None:
            found += _quotation(message.quote, known)
        found += [_file(file) for file in message.files]
    return found


def quoted_ids(turn: UserTurn) -> set[int]:
    """Return the ids of the messages that a turn replies to."""
    return {message.quote.message_id for message in turn.messages if message.quote}


def for_history(turn: UserTurn) -> list[tuple[IncomingMessage, str]]:
    """Return what the history keeps of each message: its files, cut, and its text; no quotations.

    Messages of which nothing is kept are left out, but for the last of a turn without any other.
    """
    files = sum(bool(file.text) for message in turn.messages for file in message.files)
    room = KEPT_CHARACTERS // max(files, 1)
    kept = [(message, _kept(message, room)) for message in turn.messages]
    return [each for each in kept if each[1]] or [(turn.last, FORWARDED)]


def asked_about(quote: Quote, question: str) -> str:
    """Return a question below the whole message that it is about.

    Unlike a quotation it is part of what was asked, and kept: the question means nothing without.
    """
    author = " ".join(quote.author.split())
    text = quote.text or ""
    matter = Material(text, "", f"[About this, which {author} wrote", ":]", prefix="> ")
    return f"{matter.shown(text)}\n{question}"


def _kept(message: IncomingMessage, room: int) -> str:
    """Return a message with the first `room` characters of each of its files above it."""
    blocks = [_file(file).shown(file.text[:room]) for file in message.files if file.text]
    return "\n\n".join(part for part in (*blocks, message.kept_text) if part.strip())


def _quotation(quote: Quote, known: Set[int]) -> list[Material]:
    """Return a quotation; of the bot what it answered, nothing where that was small talk."""
    text = (quote.text or "").strip()
    if text and quote.author == "you":
        text = answer_in(text)
        return [_quoted(quote, text, known)] if text else []
    return [_quoted(quote, text, known)]


def _quoted(quote: Quote, text: str, known: Set[int]) -> Material:
    author = " ".join(quote.author.split())
    if not text:
        whose = f" of {author}" if author else ""
        return Material("", "", f"[In reply to a message{whose} that you can't read]")
    if quote.message_id and quote.message_id in known:
        words = text.split()
        begin = " ".join(words[: min(POINTER_WORDS, len(words) // 2)])
        hint = f", beginning “{begin}…”" if begin else ""
        return Material("", "", f"[In reply to what {author} wrote above{hint}]")
    origin = f"In reply to this, which {author} wrote" if author else "Forwarded from elsewhere"
    return Material(text[:LONGEST_QUOTE], "", f"[{origin}", ":]", prefix="> ")


def _file(file: TextFile) -> Material:
    name = " ".join(file.name.replace("`", "'").split())[:100]
    if file.problem or not file.text:
        return Material("", name, f"[File {name}: {file.problem or 'empty'}]")
    fence = max(_BACKTICKS.findall(file.text), key=len, default="``") + "`"
    suffix = name.rpartition(".")[2] if "." in name else ""
    opening = f":\n{fence}{suffix if suffix.isalnum() else ''}"
    whole = file.size <= MAX_BYTES
    return Material(file.text, name, f"File {name}", opening, tail=fence, whole=whole)
