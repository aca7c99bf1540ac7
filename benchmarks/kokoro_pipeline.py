"""The usual way to run Kokoro: its KPipeline, in a thread of the program's own process."""

import asyncio
import os
import re
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.loop_lag import LoopLag
from benchmarks.process_usage import resident_mb

SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Pipeline:
    """Hold Kokoro's own pipeline over the model in a folder, with nothing to download."""

    def __init__(self, models: Path, voice: str) -> None:
        import torch
        from kokoro import KModel, KPipeline

        from services.tts.kokoro_phonemes import english

        torch.set_num_threads(1)  # as ours; two are slower where other work runs
        model = KModel(
            repo_id="hexgrad/Kokoro-82M",
            config=str(models / "config.json"),
            model=str(models / "kokoro-v1_0.pth"),
        )
        self._voice = str(models / f"voices/{voice}.pt")
        self._pipeline: Any = KPipeline.__new__(KPipeline)  # its constructor would download spaCy's
        self._pipeline.repo_id, self._pipeline.lang_code = "hexgrad/Kokoro-82M", "a"
        self._pipeline.model, self._pipeline.voices = model.eval(), {}
        self._pipeline.g2p = english(british=False)

    def speak(self, texts: list[str]) -> tuple[float, float, float]:
        """Return the seconds until the first sound and until the last, and of sound."""
        began, first, sound = time.perf_counter(), 0.0, 0.0
        for text in texts:
            for result in self._pipeline(text, voice=self._voice):
                sound += len(result.audio) / 24_000
                first = first or time.perf_counter() - began
        return first, time.perf_counter() - began, sound


async def serve(pipe: Connection, models: Path, voice: str) -> None:
    """Answer (text, by sentence) with the figures of one reply, until the pipe closes."""
    pipeline = await asyncio.to_thread(Pipeline, models, voice)
    await asyncio.to_thread(pipeline.speak, ["I am ready."])
    pipe.send("ready")
    while (order := await asyncio.to_thread(pipe.recv)) is not None:
        text, by_sentence = order
        texts = SENTENCE.split(text) if by_sentence else [text]
        async with LoopLag() as lag:
            first, total, sound = await asyncio.to_thread(pipeline.speak, texts)
        pipe.send((first, total, sound, lag.p99, resident_mb(os.getpid())))


def run(pipe: Connection, models: Path, voice: str) -> None:
    """Be the process."""
    asyncio.run(serve(pipe, models, voice))
