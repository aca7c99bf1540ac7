import logging
from collections.abc import Callable
from itertools import chain

from services.core.errors import BusyError, StorageError
from services.core.metrics import TurnStatistics
from services.core.protocols import HistoryStore, TextChannel
from services.core.tasks import TaskOwner
from services.core.types import HistoryEntry, UserTurn
from services.reply import Reply

log = logging.getLogger(__name__)

RUNNING = 3
"""Replies written at once in one channel."""

WAITING = 24
WAITING_OF_ONE = 8
"""Turns that may wait in one channel, and of one person among them; one more is refused."""


class Conversation:
    """Order the replies of one channel, which all see one shared history.

    Each author has one reply at a time and the channel three; further turns wait, in order. A reply
    whose text is done but whose speech goes on counts no more, and the next ones already see it.
    """

    def __init__(
        self,
        *,
        key: str,
        history: HistoryStore,
        statistics: TurnStatistics,
        tasks: TaskOwner,
        on_idle: Callable[["Conversation"], None],
    ) -> None:
        self.key = key
        self._history = history
        self._statistics = statistics
        self._tasks = tasks
        self._on_idle = on_idle
        self._writing: list[Reply] = []
        self._speaking: list[Reply] = []
        self._waiting: list[Reply] = []
        self._forgotten: set[Reply] = set()

    def admit(self, turn: UserTurn) -> None:
        """Raise BusyError when too many turns wait, or too many of the turn's author."""
        own = sum(reply.turn.author.id == turn.author.id for reply in self._waiting)
        if len(self._waiting) >= WAITING or own >= WAITING_OF_ONE:
            raise BusyError(f"{len(self._waiting)} turns wait in {self.key}, {own} of one person")

    def submit(self, reply: Reply, channel: TextChannel) -> None:
        """Begin an admitted reply, or let it wait."""
        self._waiting.append(reply)
        self._tasks.start(_show_typing(reply, channel), name=f"typing {reply.turn.id}")
        self._begin_waiting()

    def text_done(self, reply: Reply) -> None:
        """Let the next turn begin while this reply is still spoken."""
        if reply.speaks and reply in self._writing and len(self._speaking) < RUNNING:
            self._writing.remove(reply)
            self._speaking.append(reply)
            self._begin_waiting()

    async def load(self, limit: int) -> list[HistoryEntry]:
        """Return the newest entries, those of replies still spoken included."""
        kept = await self._history.load(self.key, limit=limit)
        spoken = [reply for reply in self._speaking if reply not in self._forgotten]
        kept += chain.from_iterable(reply.entries() for reply in spoken)
        return kept[-limit:] if limit else []

    def stop(self, wanted: Callable[[UserTurn], bool]) -> int:
        """Stop the replies to such turns, waiting ones too, and return how many."""
        replies = [reply for reply in self._all() if wanted(reply.turn)]
        for reply in replies:
            reply.stop()
            if reply in self._waiting:
                self._waiting.remove(reply)
                self._begin(reply)
        return len(replies)

    def forget(self) -> None:
        """Stop everything and keep none of it."""
        self._forgotten |= set(self._all())
        self.stop(lambda _: True)

    def _all(self) -> list[Reply]:
        return [*self._speaking, *self._writing, *self._waiting]

    def _begin_waiting(self) -> None:
        for reply in list(self._waiting):
            busy = {other.turn.author.id for other in self._writing}
            if len(self._writing) < RUNNING and reply.turn.author.id not in busy:
                self._waiting.remove(reply)
                self._begin(reply)

    def _begin(self, reply: Reply) -> None:
        self._writing.append(reply)
        self._tasks.start(self._serve(reply), name=f"reply {reply.turn.id}")

    async def _serve(self, reply: Reply) -> None:
        try:
            await reply.run()
            if reply in self._speaking:
                self._leave(reply)
            await self._keep(reply)
        finally:
            self._statistics.add(reply.metrics)
            self._forgotten.discard(reply)
            self._leave(reply)
            self._begin_waiting()
            if not self._all():
                self._on_idle(self)

    def _leave(self, reply: Reply) -> None:
        for place in (self._writing, self._speaking):
            if reply in place:
                place.remove(reply)

    async def _keep(self, reply: Reply) -> None:
        entries = reply.entries()
        if not entries or reply in self._forgotten:
            return
        try:
            await self._history.append(self.key, entries)
        except StorageError as error:
            log.error("A turn could not be kept: %s", error)


async def _show_typing(reply: Reply, channel: TextChannel) -> None:
    async with channel.typing():
        await reply.visible.wait()
