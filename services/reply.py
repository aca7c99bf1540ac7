import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Protocol

from services.chatter import NOT_SPOKEN, STOPPED, TOO_LONG
from services.core.asker import asker_id
from services.core.errors import BotError, BusyError, EmptyResponseError, ProviderError
from services.core.logs import turn_id
from services.core.metrics import TurnMetrics
from services.core.protocols import LLM, Speech, TextOutput
from services.core.types import (
    ChatContext,
    ChatDelta,
    HistoryEntry,
    PlaybackResult,
    ReplyButton,
    UserTurn,
)
from services.message_pages import closed, is_blank, settled
from services.turn_material import for_history
from services.typing_pacer import TypingPacer

log = logging.getLogger(__name__)
turn_log = logging.getLogger("turn")


class ReplyOutput(TextOutput, Protocol):
    """Show a reply in messages; LiveMessage is one."""

    @property
    def message_ids(self) -> tuple[int, ...]:
        """Return the ids of the messages posted so far."""
        ...

    @property
    def is_showing(self) -> bool:
        """Tell whether a post may be seen: one is there or on its way."""
        ...

    async def run(self) -> None:
        """Show the growing text until `finish` or `halt` is called."""
        ...

    def halt(self) -> None:
        """Show nothing more of the growing text."""
        ...

    async def restart(self, *, reply_to: int | None) -> None:
        """Let another text take the place of what was shown; `run` has ended."""
        ...

    async def withdraw(self) -> None:
        """Delete what was shown; `run` has ended."""
        ...


class Reply:
    """Answer one turn: generate, show and speak, each at its own pace.

    `run` ends when the last text has arrived and the speech has ended. The model's failure becomes
    a sentence after what was written; a failing voice leaves the text and a line that says so. To
    `stop` is no error: it ends both at once and leaves the text with a mark. `begun` is set with
    `run`, `visible` with the first text shown, at the latest at the end; `on_text_done` is called
    before speech ends. The notes of context and deltas stand below the answer in small print,
    unless it failed. Exactly one line per reply goes to the logger "turn".

    Until `run` has ended the turn may change: `revise` answers it anew, in the place of what was
    shown; `withdraw` ends the reply and deletes that.

    `entries` is what the history keeps: nothing after a failure; else the question and the answer.
    An answer whose speech was interrupted is kept as far as it was heard, any other as it was
    written. Each message of a question is an entry of its own. All carry the asker's id, so that
    forgetting a person forgets their answers, and the answer the ids of what it was made from.
    `count` estimates tokens where a server does not tell them.
    """

    def __init__(
        self,
        *,
        turn: UserTurn,
        read: Callable[[UserTurn], Awaitable[UserTurn]],
        context: Callable[[UserTurn], Awaitable[ChatContext]],
        llm: LLM,
        open_output: Callable[[UserTurn, Callable[[], None]], ReplyOutput],
        open_speech: Callable[[UserTurn], Speech | None],
        metrics: TurnMetrics,
        max_characters: int,
        typing_pacer: TypingPacer | None,
        count: Callable[[str], int],
        explain: Callable[[BaseException], str],
        on_text_done: Callable[["Reply"], None],
    ) -> None:
        self.turn = turn
        self.begun = asyncio.Event()
        self.visible = asyncio.Event()
        self._read = read
        self._context = context
        self._llm = llm
        self._open_output = open_output
        self._output = open_output(turn, self._on_shown)
        self._open_speech = open_speech
        self._speech: Speech | None = None
        self.metrics = metrics
        self._max_characters = max_characters
        self._typing_pacer = typing_pacer
        self._count = count
        self._explain = explain
        self._on_text_done = on_text_done
        self._at = time.time()
        self._text = ""
        self._generation: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._playback: PlaybackResult | None = None
        self._notes: list[str] = []
        self._stopped = self._too_long = self._mute = False
        self._outdated = self._withdrawn = self._ended = self._written = False

    @property
    def speaks(self) -> bool:
        """Tell whether the reply is spoken as well."""
        return self._speech is not None

    @property
    def seconds_spoken(self) -> float:
        """Return how long the answer was heard."""
        return self._playback.seconds if self._playback else 0.0

    @property
    def is_perceived(self) -> bool:
        """Tell whether anything of the answer was seen or heard."""
        return self._output.is_showing or "ttfa" in self.metrics.marks

    @property
    def is_written(self) -> bool:
        """Tell whether the whole answer was handed to the channel, which may long show it."""
        return self._written and not self._outdated

    @property
    def restarts(self) -> int:
        """Return how often the answer was begun anew."""
        return self.metrics.restarts + self._outdated

    async def run(self) -> None:
        """Answer the turn; never raises but when cancelled."""
        turn_id.set(self.turn.id)
        asker_id.set(self.turn.author.id)
        self.begun.set()
        try:
            await self._answer()
            while self._outdated and not self._withdrawn:
                await self._restart()
                await self._answer()
            if self._withdrawn:
                await self._output.withdraw()
        finally:
            self._ended = True
            self.visible.set()
            turn_log.info("%s", self.metrics.record())

    def revise(self, turn: UserTurn) -> bool:
        """Answer a changed turn instead, from the beginning; False when it is too late."""
        if self._ended or self._stopped or self._withdrawn:
            return False
        self.turn = turn
        self._outdated = self.begun.is_set()
        if not self._outdated:
            self._output = self._open_output(turn, self._on_shown)
        self._break_off()
        return True

    def withdraw(self) -> None:
        """End the reply and delete what was shown of it. Idempotent."""
        self._withdrawn = self.metrics.interrupted = True
        self._break_off()

    def stop(self) -> None:
        """End generation and speech now; the text stays with a mark. Idempotent."""
        self._stopped = self.metrics.interrupted = True
        self._break_off()

    def _break_off(self) -> None:
        if self._speech is not None:
            self._speech.stop()
        if self._generation is not None:
            self._generation.cancel()

    def entries(self) -> list[HistoryEntry]:
        """Return the question and its answer for the history, or nothing."""
        heard = self._playback.heard if self._playback and self._playback.interrupted else ""
        answer = heard.strip() or self._text.strip()
        shown = self._output.message_ids or heard
        if self._failure is not None or self._withdrawn or is_blank(answer) or not shown:
            return []
        return [*self._asked(), self._answered(answer)]

    def _asked(self) -> Iterator[HistoryEntry]:
        author = self.turn.author
        for message, text in for_history(self.turn):
            yield HistoryEntry(
                role="user",
                text=text,
                at=self._at,
                author_id=author.id,
                author=author.name,
                message_ids=(message.id,) if message.id else (),
                about=message.about,
                guild_id=message.guild_id or 0,
            )

    def _answered(self, answer: str) -> HistoryEntry:
        return HistoryEntry(
            role="assistant",
            text=answer,
            at=time.time(),
            author_id=self.turn.author.id,
            author="",
            message_ids=self._output.message_ids,
            about=self.turn.sources,
            guild_id=self.turn.guild_id or 0,
        )

    @property
    def _given_up(self) -> bool:
        return self._outdated or self._withdrawn

    async def _answer(self) -> None:
        """Answer the turn as it is now, until it is done or given up."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._show())
            if not (self._stopped or self._given_up):
                await asyncio.wait([self._begin(group)])
            told = await self._end_text()
        if self._mute and not (told or self._stopped or self._given_up):
            await self._finish(self._final_text())

    async def _restart(self) -> None:
        """Leave nothing of the answer given up but the messages that the next one takes over."""
        self._text, self._notes = "", []
        self._failure = self._playback = None
        self._speech = self._generation = None
        self._too_long = self._mute = self._outdated = self._written = False
        self.metrics.restart()
        self.metrics.interrupted = self._stopped
        await self._output.restart(reply_to=self.turn.last.id or None)

    def _begin(self, group: asyncio.TaskGroup) -> asyncio.Task[None]:
        try:
            self._speech = self._open_speech(self.turn)
        except BusyError as error:
            log.info("The reply is not spoken: %s", error.brief)
            self._notes.append(error.user_message)
        except BotError as error:
            self._mute = True
            log.warning("The reply is not spoken: %s", error.brief)
        if self._speech is not None:
            group.create_task(self._speak(self._speech))
        self._generation = group.create_task(self._generate())
        return self._generation

    async def _generate(self) -> None:
        try:
            asked = self.turn
            read = await self._read(asked)
            if self.turn is asked:  # else it is kept as it reads now
                self.turn = read
            context = await self._context(read)
            self.metrics.mark("context")
            self.metrics.prompt_tokens = context.tokens
            self._notes += context.notes
            async with aclosing(self._llm.stream(context)) as deltas:
                async for delta in deltas:
                    self._take(delta)
                    if self._too_long:
                        break
            if is_blank(self._text):
                raise EmptyResponseError
        except Exception as error:  # noqa: BLE001 - told to the asker; its origin is logged
            self._failure = error
            self.metrics.error = type(error).__name__
            busy = isinstance(error, BusyError)
            if not self._text and (busy or (isinstance(error, ProviderError) and error.retryable)):
                self.metrics.prompt_tokens = 0  # no model has worked
            _report("The reply failed", error)
        finally:
            if self.metrics.completion_tokens == 0:  # a server tells them last, if ever
                self.metrics.completion_tokens = self._count(self._text)

    def _take(self, delta: ChatDelta) -> None:
        """Hand on one delta, up to the longest text a reply may have."""
        if delta.usage is not None:
            self.metrics.prompt_tokens = delta.usage.prompt
            self.metrics.completion_tokens = delta.usage.completion
        if delta.note:
            self._notes.append(delta.note)
        if not delta.text:
            return
        self.metrics.mark("ttft")
        fresh = delta.text[: self._max_characters - len(self._text)]
        self._too_long = len(fresh) < len(delta.text)
        self._text += fresh
        if self._too_long:
            self._text = settled(self._text)
        self._output.update(self._text)
        if self._speech is not None:
            self._speech.push(fresh)

    async def _show(self) -> None:
        try:
            await self._output.run()
        except Exception:
            log.exception("The growing text is not shown; only its end will be")

    async def _speak(self, speech: Speech) -> None:
        try:
            self._playback = await speech.run()
        except Exception as error:  # noqa: BLE001 - the text goes on; its origin is logged
            self._mute = True
            _report("The reply is not spoken", error)
        else:
            self.metrics.interrupted |= self._playback.interrupted
            self._mute = self._playback.gave_up
            self.metrics.mark("audio_done")

    async def _end_text(self) -> bool:
        """Show the final text; True when it already says that the speech failed."""
        if self._speech is not None:
            self._speech.end()
        elif self._typing_pacer is not None and not self._stopped and self._failure is None:
            elapsed = asyncio.get_running_loop().time() - self.turn.last.received
            await asyncio.sleep(
                self._typing_pacer.remaining(characters=len(self._text), elapsed=elapsed)
            )
        if self._given_up:
            self._output.halt()
            return False
        told = self._mute
        self._written = True
        await self._finish(self._final_text())
        self.metrics.mark("text_done")
        if not self._given_up:
            self._on_text_done(self)
        return told

    async def _finish(self, text: str) -> None:
        try:
            await self._output.finish(text, buttons=self._buttons())
        except Exception as error:  # noqa: BLE001 - a channel that refuses must not end the speech
            self.metrics.error = self.metrics.error or type(error).__name__
            log.warning("The reply could not be shown: %s", error)

    def _final_text(self) -> str:
        """Return the text with what is to be said about it."""
        note = self._note()
        if is_blank(self._text):
            return note or self._text
        body = closed(self._text) if note or self._notes else self._text
        if note:
            body += (" " if note == STOPPED and not body.endswith("```") else "\n\n") + note
        return "\n".join((body, *self._small_print()))

    def _small_print(self) -> list[str]:
        told = self._failure is not None or self._stopped
        return [] if told else [f"-# {note}" for note in self._notes]

    def _note(self) -> str:
        if self._failure is not None:
            failure = self._failure
            return failure.user_message if isinstance(failure, BotError) else self._explain(failure)
        if self._stopped:
            return STOPPED
        notes = [TOO_LONG] if self._too_long else []
        notes += [NOT_SPOKEN] if self._mute else []
        return "\n".join(notes)

    def _buttons(self) -> tuple[ReplyButton, ...]:
        """Return what may be pressed now; Stop while the reply is still spoken."""
        silent = self._speech is None or self._playback is not None or self._mute
        buttons: tuple[ReplyButton, ...] = () if silent or self._stopped else ("stop",)
        buttons += ("again",)
        sayable = self.turn.guild_id is not None and self._failure is None
        return (*buttons, "speak") if sayable and not is_blank(self._text) else buttons

    def _on_shown(self) -> None:
        self.metrics.mark("shown")
        self.visible.set()


def _report(what: str, error: Exception) -> None:
    """Log a failure: a known one without the words of others, any other with its origin."""
    if isinstance(error, BotError):
        log.warning("%s: %s", what, error.brief)
        log.debug("%s: %s", what, error)
    else:
        log.warning("%s: %s", what, error, exc_info=error)
