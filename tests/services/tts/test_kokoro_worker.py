import json
import os
from collections.abc import Iterator, Sequence

import pytest

from services.tts import kokoro_worker
from services.tts.kokoro_worker import SLACK_MB, Worker
from services.tts.worker_backend import Stop
from services.tts.worker_frames import FrameReader, Kind, SpeechRequest

START_MB = 1000.0
GROWTH_MB = 0.4 * SLACK_MB


class Hoarder:
    """Say nothing, and hold more memory after each text; the seventh is too much for it."""

    sample_rate = 8000
    voices: Sequence[str] = ("low",)

    def __init__(self) -> None:
        self.mb = START_MB
        self.given_back = 0
        self._texts = 0

    def synthesize(self, request: SpeechRequest, stop: Stop) -> Iterator[bytes]:
        self._texts += 1
        if self._texts == 7:
            raise MemoryError
        self.mb += GROWTH_MB
        yield b""

    def give_back(self) -> None:
        self.given_back += 1
        self.mb = START_MB


def test_memory_is_given_back_where_it_has_grown_not_after_every_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = Hoarder()
    monkeypatch.setattr(kokoro_worker, "resident_mb", lambda: backend.mb)
    monkeypatch.setattr(kokoro_worker, "give_memory_back", backend.give_back)
    end, output = os.pipe()
    worker = Worker(output)
    worker.warm(backend, voice="low")
    for _ in range(6):
        worker._requests.put((SpeechRequest("Hi.", "low", 1.0, "en"), Stop()))
    assert worker.serve(backend) == 1
    os.close(output)
    with os.fdopen(end, "rb") as answers:
        frames = FrameReader().push(answers.read())
    told = [json.loads(payload)["rss_mb"] for kind, payload in frames if kind is Kind.DONE]
    assert told == [START_MB + GROWTH_MB * texts for texts in (1, 2, 0, 1, 2)]
    assert backend.given_back == 2  # the first time before it was ready
