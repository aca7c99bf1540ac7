import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from services.core.errors import (
    ProviderConnectionError,
    ProviderError,
    ProviderRequestError,
)
from services.core.tasks import TaskOwner
from services.tts.worker_frames import SpeechRequest
from services.tts.worker_process import WorkerProcess

log = logging.getLogger(__name__)

MAX_WAITING: Final = 8
"""Texts that may wait for the worker; the next one is refused, and another engine takes it."""

_FAR_TOO_BIG: Final = 1.5
"""A worker this many times over its limit is replaced without waiting for a quiet moment."""

_CANNOT_SPEAK: Final = "I can't speak with my own voice right now."


@dataclass(frozen=True, slots=True)
class Patience:
    """Hold the times that a worker is given, seconds.

    A synthesis may take `base` and `per_character` for each letter, and give no sign of life for
    `silence`. A text waits `queue` for a worker that speaks another, and `loading` for one that
    is not ready. A failed worker is started again after `first_rest`, then twice that, at most
    `longest_rest`.
    """

    start: float = 90.0
    loading: float = 0.0
    silence: float = 1.0
    base: float = 5.0
    per_character: float = 0.2
    stop: float = 0.25
    queue: float = 10.0
    quiet: float = 3.0
    first_rest: float = 0.5
    longest_rest: float = 300.0


DEFAULT_PATIENCE: Final = Patience()


class Job:
    """Hold one text on its way to the worker, and its sound on the way back."""

    def __init__(self, request: SpeechRequest) -> None:
        self.request = request
        self.sound: asyncio.Queue[bytes] = asyncio.Queue()  # bounded by WorkerProcess
        self.taken = asyncio.Event()
        self.worker: WorkerProcess | None = None
        self.withdrawn = False
        self.error: ProviderError | None = None

    def end(self, error: ProviderError | None = None) -> None:
        """Declare that no more sound comes; idempotent."""
        self.error = self.error or error
        self.taken.set()
        self.sound.put_nowait(b"")


class WorkerSupervisor:
    """Keep one speech worker running while it is needed, and serve texts in order.

    `spawn` starts a process. A worker that holds more than `max_rss_mb` is replaced at the next
    quiet moment; one that was not used for `idle` seconds (None: ever) is unloaded. When a worker
    fails, all that waits is failed too: other engines speak until the next one is ready.
    """

    def __init__(
        self,
        *,
        spawn: Callable[[Callable[[], None]], Awaitable[WorkerProcess]],
        max_rss_mb: float,
        idle: float | None,
        patience: Patience,
    ) -> None:
        self._spawn = spawn
        self._max_rss_mb, self._idle, self.patience = max_rss_mb, idle, patience
        self._tasks = TaskOwner("speech worker")
        self._running = False
        self._jobs: deque[Job] = deque()  # at most MAX_WAITING
        self._current: Job | None = None
        self._worker: WorkerProcess | None = None
        self._needed = False
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._rest = 0.0
        self._rests_until = 0.0
        self._failure: ProviderError | None = None

    @property
    def ready(self) -> bool:
        """Tell whether a worker is loaded."""
        return self._worker is not None

    def submit(self, request: SpeechRequest) -> Job:
        """Queue a text. Raises ProviderError while the worker rests or too many wait."""
        if self._rests:
            raise ProviderConnectionError(
                f"the worker rests after: {self._failure}",
                provider="kokoro",
                user_message=_CANNOT_SPEAK,
            )
        if len(self._jobs) >= MAX_WAITING:
            raise ProviderRequestError(
                "the worker is busy", provider="kokoro", user_message=_CANNOT_SPEAK
            )
        job = Job(request)
        self._jobs.append(job)
        self._need()
        return job

    def withdraw(self, job: Job) -> None:
        """Give a text up; the worker is free again at once or replaced."""
        if job.withdrawn:
            return
        job.withdrawn = True
        with suppress(ValueError):
            self._jobs.remove(job)
        if job is self._current and self._worker is not None:
            self._worker.stop(patience=self.patience.stop)

    async def warm(self) -> None:
        """Start the worker, or begin its idle time anew, and wait for it. Raises ProviderError.

        One that rests is started when it has rested, which nobody waits for.
        """
        self._need()
        if self._worker is not None:
            return
        if not self._rests:
            self._settled.clear()
            await self._settled.wait()
        if self._worker is None and self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        """Kill the worker and fail what waits; idempotent."""
        await self._tasks.aclose()
        self._settled.set()
        self._fail_all(_closed())

    @property
    def _rests(self) -> bool:
        return asyncio.get_running_loop().time() < self._rests_until

    def _need(self) -> None:
        self._needed = True
        self._news.set()
        if not self._running:
            self._running = True
            self._tasks.start(self._run(), name="supervise")

    async def _run(self) -> None:
        while True:
            await self._until(lambda: self._needed or bool(self._jobs), None)
            self._needed = False
            try:
                await self._life_of_a_worker()
            except ProviderError as error:
                await self._recover(error)

    async def _life_of_a_worker(self) -> None:
        worker = await self._spawn(self._news.set)
        replace = False
        try:
            await worker.ready(self.patience.start)
            replace = True
            self._worker = worker
            self._settled.set()
            replace = await self._serve(worker)
        finally:
            self._worker = None
            self._needed = replace
            await worker.aclose()

    async def _serve(self, worker: WorkerProcess) -> bool:
        """Serve until the worker has to go; return whether another is to replace it."""
        while True:
            too_big = worker.rss_mb > self._max_rss_mb
            self._needed = False
            quiet = self.patience.quiet if too_big else self._idle
            await self._until(partial(self._wanted, worker, too_big=too_big), quiet)
            if not worker.alive:
                raise ProviderConnectionError("the worker died while it waited", provider="kokoro")
            if not self._jobs:
                if self._needed and not too_big:
                    continue
                log.info("The speech worker is %s", "replaced" if too_big else "unloaded")
                return too_big
            if not await self._speak(worker, self._jobs.popleft()):
                return True

    def _wanted(self, worker: WorkerProcess, *, too_big: bool) -> bool:
        return bool(self._jobs) or not worker.alive or (self._needed and not too_big)

    async def _speak(self, worker: WorkerProcess, job: Job) -> bool:
        """Serve one text; return whether the worker may serve another."""
        self._current, job.worker = job, worker
        job.taken.set()
        try:
            await worker.speak(
                job.request,
                job.sound.put_nowait,
                timeout=self._limit(job),
                silence=self.patience.silence,
            )
        except ProviderConnectionError as error:
            job.end(error)
            if not job.withdrawn:
                raise
            log.info("The speech worker is replaced: it would not stop")
            return False
        except ProviderError as error:
            job.end(error)
        except asyncio.CancelledError:
            job.end(_closed())
            raise
        else:
            self._rest = 0.0
            job.end()
        finally:
            self._current = None
        return worker.rss_mb <= _FAR_TOO_BIG * self._max_rss_mb

    async def _recover(self, error: ProviderError) -> None:
        self._failure = error
        now = asyncio.get_running_loop().time()
        log.info("No speech from the worker: %s", error)
        limits = self.patience
        self._rest = min(limits.longest_rest, max(limits.first_rest, 2 * self._rest))
        self._rests_until = now + self._rest
        self._fail_all(error)
        self._settled.set()
        await asyncio.sleep(self._rest)

    def _fail_all(self, error: ProviderError) -> None:
        while self._jobs:
            self._jobs.popleft().end(error)

    def _limit(self, job: Job) -> float:
        return self.patience.base + self.patience.per_character * len(job.request.text)

    async def _until(self, condition: Callable[[], bool], seconds: float | None) -> None:
        """Wait for a condition that comes with news, or for the time to pass."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()


def _closed() -> ProviderError:
    return ProviderConnectionError("closed", provider="kokoro", user_message=_CANNOT_SPEAK)
