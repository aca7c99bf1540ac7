from collections.abc import Sequence
from typing import Protocol

from services.core.types import Background, HistoryEntry, UserTurn


class Summaries(Protocol):
    """Hold what went before, in short; ConversationSummarizer does."""

    async def recall(self, key: str, entries: Sequence[HistoryEntry]) -> Background:
        """Return the summary of a conversation of which `entries` are the newest."""
        ...

    def learn(self, key: str) -> None:
        """Take in that a conversation has grown; never waits."""
        ...

    async def forget_conversation(self, key: str) -> bool:
        """Forget a conversation; return whether anything was known of it. Raises StorageError."""
        ...

    async def forget_author(self, author_id: int) -> int:
        """Forget all that a person's words are in; return how many. Raises StorageError."""
        ...


class Mind:
    """Recall what is known before a turn, and learn from it afterwards.

    `recall` never fails: what cannot be read is left out. `learn` never waits: what it takes in is
    worked on after the reply. A part that is None knows nothing.
    """

    def __init__(self, *, summaries: Summaries | None) -> None:
        self._summaries = summaries

    async def recall(self, key: str, turn: UserTurn, entries: Sequence[HistoryEntry]) -> Background:
        """Return what this turn's place may know; `entries` are its conversation's newest."""
        if self._summaries is None:
            return Background()
        return await self._summaries.recall(key, entries)

    def learn(self, key: str, turn: UserTurn, entries: Sequence[HistoryEntry]) -> None:
        """Take in a turn that the conversation `key` has kept as `entries`."""
        if self._summaries is not None:
            self._summaries.learn(key)

    async def forget_conversation(self, key: str) -> None:
        """Forget what was learned from a conversation alone. Raises StorageError."""
        if self._summaries is not None:
            await self._summaries.forget_conversation(key)

    async def forget_author(self, author_id: int) -> int:
        """Forget what a person's words are in; return how many summaries. Raises StorageError."""
        return await self._summaries.forget_author(author_id) if self._summaries else 0
