from collections.abc import Sequence

from services.core.types import Background, HistoryEntry, UserTurn


class Mind:
    """Recall what is known before a turn, and learn from it afterwards.

    `recall` never fails: what cannot be read is left out. `learn` never waits: what it takes in is
    worked on after the reply.
    """

    async def recall(self, turn: UserTurn) -> Background:
        """Return what is known that this turn's place may know."""
        return Background()

    def learn(self, key: str, turn: UserTurn, entries: Sequence[HistoryEntry]) -> None:
        """Take in a turn that the conversation `key` has kept as `entries`."""
