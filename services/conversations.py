import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence, Set

from services.asked_again import find_kept
from services.channel_pacer import ChannelPacers
from services.chatter import CLOSED
from services.conversation import Conversation
from services.core.errors import BusyError
from services.core.logs import turn_id
from services.core.metrics import TurnMetrics, TurnStatistics
from services.core.protocols import LLM, HistoryStore, Speech, TextChannel
from services.core.tasks import TaskOwner
from services.core.types import Background, ChatContext, HistoryEntry, ReplyControls, UserTurn
from services.limits import Limits
from services.live_message import LiveMessage
from services.mind import Mind
from services.prompt_channel import PromptChannel
from services.rate_limiter import RateLimiter
from services.reply import Reply, ReplyOutput
from services.typing_pacer import TypingPacer

log = logging.getLogger(__name__)
turn_log = logging.getLogger("turn")

REFUSAL_PAUSE = 10.0
"""Seconds between two refusals of one person in one place: they cost what answers cost."""


RECALLED = 400
"""Entries of a channel, newest first, among which one is looked for by its message."""


class Conversations:
    """Answer turns, each in its channel's conversation; the way into the bot's core.

    `submit` returns at once; the answer appears in the channel. A conversation exists while it has
    replies: at most `max_active` of them. A turn too many, or one beyond the `limits`, is refused
    in words, once in 10 s to one person in one channel. Its history has the key "channel-<id>".

    `read` is TurnReader.read, `build_context` QueryOptimizer.build; `mind` recalls before an answer
    and learns after it. `open_speech(turn, metrics)` is asked for turns that want to be spoken and
    may return None; neither raises nor waits. `typing_pacer` is used for answers neither streamed
    nor spoken. With `buttons` an answer can be stopped, asked for again and spoken by what stands
    under it. What those say who are `opted_out` is never kept, nor what is asked about their
    words. `explain` makes a sentence of an error nobody expected, `count` estimates the tokens of a
    text. `aclose` stops what runs, marks it as stopped and returns within `end_within` seconds.
    """

    def __init__(
        self,
        *,
        llm: LLM,
        read: Callable[[UserTurn], Awaitable[UserTurn]],
        build_context: Callable[[UserTurn, Sequence[HistoryEntry], Background], ChatContext],
        mind: Mind,
        history: HistoryStore,
        history_limit: int,
        opted_out: Callable[[int], bool],
        limits: Limits,
        statistics: TurnStatistics,
        pacers: ChannelPacers,
        open_speech: Callable[[UserTurn, TurnMetrics], Speech | None],
        explain: Callable[[BaseException], str],
        count: Callable[[str], int],
        streaming: bool,
        interval: float,
        typing_pacer: TypingPacer | None,
        buttons: bool,
        max_characters: int = 16_000,
        max_active: int = 1000,
        end_within: float = 4.0,
    ) -> None:
        self._llm = llm
        self._read = read
        self._build_context = build_context
        self._mind = mind
        self._history = history
        self._history_limit = history_limit
        self._opted_out = opted_out
        self._limits = limits
        self._statistics = statistics
        self._pacers = pacers
        self._open_speech = open_speech
        self._explain = explain
        self._count = count
        self._streaming = streaming
        self._interval = interval
        self._typing_pacer = typing_pacer
        self._buttons = buttons
        self._max_characters = max_characters
        self._max_active = max_active
        self._end_within = end_within
        self._active: dict[str, Conversation] = {}
        self._refusals = RateLimiter(
            capacity=1,
            refill_per_second=1 / REFUSAL_PAUSE,
            clock=asyncio.get_running_loop().time,
            max_keys=10_000,
        )
        self._tasks = TaskOwner("conversations")
        self._replies_ended = asyncio.Event()
        self._closing = False

    def submit(self, turn: UserTurn, *, channel: TextChannel, alone: bool = False) -> bool:
        """Answer a turn in `channel`, or say there why not; never waits, never raises.

        Return whether it will be answered. `alone` keeps it from joining what its author is being
        answered already.
        """
        try:
            conversation = self._conversation(turn.channel_id)
            if not alone and conversation.join(turn, channel):
                log.info("Turn %s joins the one before", turn.id)
                return True
            conversation.admit(turn)
            self._limits.admit(turn)
        except BusyError as error:
            _record_refusal(turn, error)
            self._refuse(turn, channel, error.user_message)
            return False
        self._active[conversation.key] = conversation
        conversation.submit(self._reply(turn, channel, conversation), channel)
        return True

    def revise(self, channel_id: int, message_id: int, text: str) -> None:
        """Let the answer follow a message that was edited while it is being answered.

        The answer is begun anew, in the place of what was shown of it. A message that is answered
        completely, or is not known, or reads as before, changes nothing.
        """
        if (conversation := self._active.get(_key(channel_id))) is not None:
            conversation.revise(message_id, text)

    def withdraw(self, channel_id: int, message_ids: Set[int]) -> None:
        """Answer deleted messages no more: their unfinished answers end and are deleted.

        Where other messages are answered together with them, these are answered anew.
        """
        if (conversation := self._active.get(_key(channel_id))) is not None:
            conversation.withdraw(message_ids)

    def stop_guild(self, guild_id: int) -> int:
        """Stop every reply of a guild and return how many."""
        return self._stop(lambda turn: turn.guild_id == guild_id)

    def stop_author(self, channel_id: int, author_id: int) -> int:
        """Stop what one person asked for in a channel and return how many replies that were."""
        asked = (channel_id, author_id)
        return self._stop(lambda turn: (turn.channel_id, turn.author.id) == asked)

    def stop_reply(self, channel_id: int, question_id: int) -> int:
        """Stop the answer to one message, text and speech; return how many there were."""
        conversation = self._active.get(_key(channel_id))
        if conversation is None:
            return 0
        return conversation.stop(lambda turn: any(m.id == question_id for m in turn.messages))

    def is_writing(self, channel_id: int, question_id: int) -> bool:
        """Tell whether the answer to a message is being written, or waits for that."""
        conversation = self._active.get(_key(channel_id))
        return conversation is not None and conversation.is_writing(question_id)

    def is_speaking(self, channel_id: int, question_id: int) -> bool:
        """Tell whether the answer to a message is written and still spoken."""
        conversation = self._active.get(_key(channel_id))
        return conversation is not None and conversation.is_speaking(question_id)

    async def recall(self, channel_id: int, message_id: int) -> HistoryEntry | None:
        """Return what is kept of a message: its whole question, or the answer it is part of.

        Raises StorageError.
        """
        key = _key(channel_id)
        if key in self._active:
            entries = await self._active[key].load(RECALLED)
        else:
            entries = await self._history.load(key, limit=RECALLED)
        return find_kept(entries, message_id)

    async def reset(self, channel_id: int) -> int:
        """Stop and forget a channel's conversation; return how many entries it had."""
        key = _key(channel_id)
        if key in self._active:
            self._active[key].disown(lambda _: True)
        count = await self._history.clear(key)
        await self._mind.forget_conversation(key)
        return count

    def disown_person(self, user_id: int) -> int:
        """Stop what is answered to a person or about their words, and keep none of it."""
        return self._disown(lambda turn: user_id in (turn.author.id, *turn.sources))

    def disown_channel(self, channel_id: int) -> int:
        """Stop every reply of a channel and keep nothing of them."""
        return self._disown(lambda turn: turn.channel_id == channel_id)

    def disown_guild(self, guild_id: int) -> int:
        """Stop every reply of a guild and keep nothing of them."""
        return self._disown(lambda turn: turn.guild_id == guild_id)

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

    def _disown(self, unwanted: Callable[[UserTurn], bool]) -> int:
        active = list(self._active.values())
        return sum(conversation.disown(unwanted) for conversation in active)

    def _may_keep(self, turn: UserTurn) -> bool:
        return not any(self._opted_out(each) for each in (turn.author.id, *turn.sources))

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
            tasks=self._tasks,
            may_keep=self._may_keep,
            on_kept=self._mind.learn,
            on_ended=self._account,
            on_idle=self._ended,
        )

    def _speech(self, turn: UserTurn, metrics: TurnMetrics) -> Speech | None:
        self._limits.admit_speech(turn)
        return self._open_speech(turn, metrics)

    def _account(self, reply: Reply) -> None:
        """Count what a reply took, whatever became of it."""
        self._statistics.add(reply.metrics)
        self._limits.spend_tokens(reply.turn, reply.metrics.tokens)
        self._limits.spend_speech(reply.turn, reply.seconds_spoken)

    def _ended(self, conversation: Conversation) -> None:
        self._active.pop(conversation.key, None)
        self._replies_ended.set()

    def _reply(self, turn: UserTurn, channel: TextChannel, conversation: Conversation) -> Reply:
        loop = asyncio.get_running_loop()
        metrics = TurnMetrics(turn.id, turn.first.received, clock=loop.time)
        metrics.mark("batched")

        async def context(turn: UserTurn) -> ChatContext:
            entries = await conversation.context(turn, self._history_limit)
            background = await self._mind.recall(conversation.key, turn, entries)
            if any(message.files for message in turn.messages):  # long texts take long to count
                return await asyncio.to_thread(self._build_context, turn, entries, background)
            return self._build_context(turn, entries, background)

        return Reply(
            turn=turn,
            read=self._read,
            context=context,
            llm=self._llm,
            open_output=lambda turn, on_shown: self._open_output(turn, channel, on_shown),
            open_speech=lambda turn: self._speech(turn, metrics) if turn.speak else None,
            metrics=metrics,
            max_characters=self._max_characters,
            typing_pacer=None if self._streaming else self._typing_pacer,
            count=self._count,
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
            controls=_controls(turn) if self._buttons else None,
            pacer=pacer,
            interval=self._interval,
            streaming=self._streaming,
            on_shown=on_shown,
        )

    def _refuse(self, turn: UserTurn, channel: TextChannel, sentence: str) -> None:
        if self._refusals.take((channel.rate_key, turn.author.id)) > 0:
            return
        try:
            self._tasks.start(_tell(turn, channel, sentence), name=f"refusal {turn.id}")
        except RuntimeError:
            log.info("Turn %s came after the end", turn.id)


async def _tell(turn: UserTurn, channel: TextChannel, sentence: str) -> None:
    try:
        await channel.send(sentence, reply_to=turn.last.id or None, controls=None)
    except OSError as error:
        log.warning("A refusal could not be told: %s", error)


def _controls(turn: UserTurn) -> ReplyControls:
    return ReplyControls(turn.author.id, turn.last.id, ("stop",))


def _record_refusal(turn: UserTurn, error: BusyError) -> None:
    """Leave the one record that every turn leaves."""
    clock = asyncio.get_running_loop().time
    metrics = TurnMetrics(turn.id, turn.first.received, clock, error=type(error).__name__)
    stamp = turn_id.set(turn.id)
    log.info("The turn is refused: %s", error)
    turn_log.info("%s", metrics.record())
    turn_id.reset(stamp)


def _key(channel_id: int) -> str:
    return f"channel-{channel_id}"
