import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from services.core.types import FRAME_SECONDS, AudioChunk, Author, PlaybackResult
from services.voice.heard import Piece, heard_text, whole_text

BUFFER_FRAMES = 150
"""Packets that may wait to be played: 3 s."""

REFILL_FRAMES = 100
"""A waiting writer goes on when no more than this is left: 2 s."""

JITTER_FRAMES = 8
"""Frames that wait in a listener's client and are lost to the ear when sound stops."""


class Utterance:
    """Play one utterance of a guild (an AudioOutput).

    The event loop writes, ends and clears; the clock thread takes packets from `packets` and
    calls `frame_sent` and `played_out`. `finished` is set by the loop alone. `asker` is who it
    answers, where that is somebody.
    """

    def __init__(
        self,
        *,
        submit: Callable[["Utterance"], Awaitable[None]],
        nudge: Callable[[], None],
        closed: Callable[["Utterance"], None],
        now: Callable[[], float],
        on_first_frame: Callable[[float], None] | None,
        asker: Author | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._submit, self._nudge, self._closed, self._now = submit, nudge, closed, now
        self._on_first_frame = on_first_frame
        self.asker = asker
        self.packets: deque[bytes] = deque()
        self.queued = False
        self.ended = False
        self._pieces: list[Piece] = []
        self._written = 0
        self._sent = 0
        self._last_sent = 0.0
        self._writer_waits = False
        self._room = asyncio.Event()
        self._finished = asyncio.Event()
        self._result: PlaybackResult | None = None

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will be played."""
        return self._result is not None

    @property
    def audible(self) -> bool:
        """Tell whether any of it was sent."""
        return self._sent > 0

    @property
    def text(self) -> str:
        """Return the shown text whose sound has come so far."""
        return "".join(piece.text for piece in self._pieces).strip()

    async def write(self, chunk: AudioChunk) -> None:
        """Queue encoded packets; waits while about 3 s are queued, drops them once cleared."""
        if chunk.text or not self._pieces:
            self._begin_piece(chunk.text)
        packets, taken = chunk.packets, 0
        while taken < len(packets) and not self.finished:
            if len(self.packets) >= BUFFER_FRAMES:
                await self._wait_for_room()
                continue
            part = packets[taken : taken + BUFFER_FRAMES - len(self.packets)]
            self.packets.extend(part)
            self._pieces[-1].frames += len(part)
            taken += len(part)
            self._written += len(part)
            await self._submit(self)

    def end(self) -> None:
        """Declare that nothing more will be written."""
        if self._pieces:
            self._pieces[-1].complete = True
        self.ended = True
        if not self._written:
            self._finish()
        else:
            self._nudge()

    async def wait_for_playout(self) -> PlaybackResult:
        """Wait until the last frame was sent or the utterance was cleared."""
        await self._finished.wait()
        return self._result or self.clear()

    def clear(self) -> PlaybackResult:
        """Stop now and tell how much was heard; idempotent."""
        if self._result is None:
            self._complete(interrupted=True)
        self.packets.clear()
        return self._result or PlaybackResult("", 0.0, interrupted=True)

    def give_up(self) -> None:
        """Stop because nobody can hear it; idempotent."""
        if self._result is None:
            self._complete(interrupted=True, gave_up=True)
        self.packets.clear()

    def frame_sent(self, now: float) -> None:
        """Count a frame that has left; clock thread."""
        self._sent += 1
        self._last_sent = now
        if self._sent == 1 and self._on_first_frame is not None:
            self._post(self._on_first_frame, now)
        if self._writer_waits and len(self.packets) <= REFILL_FRAMES:
            self._writer_waits = False
            self._post(self._room.set)

    def played_out(self) -> None:
        """Tell the loop that the last frame has left; clock thread."""
        if not self.finished:
            self._post(self._finish)

    def _begin_piece(self, text: str) -> None:
        if self._pieces:
            self._pieces[-1].complete = True
        self._pieces.append(Piece(text))

    async def _wait_for_room(self) -> None:
        self._room.clear()
        self._writer_waits = True
        if len(self.packets) > REFILL_FRAMES and not self.finished:
            await self._room.wait()

    def _finish(self) -> None:
        if self._result is None:
            self._complete(interrupted=False)

    def _complete(self, *, interrupted: bool, gave_up: bool = False) -> None:
        if interrupted:
            text = heard_text(self._pieces, self._sent - self._unheard())
        else:
            text = whole_text(self._pieces)
        self._result = PlaybackResult(text, self._sent * FRAME_SECONDS, interrupted, gave_up)
        self._finished.set()
        self._room.set()
        self._closed(self)

    def _unheard(self) -> int:
        """Return how many of the sent frames still wait in the listeners' clients."""
        played = int((self._now() - self._last_sent) / FRAME_SECONDS)
        return max(0, JITTER_FRAMES - played)

    def _post(self, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *arguments)
