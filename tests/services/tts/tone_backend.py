"""A worker's backend for tests: a tone for every text, and faults for texts that ask for them."""

import array
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.tts.worker_backend import RefusedError, Stop
from services.tts.worker_frames import SpeechRequest

SAMPLE_RATE = 8000


class Tone:
    """Hum 50 ms for each character; `models` may hold a file "broken" or "slow"."""

    sample_rate = SAMPLE_RATE
    voices: Sequence[str] = ("low", "high")

    def __init__(self, *, models: Path, voice: str, threads: int) -> None:
        sys.stdout.write("noise of a library\n")
        pids = Path(os.environ["TONE_PIDS"])
        environment = "".join(f"{name}={value}\n" for name, value in os.environ.items())
        pids.with_suffix(".environment").write_text(environment)
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if (models / "broken").exists():
            raise OSError("the weights are damaged")
        while (models / "slow").exists():
            time.sleep(0.01)
        self._default = voice
        self._ballast = b""

    def synthesize(self, request: SpeechRequest, stop: Stop) -> Iterator[bytes]:
        sys.stderr.write(request.text + "\n")
        self._fault(request.text, stop)
        voice = request.voice if request.voice in self.voices else self._default
        step = 2 * math.pi * (880 if voice == "high" else 110) / SAMPLE_RATE
        length = round(0.05 * len(request.text) * SAMPLE_RATE / request.speed)
        while request.text == "endless":
            yield bytes(SAMPLE_RATE)
        yield array.array("h", [round(9000 * math.sin(step * n)) for n in range(length)]).tobytes()

    def _fault(self, text: str, stop: Stop) -> None:
        if text == "refuse":
            raise RefusedError("not this text")
        if text == "bug":
            raise ValueError(text)
        if text == "memory":
            raise RuntimeError("not enough memory: you tried to allocate 9 TB")
        if text == "die":
            os.abort()
        if text.startswith("grow"):
            self._ballast = b"x" * 60_000_000
        if text == "deaf":
            Path(os.environ["TONE_PIDS"]).with_suffix(".deaf").touch()
            time.sleep(60)
        if text == "stall":  # as a library does that keeps the interpreter's lock
            subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -CONT {os.getpid()}"])
            os.kill(os.getpid(), signal.SIGSTOP)
        while text.startswith("long"):
            stop.check()
            time.sleep(0.005)
