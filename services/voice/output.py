import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from services.core.errors import BusyError
from services.core.types import FRAME_SECONDS, Author
from services.voice.utterance import Utterance

log = logging.getLogger(__name__)

SILENCE = b"\xf8\xff\xfe"
"""One Opus frame of silence, as Discord's documentation gives it."""

SILENCE_FRAMES = 5
"""Silence sent after the last sound, so that listeners' decoders do not guess on."""

REST_FRAMES = 12
"""Silence between two utterances, as between two sentences: a quarter of a second."""

CROWDED = "Too much is waiting to be spoken here already, so I won't speak this."

MAX_UTTERANCES = 32
"""Utterances that may wait in one guild; more are refused."""


class FrameSender(Protocol):
    """Carry frames to one voice channel; DiscordVoiceClient is the real one."""

    speaking: bool
    """Whether this spell of speech was announced; the clock thread clears it at the spell's end."""

    def send_frame(self, packet: bytes) -> bool:
        """Send one Opus packet now or return False; never waits, never raises; clock thread."""
        ...

    async def announce_speaking(self) -> None:
        """Set `speaking` and tell the channel that sound follows; never raises."""
        ...


class NoSender:
    """Stand for a connection that has not been made yet: every frame waits."""

    speaking = False

    def send_frame(self, packet: bytes) -> bool:
        """Refuse the frame for now."""
        return False

    async def announce_speaking(self) -> None:
        """Tell nobody."""


class VoiceClock:
    """Send one frame per speaking guild every 20 ms, for all guilds in one thread.

    The schedule is absolute and starts anew after a stall, so that frames never come in bursts.
    With nobody speaking the thread sleeps; a guild that begins is served at once.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.now = monotonic
        self._woken: queue.SimpleQueue[GuildOutput | None] = queue.SimpleQueue()
        self._fresh: deque[GuildOutput] = deque()
        self._speaking: list[GuildOutput] = []
        self._next: float | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="voice-clock", daemon=True)
            self._thread.start()

    async def aclose(self) -> None:
        """Stop the thread and wait for its end; idempotent."""
        if self._thread is not None:
            self._woken.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def wake(self, output: "GuildOutput") -> None:
        """Begin to serve a guild; any thread."""
        self._woken.put(output)

    def tick(self, now: float) -> float | None:
        """Send what is due at `now`; return when the next frame is due, None while all is quiet."""
        if self._next is not None and now >= self._next:
            self._speaking = [output for output in self._speaking if output.step(now)]
            self._next += FRAME_SECONDS
            if self._next <= now:
                self._next = now + FRAME_SECONDS
        self._admit(now)
        if not self._speaking:
            self._next = None
        return self._next

    def _admit(self, now: float) -> None:
        with contextlib.suppress(queue.Empty):
            while (output := self._woken.get_nowait()) is not None:
                self._fresh.append(output)
            self._woken.put(None)
        while self._fresh:
            output = self._fresh.popleft()
            if output not in self._speaking and output.step(now):
                self._speaking.append(output)
                if self._next is None:
                    self._next = now + FRAME_SECONDS

    def _run(self) -> None:
        while True:
            deadline = self.tick(self.now())
            wait = None if deadline is None else max(0.0, deadline - self.now())
            with contextlib.suppress(queue.Empty):
                output = self._woken.get(timeout=wait)
                if output is None:
                    return
                self._fresh.append(output)


class GuildOutput:
    """Play one guild's utterances one after another.

    `step` runs in the clock thread, everything else in the event loop. While the connection is
    away the position is kept; after `patience` seconds the utterances are given up.
    `changed` is called when an utterance is opened, begins to sound, or is over.
    """

    def __init__(self, sender: FrameSender, *, clock: VoiceClock, patience: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._sender = sender
        self._clock = clock
        self._patience = patience
        self.changed: Callable[[], None] = lambda: None
        self._open: dict[Utterance, None] = {}
        self._floor: deque[Utterance] = deque()
        self._line: dict[Utterance, None] = {}  # the floor as the loop sees it
        self._active = False
        self._silence_sent = SILENCE_FRAMES
        self._rest = 0
        self._blocked_since: float | None = None

    @property
    def speaking(self) -> bool:
        """Tell whether an utterance is being played or waits to be."""
        return bool(self._open)

    @property
    def audible(self) -> bool:
        """Tell whether something that is not over yet has begun to sound."""
        return any(utterance.audible for utterance in self._open)

    async def attach(self, sender: FrameSender, *, patience: float) -> None:
        """Play from now on through a connection that has just been made."""
        if self._open:
            await sender.announce_speaking()
        self._sender, self._patience = sender, patience

    def open_utterance(
        self,
        on_first_frame: Callable[[float], None] | None,
        *,
        in_line: bool,
        asker: Author | None = None,
    ) -> Utterance:
        """Return an utterance, played once those before it are over.

        It takes its place with its first packets, or now where `in_line`: then those behind wait
        for it even if they have sound sooner. `on_first_frame` gets the clock's time of the first
        frame. Raises BusyError.
        """
        if len(self._open) >= MAX_UTTERANCES:
            raise BusyError("too many utterances wait in one guild", user_message=CROWDED)
        utterance = Utterance(
            submit=self._submit,
            nudge=self._wake,
            closed=self._closed,
            now=self._clock.now,
            on_first_frame=lambda t: self._sounds(t, on_first_frame),
            asker=asker,
        )
        self._open[utterance] = None
        self.changed()
        if in_line:
            self._line_up(utterance)
        return utterance

    def in_order(self) -> list[Utterance]:
        """Return what is said and what waits, in the order in which it will be heard.

        What has no sound yet and no place in the line comes last.
        """
        return [*self._line, *(each for each in self._open if each not in self._line)]

    def current(self) -> Utterance | None:
        """Return what is being said, or has the word and is about to; None while all is quiet."""
        return next(iter(self._line), None)

    def clear(self) -> int:
        """Stop every utterance, playing or waiting, and return how many there were."""
        utterances = list(self._open)
        for utterance in utterances:
            utterance.clear()
        return len(utterances)

    def give_up(self) -> None:
        """Stop every utterance because nobody can hear them."""
        for utterance in list(self._open):
            utterance.give_up()

    def step(self, now: float) -> bool:
        """Send the frame that is due; return whether to be called again. Clock thread."""
        try:
            return self._step(now)
        except Exception:  # one guild's fault must not silence the others
            log.exception("A guild's voice output failed")
            self._active = False
            self._give_up()
            return False

    def _step(self, now: float) -> bool:
        utterance = self._current()
        if utterance is None:
            return self._pause()
        if self._rest > 0:
            self._rest -= 1
            self._sender.send_frame(SILENCE)
            return True
        try:
            packet = utterance.packets.popleft()
        except IndexError:  # the loop cleared it between the two lines
            return True
        if not self._sender.send_frame(packet):
            utterance.packets.appendleft(packet)
            return self._wait_for_connection(now)
        self._blocked_since = None
        self._silence_sent = 0
        utterance.frame_sent(now)
        return True

    def _current(self) -> Utterance | None:
        """Return the utterance to send from; None while it has nothing to send."""
        while self._floor:
            utterance = self._floor[0]
            ended = utterance.ended  # read first: packets written before it must be seen
            if utterance.packets and not utterance.finished:
                return utterance
            if not (ended or utterance.finished):
                return None
            self._floor.popleft()
            self._rest = REST_FRAMES if utterance.audible else self._rest
            utterance.played_out()
        return None

    def _pause(self) -> bool:
        self._blocked_since = None
        self._rest = max(0, self._rest - 1)
        if self._silence_sent < SILENCE_FRAMES:
            self._silence_sent += 1
            self._sender.send_frame(SILENCE)
            return True
        self._sender.speaking = False
        self._active = False
        waiting = self._current() is not None
        self._rest = 0
        if waiting:
            self._active = True
        return waiting

    def _wait_for_connection(self, now: float) -> bool:
        if self._blocked_since is None:
            self._blocked_since = now
        elif now - self._blocked_since > self._patience:
            self._blocked_since = now
            self._give_up()
        return True

    def _give_up(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            self._loop.call_soon_threadsafe(self.give_up)

    async def _submit(self, utterance: Utterance) -> None:
        self._line_up(utterance)
        if not self._sender.speaking:
            await self._sender.announce_speaking()
        self._wake()

    def _line_up(self, utterance: Utterance) -> None:
        if not utterance.queued:
            utterance.queued = True
            self._line[utterance] = None
            self._floor.append(utterance)

    def _wake(self) -> None:
        if not self._active:
            self._active = True
            self._clock.wake(self)

    def _sounds(self, t: float, on_first_frame: Callable[[float], None] | None) -> None:
        if on_first_frame is not None:
            on_first_frame(t)
        self.changed()

    def _closed(self, utterance: Utterance) -> None:
        self._open.pop(utterance, None)
        self.changed()
        self._line.pop(utterance, None)
        if self._floor:
            self._wake()  # those behind it may have waited for it alone
