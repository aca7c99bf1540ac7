from collections.abc import Sequence

from services.core.types import HistoryEntry


def latest_answers(entries: Sequence[HistoryEntry], *, asked: int) -> list[HistoryEntry]:
    """Return what a model is to see of a history: of a question answered twice the last answer.

    `asked` is the id of the message being answered now: earlier answers to it are left out as well.
    The history itself keeps them all.
    """
    seen = {asked}
    kept: list[HistoryEntry] = []
    for entry in reversed(entries):
        question = entry.message_ids[-1] if entry.role == "user" and entry.message_ids else None
        if question in seen:
            if kept and kept[-1].role == "assistant":
                kept.pop()
            continue
        if question is not None:
            seen.add(question)
        kept.append(entry)
    return kept[::-1]
