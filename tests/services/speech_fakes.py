"""A scripted engine, an encoder and an output that plays in the loop's own time."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from services.core.errors import ProviderError
from services.core.types import FRAME_SECONDS, AudioChunk, PlaybackResult, VoiceStyle
from services.speech_said import prepare

RATE = 24_000
CHARACTERS_PER_SECOND = 14.0

for each in ("en", "de", "fr"):
    prepare(each)  # reads files, which InlineExecutor would do in the event loop


class InlineExecutor(ThreadPoolExecutor):
    """Run a thread's work at once, so that the virtual clock need not wait for it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries any error to its waiter
            future.set_exception(error)
        return future


class FakeTTS:
    """Sound of the text's length after `delay` seconds, then at `rtf`, `step` seconds a chunk."""

    def __init__(self, *, delay: float = 0.05, rtf: float = 0.0, step: float = 0.2) -> None:
        self.delay, self.rtf, self.step = delay, rtf, step
        self.texts: list[str] = []
        self.styles: list[VoiceStyle] = []
        self.failing: dict[str, float] = {}  # text → seconds of sound before its failure
        self.made = 0.0
        self.closed = 0
        self.ready_made = False

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        self.texts.append(text)
        self.styles.append(voice)
        left = len(text) / CHARACTERS_PER_SECOND
        fails_after = self.failing.get(text)
        left = left if fails_after is None else fails_after
        try:
            await asyncio.sleep(self.delay)
            while left > 1e-6:
                sound = min(self.step, left)
                await asyncio.sleep(sound * self.rtf)
                left -= sound
                self.made += sound
                yield self._chunk(sound)
            if fails_after is not None:
                raise ProviderError(f"cannot say {text}", user_message="The voice broke.")
        finally:
            self.closed += 1

    def _chunk(self, sound: float) -> AudioChunk:
        if self.ready_made:
            return AudioChunk(packets=(b"ready",) * max(1, round(sound / FRAME_SECONDS)))
        return AudioChunk(pcm=b"\1\0" * round(sound * RATE), sample_rate=RATE)

    async def prewarm(self) -> None: ...

    async def aclose(self) -> None: ...


class FakeEncoder:
    """Make a packet of each whole frame; note what was asked."""

    def __init__(self) -> None:
        self.encoded: list[float] = []
        self.pauses: list[float] = []
        self._held = 0
        self._sounded = False

    def encode(self, chunk: AudioChunk) -> list[bytes]:
        samples = len(chunk.pcm) // 2
        self.encoded.append(round(samples / chunk.sample_rate, 3))
        self._held += samples
        self._sounded = True
        frame = round(chunk.sample_rate * FRAME_SECONDS)
        frames, self._held = divmod(self._held, frame)
        return [b"sound"] * frames

    def finish(self, *, pause: float) -> list[bytes]:
        self.pauses.append(pause)
        tail, self._held = min(self._held, 1), 0
        if not self._sounded:
            return []
        self._sounded = False
        return [b"sound"] * tail + [b"pause"] * round(pause / FRAME_SECONDS)


class FakeOutput:
    """Play packets in the loop's time with a buffer of 3 s, refilled at 2 s."""

    def __init__(self) -> None:
        self.chunks: list[AudioChunk] = []
        self.first_written: float | None = None
        self.gaps: list[float] = []
        self.most_queued = 0.0
        self._dry_at = 0.0
        self._ended = False
        self._result: PlaybackResult | None = None
        self._changed = asyncio.Event()

    @property
    def texts(self) -> list[str]:
        return [chunk.text for chunk in self.chunks if chunk.text]

    @property
    def packets(self) -> list[bytes]:
        return [packet for chunk in self.chunks for packet in chunk.packets]

    async def write(self, chunk: AudioChunk) -> None:
        now = asyncio.get_running_loop().time()
        if self._result:
            return
        if self.first_written is None:
            self.first_written = self._dry_at = now
        if now > self._dry_at:
            self.gaps.append(now - self._dry_at)
        self.chunks.append(chunk)
        self._dry_at = max(self._dry_at, now) + len(chunk.packets) * FRAME_SECONDS
        self.most_queued = max(self.most_queued, self._dry_at - now)
        if self._dry_at - now > 3.0:
            await asyncio.sleep(self._dry_at - now - 2.0)

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    async def wait_for_playout(self) -> PlaybackResult:
        loop = asyncio.get_running_loop()
        while self._result is None:
            left = self._dry_at - loop.time()
            if self._ended and left <= 0:
                self._result = PlaybackResult(" ".join(self.texts), 0.0, interrupted=False)
                break
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left if self._ended else None):
                    await self._changed.wait()
        return self._result

    def clear(self) -> PlaybackResult:
        if self._result is None:
            self._result = PlaybackResult(" ".join(self.texts), 0.0, interrupted=True)
        self._changed.set()
        return self._result
