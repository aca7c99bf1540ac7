"""Scripted stand-ins for what a conversation works with."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from services.core.types import (
    Author,
    Background,
    ChatContext,
    ChatDelta,
    ChatMessage,
    HistoryEntry,
    IncomingMessage,
    PlaybackResult,
    ReplyButton,
    ReplyControls,
    UserTurn,
)


def now() -> float:
    return asyncio.get_running_loop().time()


def message(
    text: str = "Hello.",
    *,
    id: int = 1,
    author: int = 7,
    channel: int = 100,
    guild: int | None = 5,
    speak: bool = False,
) -> IncomingMessage:
    return IncomingMessage(id, channel, guild, Author(author, f"user{author}"), text, now(), speak)


def turn(text: str = "Hello.", *, author: int = 7, speak: bool = False, id: int = 1) -> UserTurn:
    return UserTurn(f"t{id}", (message(text, id=id, author=author, speak=speak),))


class FakeChannel:
    """Record what is posted and edited, and when; raise what `errors` holds next for an edit."""

    rate_key = "channel-100"

    def __init__(self) -> None:
        self.messages: dict[int, str] = {}
        self.replies: dict[int, int | None] = {}
        self.events: list[tuple[float, str, int, str]] = []
        self.buttons: dict[int, tuple[ReplyButton, ...]] = {}
        self.controls: list[ReplyControls | None] = []
        self.edit_errors: list[Exception | None] = []
        self.send_errors: list[Exception | None] = []
        self.read_errors: list[Exception | None] = []
        self.lost_answers = False  # what is refused was done all the same
        self.typing_spans: list[list[float]] = []
        self.mark_error: Exception | None = None
        self.sign_latency = 0.0
        self.latency = 0.0
        self.newest = 0  # of what others wrote

    async def send(self, text: str, *, reply_to: int | None, controls: ReplyControls | None) -> int:
        await asyncio.sleep(self.latency)
        self._check(text)
        if self.send_errors and (error := self.send_errors.pop(0)) is not None:
            raise error
        number = 1001 + len(self.replies)
        self.messages[number] = text
        self.replies[number] = reply_to
        self.events.append((now(), "send", number, text))
        self._note(number, controls)
        return number

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        await asyncio.sleep(self.latency)
        self._check(text)
        if self.edit_errors and (error := self.edit_errors.pop(0)) is not None:
            if self.lost_answers:
                self.messages[message_id] = text
            raise error
        if message_id not in self.messages:
            raise LookupError("gone")
        self.messages[message_id] = text
        self.events.append((now(), "edit", message_id, text))
        self._note(message_id, controls)

    def is_last(self, message_id: int) -> bool:
        return self.newest <= message_id

    async def read(self, message_id: int) -> str:
        if self.read_errors and (error := self.read_errors.pop(0)) is not None:
            raise error
        return self.messages[message_id]

    async def delete(self, message_id: int) -> None:
        await asyncio.sleep(self.latency)
        if self.messages.pop(message_id, None) is None:
            raise LookupError("gone")
        self.events.append((now(), "delete", message_id, ""))

    async def mark(self, message_id: int, sign: str) -> None:
        if self.mark_error is not None:
            raise self.mark_error
        self.events.append((now(), "mark", message_id, sign))

    async def unmark(self, message_id: int, sign: str) -> None:
        await asyncio.sleep(self.sign_latency)
        self.events.append((now(), "unmark", message_id, sign))

    @asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        self.typing_spans.append([now()])
        try:
            yield
        finally:
            self.typing_spans[-1].append(now())

    @property
    def texts(self) -> list[str]:
        return list(self.messages.values())

    def times(self, kind: str) -> list[float]:
        return [at for at, what, _, _ in self.events if what == kind]

    def _note(self, message_id: int, controls: ReplyControls | None) -> None:
        self.controls.append(controls)
        if controls is not None:
            self.buttons[message_id] = controls.buttons

    def _check(self, text: str) -> None:
        assert text.strip(), "blank text is never posted"
        assert len(text) <= 2000


class ScriptedLLM:
    """Answer with tokens (text after a pause), in turn from `scripts`; an Exception is raised."""

    def __init__(self, *scripts: Sequence[tuple[float, ChatDelta | str | Exception]]) -> None:
        self._scripts = list(scripts)
        self.contexts: list[ChatContext] = []
        self.running = 0
        self.most_running = 0
        self.closed = 0

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        self.contexts.append(context)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            for pause, step in script:
                await asyncio.sleep(pause)
                if isinstance(step, Exception):
                    raise step
                yield ChatDelta(step) if isinstance(step, str) else step
        finally:
            self.running -= 1
            self.closed += 1

    async def prewarm(self) -> None:
        return None

    async def aclose(self) -> None:
        return None


def words(text: str, *, pause: float = 0.1) -> list[tuple[float, ChatDelta | str | Exception]]:
    return [(pause, word) for word in text.split(" ") for word in (word + " ",)]


class FakeSpeech:
    """Take `seconds` from the end of the text to be heard; fail after the text with `error`.

    With `gives_up` nobody can hear it.
    """

    def __init__(
        self, *, seconds: float = 1.0, error: Exception | None = None, gives_up: bool = False
    ) -> None:
        self._gives_up = gives_up
        self.pushed = ""
        self.stopped = False
        self._seconds = seconds
        self._error = error
        self._ended = asyncio.Event()
        self._silent = asyncio.Event()

    def push(self, text: str) -> None:
        self.pushed += text

    def end(self) -> None:
        self._ended.set()

    def stop(self) -> None:
        self.stopped = True
        self._ended.set()
        self._silent.set()

    async def run(self) -> PlaybackResult:
        await self._ended.wait()
        try:
            async with asyncio.timeout(self._seconds):
                await self._silent.wait()
        except TimeoutError:
            if self._error is not None:
                raise self._error from None
            if self._gives_up:
                return PlaybackResult("", 0.0, interrupted=True, gave_up=True)
            return PlaybackResult(self.pushed, self._seconds, interrupted=False)
        return PlaybackResult(self.pushed[:5], 0.5, interrupted=True)


class MemoryHistory:
    def __init__(self) -> None:
        self.kept: dict[str, list[HistoryEntry]] = {}

    async def append(self, conversation: str, entries: Sequence[HistoryEntry]) -> None:
        self.kept.setdefault(conversation, []).extend(entries)

    async def load(self, conversation: str, *, limit: int) -> list[HistoryEntry]:
        return self.kept.get(conversation, [])[-limit:]

    async def clear(self, conversation: str) -> int:
        return len(self.kept.pop(conversation, []))

    async def revise(self, conversation: str, message_id: int, text: str) -> bool:
        entries = self.kept.get(conversation, [])
        found = [n for n, entry in enumerate(entries) if entry.message_ids == (message_id,)]
        for n in found:
            entries[n] = replace(entries[n], text=text)
        repeats = self._drop(
            conversation, lambda entry: entry.role == "user" and message_id in entry.about
        )
        return bool(found or repeats)

    async def forget_messages(self, conversation: str, message_ids: Collection[int]) -> int:
        ids = set(message_ids)
        return self._drop(
            conversation, lambda entry: not ids.isdisjoint((*entry.message_ids, *entry.about))
        )

    async def forget_author(self, author_id: int) -> int:
        def mine(entry: HistoryEntry) -> bool:
            return author_id in (entry.author_id, *entry.about)

        return sum(self._drop(key, mine) for key in self.kept)

    async def forget_guild(self, guild_id: int) -> list[str]:
        found = [
            key
            for key, entries in self.kept.items()
            if any(entry.guild_id == guild_id for entry in entries)
        ]
        for key in found:
            del self.kept[key]
        return found

    async def entries_of(self, author_id: int) -> AsyncGenerator[tuple[str, HistoryEntry], None]:
        for key, entries in self.kept.items():
            for entry in entries:
                if entry.author_id == author_id:
                    yield key, entry

    async def aclose(self) -> None:
        return None

    def _drop(self, conversation: str, unwanted: Callable[[HistoryEntry], bool]) -> int:
        entries = self.kept.get(conversation, [])
        left = [entry for entry in entries if not unwanted(entry)]
        dropped = len(entries) - len(left)
        entries[:] = left
        return dropped


def plain_context(
    turn: UserTurn, history: Sequence[HistoryEntry], background: Background
) -> ChatContext:
    told = tuple(ChatMessage(entry.role, entry.text) for entry in history)
    return ChatContext((*told, ChatMessage("user", turn.text)), tokens=10)


async def as_it_is(turn: UserTurn) -> UserTurn:
    return turn
