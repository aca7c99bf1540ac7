import asyncio
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self, cast

from services.core.errors import (
    EmptyResponseError,
    ProviderConnectionError,
    ProviderError,
    ProviderRequestError,
    ProviderTimeoutError,
)
from services.tts.worker_frames import FrameReader, Kind, SpeechRequest, frame

log = logging.getLogger(__name__)

_STDIN, _STDOUT = 0, 1
_NOISE_BYTES: Final = 4096
_STEPS: Final = 5
_BYTES_PER_SECOND: Final = 48_000
_CANNOT_SPEAK: Final = "I can't speak with my own voice right now."


class WorkerProcess(asyncio.SubprocessProtocol):
    """Hold one speech worker's process; everything happens in the event loop, in callbacks.

    A worker that fails, hangs or sends nonsense is killed and never used again. What it prints
    is kept (the last 4 kB) and shown at DEBUG once it has ended.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self.sample_rate = 0
        self.voices: frozenset[str] = frozenset()
        self.rss_mb = 0.0
        self._on_end = on_end
        self._transport: asyncio.SubprocessTransport | None = None
        self._ended = asyncio.Event()
        self._frames = FrameReader()
        self._noise = bytearray()
        self._expected = Kind.READY
        self._answer: asyncio.Future[None] | None = None
        self._deliver: Callable[[bytes], None] | None = None
        self._room = 0  # bytes of sound that the running request may still bring
        self._execution: asyncio.TimerHandle | None = None
        self._failure = ""
        self._spoken: set[str] = set()  # languages; as many as the backend has
        self._watch: asyncio.TimerHandle | None = None
        self._silence = 0.0

    @classmethod
    async def spawn(
        cls,
        arguments: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        on_end: Callable[[], None],
    ) -> Self:
        """Start `python arguments…` apart from the terminal's signals. Raises ProviderError."""
        loop = asyncio.get_running_loop()
        try:
            _, process = await loop.subprocess_exec(
                lambda: cls(on_end),
                sys.executable,
                *arguments,
                cwd=directory,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise _failed(f"the worker cannot be started: {error}") from error
        return process

    @property
    def alive(self) -> bool:
        """Tell whether it may be given work."""
        return not (self._ended.is_set() or self._failure)

    async def ready(self, timeout: float) -> None:
        """Wait until it has loaded. Raises ProviderError; the process is then dead."""
        await self._answered(timeout)

    async def speak(
        self,
        request: SpeechRequest,
        deliver: Callable[[bytes], None],
        *,
        timeout: float,
        silence: float,
    ) -> None:
        """Have a text spoken, `deliver` called with PCM, and wait for its end.

        A process that gives no sign of life for `silence` seconds is killed, but for the first
        text of a language: what is loaded for it may keep a process from pulsing. Raises
        ProviderRequestError or EmptyResponseError, the worker being well, or
        ProviderConnectionError, the process being dead.
        """
        self._room = round((10 + 0.5 * len(request.text)) * _BYTES_PER_SECOND)
        room = self._room
        self._deliver = deliver
        if request.language in self._spoken:
            self._silence = 0.0
            self._watch_over(silence)
        try:
            self._expect(Kind.DONE)
            self._write(Kind.SPEAK, request.encode())
            await self._answered(timeout)
        finally:
            self._deliver = None
            self._cancel_timers()
        self._spoken.add(request.language)
        if self._room == room:
            raise EmptyResponseError("no sound", provider="kokoro", user_message=_CANNOT_SPEAK)

    def stop(self, *, patience: float) -> None:
        """Ask for an early end of the running request; kill the process `patience` s later."""
        self._deliver = None
        self._write(Kind.STOP)
        loop = asyncio.get_running_loop()
        self._execution = loop.call_later(patience, self.kill, "it would not stop")

    def kill(self, reason: str) -> None:
        """End the process at once; idempotent."""
        self._failure = self._failure or reason
        if self._transport is not None and not self._ended.is_set():
            try:
                self._transport.kill()
            except ProcessLookupError:
                log.debug("A speech worker was gone before it was killed")

    async def aclose(self) -> None:
        """Kill the process and wait for its end."""
        self.kill("it was closed")
        self._cancel_timers()
        await self._ended.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the process in hand."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._expect(Kind.READY)  # it may come before anybody waits for it

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take frames from standard output; standard error is noise."""
        if fd != _STDOUT:
            self._noise += data
            del self._noise[:-_NOISE_BYTES]
            return
        self._silence = 0.0
        try:
            for kind, payload in self._frames.push(data):
                self._receive(kind, payload)
        except (ValueError, KeyError, TypeError) as error:
            self.kill(f"it sent nonsense: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """Notice the process's end: it is reaped, and its pipes are read to their ends."""
        code = None
        if self._transport is not None:
            code = self._transport.get_returncode()
            self._transport.close()
        self._ended.set()
        reason = self._failure or f"it ended with status {code}"
        self._failure = reason
        log.debug("A speech worker ended (%s): %s", reason, self._noise.decode(errors="replace"))
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(_failed(f"the worker failed: {reason}"))
            self._answer.exception()  # nobody may wait for it any more
        self._on_end()

    def _watch_over(self, limit: float) -> None:
        """Count silence in steps of the running loop, so that its own stalls don't count."""
        if self._silence >= limit:
            self.kill(f"it gave no sign of life for {limit:.1f} s")
            return
        step = limit / _STEPS
        self._silence += step
        self._watch = asyncio.get_running_loop().call_later(step, self._watch_over, limit)

    def _receive(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.PULSE:
            return
        if kind is Kind.SOUND:
            self._room -= len(payload)
            if self._room < 0:
                self.kill("it did not stop speaking")
            elif self._deliver is not None:
                self._deliver(payload)
        elif kind is Kind.FAILED:
            self.kill(payload.decode(errors="replace"))
        elif self._answer is None or self._answer.done():
            self.kill(f"it sent {kind.name} unasked")
        elif kind is Kind.REFUSED:
            self._answer.set_exception(_refused(payload.decode(errors="replace")))
        elif kind is self._expected:
            self._learn(json.loads(payload))
            self._answer.set_result(None)
        else:
            self.kill(f"it sent {kind.name} instead of {self._expected.name}")

    def _learn(self, told: Any) -> None:
        """Take what the worker tells of itself. Raises ValueError, KeyError, TypeError."""
        if self._expected is Kind.READY:
            self.sample_rate, self.voices = int(told["sample_rate"]), frozenset(told["voices"])
        else:
            self.rss_mb = float(told["rss_mb"])

    def _expect(self, kind: Kind) -> None:
        self._expected, self._answer = kind, asyncio.get_running_loop().create_future()

    async def _answered(self, timeout: float) -> None:
        if self._answer is None or not (self.alive or self._answer.done()):
            raise _failed(f"the worker failed: {self._failure}")
        try:
            async with asyncio.timeout(timeout):
                await self._answer
        except TimeoutError as error:
            self.kill(f"it was silent for {timeout:.0f} s")
            raise ProviderTimeoutError(
                f"the worker hung for {timeout:.1f} s",
                provider="kokoro",
                user_message=_CANNOT_SPEAK,
            ) from error

    def _write(self, kind: Kind, payload: bytes = b"") -> None:
        pipe: Any = self._transport.get_pipe_transport(_STDIN) if self._transport else None
        if pipe is not None and not pipe.is_closing():
            pipe.write(frame(kind, payload))

    def _cancel_timers(self) -> None:
        for timer in (self._execution, self._watch):
            if timer is not None:
                timer.cancel()
        self._execution = self._watch = None


def _failed(detail: str) -> ProviderError:
    return ProviderConnectionError(detail, provider="kokoro", user_message=_CANNOT_SPEAK)


def _refused(detail: str) -> ProviderError:
    return ProviderRequestError(detail, provider="kokoro", user_message=_CANNOT_SPEAK)
