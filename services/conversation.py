import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import chain

from services.channel_pacer import ChannelPacers
from services.core.errors import BusyError, StorageError
from services.core.metrics import TurnMetrics, TurnStatistics
from services.core.protocols import LLM, HistoryStore, Speech, TextChannel
from services.core.tasks import TaskOwner
from services.core.types import ChatContext, HistoryEntry, UserTurn
from services.live_message import LiveMessage
from services.prompt_channel import PromptChannel
from services.reply import Reply, ReplyOutput
from services.typing_pacer import TypingPacer

log = logging.getLogger(__name__)

RUNNING = 3
"""Replies written at once in one channel."""

WAITING = 8
"""Turns that may wait in one channel; one more is refused in words."""

CLOSED = "I'm restarting. Please ask again in a moment."


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

    def admit(self) -> None:
        """Raise BusyError when too many turns wait."""
        if len(self._waiting) >= WAITING:
            raise BusyError(f"{WAITING} turns wait in {self.key}")

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


class Conversations:
    """Answer turns, each in its channel's conversation; the way into the bot's core.

    `submit` returns at once; the answer appears in the channel. A conversation exists while it has
    replies: at most `max_active` of them, one more turn is refused in words. Its history has the
    key "channel-<id>".

    `build_context` is QueryOptimizer.build; `open_speech(turn, metrics)` is asked for turns that
    want to be spoken and may return None; neither raises nor waits. `typing_pacer` is used for
    answers neither streamed nor spoken. `explain` makes a sentence of an error nobody expected.
    `aclose` stops what runs, marks it as stopped and returns within `end_within` seconds.
    """

    def __init__(
        self,
        *,
        llm: LLM,
        build_context: Callable[[UserTurn, Sequence[HistoryEntry]], ChatContext],
        history: HistoryStore,
        history_limit: int,
        statistics: TurnStatistics,
        pacers: ChannelPacers,
        open_speech: Callable[[UserTurn, TurnMetrics], Speech | None],
        explain: Callable[[BaseException], str],
        streaming: bool,
        interval: float,
        typing_pacer: TypingPacer | None,
        max_characters: int = 16_000,
        max_active: int = 1000,
        end_within: float = 4.0,
    ) -> None:
        self._llm = llm
        self._build_context = build_context
        self._history = history
        self._history_limit = history_limit
        self._statistics = statistics
        self._pacers = pacers
        self._open_speech = open_speech
        self._explain = explain
        self._streaming = streaming
        self._interval = interval
        self._typing_pacer = typing_pacer
        self._max_characters = max_characters
        self._max_active = max_active
        self._end_within = end_within
        self._active: dict[str, Conversation] = {}
        self._tasks = TaskOwner("conversations")
        self._replies_ended = asyncio.Event()
        self._closing = False

    def submit(self, turn: UserTurn, *, channel: TextChannel) -> None:
        """Answer a turn in `channel`, or say there why not; never waits, never raises."""
        try:
            conversation = self._conversation(turn.channel_id)
            conversation.admit()
        except BusyError as error:
            log.warning("Turn %s is refused: %s", turn.id, error)
            self._refuse(turn, channel, error.user_message)
            return
        self._active[conversation.key] = conversation
        conversation.submit(self._reply(turn, channel, conversation), channel)

    def stop_guild(self, guild_id: int) -> int:
        """Stop every reply of a guild and return how many."""
        return self._stop(lambda turn: turn.guild_id == guild_id)

    def stop_author(self, channel_id: int, author_id: int) -> int:
        """Stop what one person asked for in a channel and return how many replies that were."""
        asked = (channel_id, author_id)
        return self._stop(lambda turn: (turn.channel_id, turn.author.id) == asked)

    async def reset(self, channel_id: int) -> int:
        """Stop and forget a channel's conversation; return how many entries it had."""
        key = _key(channel_id)
        if key in self._active:
            self._active[key].forget()
        return await self._history.clear(key)

    async def aclose(self) -> None:
        """Stop every reply, give their last edits time to arrive, and end; idempotent."""
        self._closing = True
        self._stop(lambda _: True)
        try:
            async with asyncio.timeout(self._end_within):
                while self._active:
                    self._replies_ended.clear()
                    await self._replies_ended.wait()
        except TimeoutError:
            log.warning("%d conversations did not end in time", len(self._active))
        await self._tasks.aclose()

    def _stop(self, wanted: Callable[[UserTurn], bool]) -> int:
        return sum(conversation.stop(wanted) for conversation in list(self._active.values()))

    def _conversation(self, channel_id: int) -> Conversation:
        key = _key(channel_id)
        if self._closing:
            raise BusyError("the bot is closing", user_message=CLOSED)
        if key in self._active:
            return self._active[key]
        if len(self._active) >= self._max_active:
            raise BusyError(f"{self._max_active} conversations are active")
        return Conversation(
            key=key,
            history=self._history,
            statistics=self._statistics,
            tasks=self._tasks,
            on_idle=self._ended,
        )

    def _ended(self, conversation: Conversation) -> None:
        self._active.pop(conversation.key, None)
        self._replies_ended.set()

    def _reply(self, turn: UserTurn, channel: TextChannel, conversation: Conversation) -> Reply:
        loop = asyncio.get_running_loop()
        metrics = TurnMetrics(turn.id, turn.first.received, clock=loop.time)
        metrics.mark("batched")

        async def context() -> ChatContext:
            entries = await conversation.load(self._history_limit)
            return self._build_context(turn, entries)

        return Reply(
            turn=turn,
            context=context,
            llm=self._llm,
            open_output=lambda on_shown: self._open_output(turn, channel, on_shown),
            open_speech=lambda: self._open_speech(turn, metrics) if turn.speak else None,
            metrics=metrics,
            max_characters=self._max_characters,
            typing_pacer=None if self._streaming else self._typing_pacer,
            explain=self._explain,
            on_text_done=conversation.text_done,
        )

    def _open_output(
        self, turn: UserTurn, channel: TextChannel, on_shown: Callable[[], None]
    ) -> ReplyOutput:
        pacer = self._pacers.get(channel.rate_key)
        return LiveMessage(
            channel=PromptChannel(channel=channel, pacer=pacer, tasks=self._tasks),
            reply_to=turn.last.id or None,
            pacer=pacer,
            interval=self._interval,
            streaming=self._streaming,
            on_shown=on_shown,
        )

    def _refuse(self, turn: UserTurn, channel: TextChannel, sentence: str) -> None:
        try:
            self._tasks.start(_tell(turn, channel, sentence), name=f"refusal {turn.id}")
        except RuntimeError:
            log.info("Turn %s came after the end", turn.id)


async def _tell(turn: UserTurn, channel: TextChannel, sentence: str) -> None:
    try:
        await channel.send(sentence, reply_to=turn.last.id or None)
    except OSError as error:
        log.warning("A refusal could not be told: %s", error)


async def _show_typing(reply: Reply, channel: TextChannel) -> None:
    async with channel.typing():
        await reply.visible.wait()


def _key(channel_id: int) -> str:
    return f"channel-{channel_id}"
