"""The process that a neural voice runs in: `python -m services.tts.kokoro_worker`."""

import argparse
import contextlib
import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from services.core.process import give_memory_back, resident_mb
from services.tts.worker_backend import Backend, RefusedError, Stop, StoppedError
from services.tts.worker_frames import PULSE_SECONDS, FrameReader, Kind, SpeechRequest, frame

FRAME_SECONDS: Final = 0.5
"""Length of a frame of sound, seconds."""

FIRST_WORDS: Final = "I am ready."
"""Spoken once, unheard: the first synthesis is slower than the others."""

SLACK_MB: Final = 350.0
"""Growth after which freed memory is given back; after each text it costs a fifth of the speed."""

_READ_SIZE: Final = 1 << 16


def main() -> int:
    """Load the backend, then answer requests until the bot closes the pipe."""
    parser = argparse.ArgumentParser(prog="services.tts.kokoro_worker")
    parser.add_argument("--backend", required=True, help="module:Class")
    parser.add_argument("--models", required=True, type=Path)
    parser.add_argument("--voice", required=True)
    parser.add_argument("--threads", required=True, type=int)
    options = parser.parse_args()
    _offer_to_the_out_of_memory_killer()
    worker = Worker(_taken_stdout())
    for work in (worker.listen, worker.pulse):
        threading.Thread(target=work, name=work.__name__, daemon=True).start()
    try:
        module, _, name = options.backend.partition(":")
        kind = cast("type[Backend]", getattr(importlib.import_module(module), name))
        backend = kind(models=options.models, voice=options.voice, threads=options.threads)
        worker.warm(backend, voice=options.voice)
    except Exception as error:  # noqa: BLE001 - the libraries raise anything; the bot is told in words
        worker.send(Kind.FAILED, f"{type(error).__name__}: {error}".encode()[:1000])
        traceback.print_exc()
        return 1
    return worker.serve(backend)


class Worker:
    """Answer the bot's requests, one at a time; `listen` and `pulse` run in their own threads."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._sending = threading.Lock()
        self._speaking = threading.Event()
        self._requests: queue.SimpleQueue[tuple[SpeechRequest, Stop]] = queue.SimpleQueue()
        # the bot sends the next request after the last one's answer: one waits at most
        self._start_mb = 0.0

    def listen(self) -> None:
        """Take requests in; end the process, whatever it does, when the bot is gone."""
        frames, stop = FrameReader(), Stop()
        while data := os.read(0, _READ_SIZE):
            for kind, payload in frames.push(data):
                if kind is Kind.SPEAK:
                    stop = Stop()
                    self._requests.put((SpeechRequest.decode(payload), stop))
                elif kind is Kind.STOP:
                    stop.set()
        os._exit(0)

    def pulse(self) -> None:
        """Tell while a text is being spoken that the process is neither stopped nor starved."""
        while self._speaking.wait():
            self.send(Kind.PULSE)
            time.sleep(PULSE_SECONDS)

    def warm(self, backend: Backend, *, voice: str) -> None:
        """Speak for the first time and tell that the worker is ready."""
        first = SpeechRequest(text=FIRST_WORDS, voice=voice, speed=1.0, language="en")
        for _ in backend.synthesize(first, Stop()):
            pass
        give_memory_back()
        self._start_mb = resident_mb()
        ready = {"sample_rate": backend.sample_rate, "voices": list(backend.voices)}
        self.send(Kind.READY, json.dumps(ready).encode())

    def serve(self, backend: Backend) -> int:
        """Answer requests until one shows that the process is no longer sound."""
        while True:
            request, stop = self._requests.get()
            try:
                self._speak(backend, request, stop)
            except StoppedError:
                pass
            except RefusedError as error:
                self.send(Kind.REFUSED, str(error).encode()[:1000])
                continue
            except (MemoryError, RuntimeError) as error:  # out of memory, in torch's words
                self.send(Kind.FAILED, _place(error).encode())
                return 1
            except Exception as error:  # noqa: BLE001 - a library's bug costs that text only
                self.send(Kind.REFUSED, _place(error).encode())
                continue
            self.send(Kind.DONE, json.dumps({"rss_mb": self._tidied()}).encode())

    def _tidied(self) -> float:
        """Return the process's memory in MB; what is free of it is given back if it has grown."""
        if resident_mb() > self._start_mb + SLACK_MB:
            give_memory_back()
        return resident_mb()

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        """Write a frame; waits while the bot does not read."""
        data = memoryview(frame(kind, payload))
        with self._sending:
            while data:
                data = data[os.write(self._output, data) :]

    def _speak(self, backend: Backend, request: SpeechRequest, stop: Stop) -> None:
        size = 2 * int(backend.sample_rate * FRAME_SECONDS)
        self._speaking.set()
        try:
            for sound in backend.synthesize(request, stop):
                for part in _parts(sound, size):
                    stop.check()
                    self.send(Kind.SOUND, part)
        finally:
            self._speaking.clear()


def _parts(sound: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(sound), size):
        yield sound[start : start + size]


def _place(error: BaseException) -> str:
    """Name an error and where it arose; its message may quote what people wrote."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _taken_stdout() -> int:
    """Keep standard output for frames; what libraries print goes to standard error."""
    output = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (0, output):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return output


def _offer_to_the_out_of_memory_killer() -> None:
    """Let a machine short of memory take this process rather than the bot."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


if __name__ == "__main__":
    sys.exit(main())
