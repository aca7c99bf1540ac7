"""Questions that are answered more than once, and that are several messages."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from services.core.types import HistoryEntry


def latest_answers(entries: Sequence[HistoryEntry], *, asked: int) -> list[HistoryEntry]:
    """Return what a model is to see of a history: of a question answered twice the last answer.

    `asked` is the id of the message being answered now: earlier answers to it are left out as well.
    The history itself keeps them all.
    """
    seen = {asked}
    kept: list[list[HistoryEntry]] = []
    for turn in reversed(_turns(entries)):
        question = _question_id(turn)
        if question in seen:
            continue
        if question is not None:
            seen.add(question)
        kept.append(turn)
    return list(chain.from_iterable(reversed(kept)))


def find_kept(entries: Sequence[HistoryEntry], message_id: int) -> HistoryEntry | None:
    """Return the newest entry of a message, a question with all the messages of its turn."""
    for turn in reversed(_turns(entries)):
        for entry in turn:
            if message_id in entry.message_ids:
                return _whole_question(turn) if entry.role == "user" else entry
    return None


def _turns(entries: Sequence[HistoryEntry]) -> list[list[HistoryEntry]]:
    """Return a history in turns: the messages of one question and what answers it."""
    turns: list[list[HistoryEntry]] = []
    for entry in entries:
        if turns and (entry.role != "user" or _is_continued(turns[-1][-1], entry)):
            turns[-1].append(entry)
        else:
            turns.append([entry])
    return turns


def _is_continued(before: HistoryEntry, entry: HistoryEntry) -> bool:
    same = (before.author_id, before.at) == (entry.author_id, entry.at)
    return before.role == "user" and same


def _question_id(turn: Sequence[HistoryEntry]) -> int | None:
    """Return the id of the last message of a turn's question, by which it is asked again."""
    asked = [entry for entry in turn if entry.role == "user"]
    return asked[-1].message_ids[-1] if asked and asked[-1].message_ids else None


def _whole_question(turn: Sequence[HistoryEntry]) -> HistoryEntry:
    asked = [entry for entry in turn if entry.role == "user"]
    return replace(
        asked[0],
        text="\n".join(entry.text for entry in asked),
        message_ids=tuple(chain.from_iterable(entry.message_ids for entry in asked)),
        about=tuple(chain.from_iterable(entry.about for entry in asked)),
    )
