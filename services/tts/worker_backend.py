"""What a speech worker runs: a backend, made inside the worker's own process."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from services.tts.worker_frames import SpeechRequest


class RefusedError(Exception):
    """Refuse one text; the message is a sentence without any of the text."""


class StoppedError(Exception):
    """Leave a synthesis that nobody listens to any more."""


class Stop:
    """Tell a running synthesis, from another thread, that nobody listens any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._calls: list[Callable[[], None]] = []

    def set(self) -> None:
        """Declare it; idempotent."""
        with self._lock:
            self._is_set = True
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    def check(self) -> None:
        """Raise StoppedError once it is set."""
        if self._is_set:
            raise StoppedError

    def then(self, call: Callable[[], None]) -> None:
        """Have a function called when it is set (at once where it is), from any thread."""
        with self._lock:
            if not self._is_set:
                self._calls.append(call)
                return
        call()


class Backend(Protocol):
    """Turn text into sound; loaded by its constructor, used from one thread.

    The constructor takes `models` (a folder), `voice` (the default's name) and `threads`.
    """

    sample_rate: int
    voices: Sequence[str]

    def __init__(self, *, models: Path, voice: str, threads: int) -> None: ...

    def synthesize(self, request: SpeechRequest, stop: Stop) -> Iterator[bytes]:
        """Yield s16 mono PCM; calls `stop.check` often. Raises RefusedError, StoppedError."""
        ...
