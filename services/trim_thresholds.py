"""Which messages of a conversation are due to enter its summary."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from services.core.types import HistoryEntry


@dataclass(frozen=True, slots=True)
class Reached:
    """Name the last message that a summary holds, to find it again; `at` is when it was said.

    The messages of one turn share that, and those of commands have no id.
    """

    at: float
    role: str
    message_id: int

    @classmethod
    def by(cls, entry: HistoryEntry) -> "Reached":
        """Return the mark of an entry."""
        return cls(entry.at, entry.role, entry.message_ids[-1] if entry.message_ids else 0)


@dataclass(frozen=True, slots=True)
class TrimThresholds:
    """Tell by a window of whole messages when those that no summary holds have become too many.

    A pair is a question and its answer. The numbers are given as messages, each a pair's two.
    """

    window: int

    @property
    def trigger(self) -> float:
        """Return above how many messages they are trimmed: 150 % of (2 · pairs + 5)."""
        return 1.5 * self._safe

    @property
    def keep(self) -> int:
        """Return to how many they are trimmed, 120 % of the pairs: the window and a bit more."""
        return math.ceil(1.2 * self.window)

    @property
    def emergency(self) -> int:
        """Return how many are looked at for an answer, summary or not: 200 % of (2 · pairs + 5)."""
        return 2 * self._safe

    def surplus(self, unsummarised: int) -> int:
        """Return how many of the oldest messages are due to enter the summary."""
        return unsummarised - self.keep if unsummarised > self.trigger else 0

    @property
    def _safe(self) -> int:
        return self.window + 5


def count_after(entries: Sequence[HistoryEntry], reached: Reached | None) -> int:
    """Return how many of the newest entries come after what a summary reaches.

    Where the last message that it holds is gone, those that were said later count.
    """
    if reached is None:
        return len(entries)
    before: int | None = None
    for later, entry in enumerate(reversed(entries)):
        if entry.at <= reached.at:
            if entry.at == reached.at and Reached.by(entry) == reached:
                return later
            before = later if before is None else before
    return len(entries) if before is None else before
