import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from services.core.errors import StorageError

log = logging.getLogger(__name__)

T = TypeVar("T")

CAPACITY = 1024
"""Most pieces of work queued at once; whoever brings one more waits for room."""


class WriterThread:
    """Do disk work in the order it is brought, on one thread, and sync within an interval.

    `sync` runs on the thread at most `interval` seconds after the first work it has to cover,
    `close` once at the end. The thread starts with the first work and dies with the process.
    """

    def __init__(
        self, *, sync: Callable[[], None], close: Callable[[], None], interval: float
    ) -> None:
        self._sync = sync
        self._close = close
        self._interval = interval
        self._room = asyncio.Semaphore(CAPACITY)
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """Do work on the thread and return what it returns or raise what it raises."""
        async with self._room:
            if self._closed:
                raise StorageError("the history is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="history", daemon=True)
                self._thread.start()
            done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._queue.put((work, done))
            return await done

    async def aclose(self) -> None:
        """Do what is queued, sync and end the thread; idempotent."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        due: float | None = None
        while True:
            try:
                left = None if due is None else max(0.0, due - time.monotonic())
                item = self._queue.get(timeout=left)
            except queue.Empty:
                _logged(self._sync)
                due = None
                continue
            if item is None:
                break
            _do(*item)
            now = time.monotonic()
            if due is None:
                due = now + self._interval
            elif now >= due:
                _logged(self._sync)
                due = None
        _logged(self._close)


def _do(work: Callable[[], Any], done: asyncio.Future[Any]) -> None:
    result: Any = None
    failure: Exception | None = None
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - raised again where the work came from
        failure = error
    try:
        done.get_loop().call_soon_threadsafe(_settle, done, result, failure)
    except RuntimeError:
        log.debug("The event loop ended before the work was done")


def _settle(done: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
    if done.cancelled():
        return
    if failure is None:
        done.set_result(result)
    else:
        done.set_exception(failure)


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        log.error("The history could not be brought to the disk: %s", error)
