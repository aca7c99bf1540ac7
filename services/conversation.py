import asyncio
import logging
from collections.abc import Callable, Sequence, Set
from itertools import chain

from services.asked_again import latest_answers
from services.core.errors import BusyError, StorageError
from services.core.protocols import HistoryStore, TextChannel
from services.core.tasks import TaskOwner
from services.core.types import HistoryEntry, UserTurn
from services.reply import Reply
from services.turn_material import quoted_ids

log = logging.getLogger(__name__)

RUNNING = 3
"""Replies written at once in one channel."""

RESTARTS = 3
"""How often one answer is begun anew for what its author adds or changes."""

JOINED_MESSAGES = 10
JOINED_CHARACTERS = 8000
"""The most that a turn may grow to by further messages, as in MessageBatcher."""

WAITING_SIGN = "\N{HOURGLASS WITH FLOWING SAND}"
"""Stands on a message whose answer cannot begin yet."""

WAITING = 24
WAITING_OF_ONE = 8
"""Turns that may wait in one channel, and of one person among them; one more is refused."""


class Conversation:
    """Order the replies of one channel, which all see one shared history.

    Each author has one reply at a time and the channel three; further turns wait, in order, with a
    sign on their message. A reply whose text is done but whose speech goes on counts no more (what
    bounds those is the guild's line of speech), and the next ones already see it. What its author
    writes before anything of a reply was seen or heard joins its turn, which is then answered anew.
    `on_kept` is called after a turn has entered the history, `on_ended` after each reply. Turns for
    which `may_keep` is False are answered, but leave nothing.
    """

    def __init__(
        self,
        *,
        key: str,
        history: HistoryStore,
        tasks: TaskOwner,
        may_keep: Callable[[UserTurn], bool],
        on_kept: Callable[[str, UserTurn, Sequence[HistoryEntry]], None],
        on_ended: Callable[[Reply], None],
        on_idle: Callable[["Conversation"], None],
    ) -> None:
        self.key = key
        self._history = history
        self._tasks = tasks
        self._may_keep = may_keep
        self._on_kept = on_kept
        self._on_ended = on_ended
        self._on_idle = on_idle
        self._writing: list[Reply] = []
        self._speaking: list[Reply] = []
        self._waiting: list[Reply] = []
        self._disowned: set[Reply] = set()
        self._places: dict[Reply, str] = {}
        self._signs: dict[Reply, asyncio.Task[None]] = {}

    def admit(self, turn: UserTurn) -> None:
        """Raise BusyError when too many turns wait, or too many of the turn's author."""
        own = sum(reply.turn.author.id == turn.author.id for reply in self._waiting)
        if len(self._waiting) >= WAITING or own >= WAITING_OF_ONE:
            raise BusyError(f"{len(self._waiting)} turns wait in {self.key}, {own} of one person")

    def submit(self, reply: Reply, channel: TextChannel) -> None:
        """Begin an admitted reply, or let it wait."""
        self._places[reply] = channel.rate_key
        self._waiting.append(reply)
        self._tasks.start(_show_typing(reply, channel), name=f"typing {reply.turn.id}")
        self._begin_waiting()
        if reply in self._waiting and reply.turn.last.id:
            sign = _show_waiting(reply, channel)
            self._signs[reply] = self._tasks.start(sign, name=f"waiting {reply.turn.id}")

    def join(self, turn: UserTurn, channel: TextChannel) -> bool:
        """Add a turn to the one that its author is being answered; False when it cannot join."""
        own = [reply for reply in self._all() if reply.turn.author.id == turn.author.id]
        reply = own[0] if len(own) == 1 and own[0] in self._writing else None
        if reply is None or self._places[reply] != channel.rate_key:
            return False
        joined = reply.turn.joined_by(turn)
        if reply.is_perceived or reply.restarts >= RESTARTS or not _may_be_one(joined):
            return False
        return reply.revise(joined)

    def revise(self, message_id: int, text: str) -> None:
        """Answer a message by its new text; nothing is done once its answer is complete.

        Of a question whose words repeat the message nothing is kept.
        """
        for reply in self._asked_by({message_id}):
            turn = reply.turn.revised(message_id, text)
            if turn == reply.turn:
                continue
            if reply.restarts >= RESTARTS or not self._answer_anew(reply, turn):
                reply.turn = turn  # it is kept as it reads now
        self._disown(lambda turn: any(message_id in each.about for each in turn.messages))

    def withdraw(self, message_ids: Set[int]) -> None:
        """Answer deleted messages no more; an unfinished answer to nothing else is deleted.

        Of one about such a message nothing is kept.
        """
        self._disown(lambda turn: not message_ids.isdisjoint(_about(turn)))
        for reply in self._asked_by(message_ids):
            rest = reply.turn.without(message_ids)
            if rest is not None:
                if not self._answer_anew(reply, rest):
                    self._disowned.add(reply)  # it was made of them
                continue
            reply.withdraw()
            if reply in self._waiting:
                self._waiting.remove(reply)
                self._begin(reply)

    def text_done(self, reply: Reply) -> None:
        """Let the next turn begin while this reply is still spoken."""
        if reply.speaks and reply in self._writing:
            self._writing.remove(reply)
            self._speaking.append(reply)
            self._begin_waiting()

    async def context(self, turn: UserTurn, limit: int) -> list[HistoryEntry]:
        """Return what was said before a turn; of a question asked again, the last answer only."""
        return latest_answers(await self.load(limit), asked=turn.last.id)

    async def load(self, limit: int) -> list[HistoryEntry]:
        """Return the newest entries, those of replies still spoken included."""
        kept = await self._history.load(self.key, limit=limit)
        spoken = [reply for reply in self._speaking if self._is_to_keep(reply)]
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

    def is_writing(self, question_id: int) -> bool:
        """Tell whether the answer to a message is being written, or waits for that."""
        return any(not reply.is_written for reply in self._asked_by({question_id}))

    def is_speaking(self, question_id: int) -> bool:
        """Tell whether the answer to a message is written and still spoken."""
        return any(reply in self._speaking for reply in self._asked_by({question_id}))

    def disown(self, unwanted: Callable[[UserTurn], bool]) -> int:
        """Stop the replies to such turns and keep nothing of them; return how many."""
        self._disown(unwanted)
        return self.stop(unwanted)

    def _disown(self, unwanted: Callable[[UserTurn], bool]) -> None:
        self._disowned.update(reply for reply in self._all() if unwanted(reply.turn))

    def _all(self) -> list[Reply]:
        return [*self._speaking, *self._writing, *self._waiting]

    def _asked_by(self, message_ids: Set[int]) -> list[Reply]:
        asked = [(reply, {message.id for message in reply.turn.messages}) for reply in self._all()]
        return [reply for reply, ids in asked if ids & message_ids]

    def _answer_anew(self, reply: Reply, turn: UserTurn) -> bool:
        begun = reply.revise(turn)
        if begun and reply in self._speaking:
            self._speaking.remove(reply)
            self._writing.append(reply)
        return begun

    def _is_to_keep(self, reply: Reply) -> bool:
        return reply not in self._disowned and self._may_keep(reply.turn)

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
            self._on_ended(reply)
            self._disowned.discard(reply)
            del self._places[reply]
            self._leave(reply)
            self._begin_waiting()
            if reply in self._signs:  # at the end of the bot it is to go as well
                await asyncio.wait([self._signs[reply]])
                del self._signs[reply]
            if not (self._all() or self._signs):
                self._on_idle(self)

    def _leave(self, reply: Reply) -> None:
        for place in (self._writing, self._speaking):
            if reply in place:
                place.remove(reply)

    async def _keep(self, reply: Reply) -> None:
        entries = reply.entries()
        if not entries or not self._is_to_keep(reply):
            return
        try:
            await self._history.append(self.key, entries)
        except StorageError as error:
            log.error("A turn could not be kept: %s", error)
            return
        if self._is_to_keep(reply):  # nobody has it forgotten meanwhile
            self._on_kept(self.key, reply.turn, entries)


def _about(turn: UserTurn) -> set[int]:
    """Return the ids of the messages and people that a turn quotes or repeats."""
    return quoted_ids(turn).union(*(message.about for message in turn.messages))


def _may_be_one(turn: UserTurn) -> bool:
    """Tell whether messages may be one turn: all typed, and not too many."""
    typed = all(message.id for message in turn.messages)
    return typed and len(turn.messages) <= JOINED_MESSAGES and len(turn.text) <= JOINED_CHARACTERS


async def _show_waiting(reply: Reply, channel: TextChannel) -> None:
    """Keep the sign on a waiting message; where that is not allowed, typing alone is shown."""
    message_id = reply.turn.last.id
    try:
        await channel.mark(message_id, WAITING_SIGN)
        await reply.begun.wait()
        await channel.unmark(message_id, WAITING_SIGN)
    except (LookupError, OSError) as error:
        log.debug("A waiting message has no sign: %s", error)


async def _show_typing(reply: Reply, channel: TextChannel) -> None:
    async with channel.typing():
        await reply.visible.wait()
