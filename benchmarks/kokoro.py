"""Compare our use of Kokoro with calling its KPipeline on a whole reply, and sentence by sentence.

    python -m benchmarks.kokoro [--rounds 3] [--sentences 100] [--json FILE]

Needs the package kokoro. The model has Kokoro's architecture and size and random weights: it costs
what the real one costs, and says nothing. Ours is the whole way of a reply, to its Opus packets.
"""

import asyncio
import itertools
import multiprocessing
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.claims import Claim, parser, save
from benchmarks.loop_lag import LoopLag
from benchmarks.process_usage import resident_mb
from services.core.errors import ProviderError
from services.core.metrics import TurnMetrics
from services.core.types import FRAME_SECONDS, AudioChunk, PlaybackResult, VoiceStyle
from services.speaking_pace import SpeakingPace
from services.spoken_reply import SpokenReply
from services.tts.espeak import EspeakTTS
from services.tts.fallback import FallbackTTS
from services.tts.kokoro import KokoroTTS
from services.voice.opus import OpusEncoder
from tests.services.tts.kokoro_models import build_torch_model

SPAWN = multiprocessing.get_context("spawn")
VOICE = "af_heart"
STYLE = VoiceStyle()
LIMIT_MB = 2000
REPLIES = {
    20: "Yes, of course I do.",
    60: "Yes, of course I can. The shop opens at nine in the morning.",
    120: "Yes, of course I can. The shop on the corner opens at nine in the morning. "
    "It closes at six, but on Fridays it is open late.",
    200: "Yes, of course I can. The shop on the corner opens at nine in the morning. "
    "It closes at six, but on Fridays it is open late. The bread is best before ten, "
    "and the people there are kind to everybody.",
}
WORDS = ("the", "a", "cat", "house by the river", "went", "light green", "of", "seven boats")


class Sink:
    """Take packets at once and note when the first came."""

    def __init__(self) -> None:
        self.first = 0.0
        self.last = 0.0
        self.frames = 0
        self._ended = asyncio.Event()

    async def write(self, chunk: AudioChunk) -> None:
        """Take them."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.frames += len(chunk.packets)

    def end(self) -> None:
        """Note the end."""
        self._ended.set()

    async def wait_for_playout(self) -> PlaybackResult:
        """Return when all has come."""
        await self._ended.wait()
        return PlaybackResult("", self.frames * FRAME_SECONDS, interrupted=False)

    def clear(self) -> PlaybackResult:
        """Stop."""
        self._ended.set()
        return PlaybackResult("", 0.0, interrupted=True)


async def speak(engine: KokoroTTS, text: str, pace: SpeakingPace) -> tuple[float, ...]:
    """Have a reply spoken; return first sound, all sound, seconds of it, lag, the worker's MB."""
    sink = Sink()
    reply = SpokenReply(
        tts=engine,
        encoder=OpusEncoder,
        output=sink,
        style=STYLE,
        metrics=TurnMetrics("benchmark", 0.0),
        names={},
        pace=pace,
        min_length=20,
        max_length=200,
        streaming=True,
        max_seconds=0.0,
        detect_language=False,
    )
    began = time.perf_counter()
    reply.push(text)
    reply.end()
    async with LoopLag() as lag:
        await reply.run()
    sound = sink.frames * FRAME_SECONDS
    return sink.first - began, sink.last - began, sound, lag.p99, worker_mb(engine)


def worker_mb(engine: KokoroTTS) -> float:
    """Return the worker's memory."""
    return resident_mb(worker_pid(engine))


def worker_pid(engine: KokoroTTS) -> int:
    """Return the worker's process."""
    worker: Any = engine._supervisor._worker
    return int(worker._transport.get_pid())


async def compare(engine: KokoroTTS, pipe: Any, rounds: int) -> list[dict[str, Any]]:
    """Speak every reply in the three ways, in turn."""
    pace = SpeakingPace()
    await speak(engine, REPLIES[120], pace)
    rows = []
    for _, (length, text) in itertools.product(range(rounds), REPLIES.items()):
        ways = {"ours": await speak(engine, text, pace)}
        for way, by_sentence in (("whole", False), ("sentences", True)):
            pipe.send((text, by_sentence))
            ways[way] = await asyncio.to_thread(pipe.recv)
        for way, (first, total, sound, lag, mb) in ways.items():
            row = {"length": length, "way": way, "first": first, "rtf": total / sound}
            rows.append({**row, "lag_ms": 1000 * lag, "rss_mb": mb})
    return rows


async def interrupt(engine: KokoroTTS) -> float:
    """Return the seconds from an interruption to a worker that is free."""
    async with aclosing(engine.synthesize(REPLIES[200], STYLE)) as sound:
        asking = asyncio.ensure_future(anext(sound))
        await asyncio.sleep(0.5)
        asking.cancel()
        await asyncio.wait([asking])
    began = time.perf_counter()
    while engine._supervisor._current is not None:  # noqa: ASYNC110 - it sets no event
        await asyncio.sleep(0.001)
    return time.perf_counter() - began


async def fault(engine: KokoroTTS, number: int) -> float:
    """Return the seconds from a worker's sudden end in mid-piece to the next engine's sound."""
    espeak = EspeakTTS()
    both = FallbackTTS([("Kokoro", engine), ("eSpeak NG", espeak)])
    await engine.prewarm()
    await first_chunk(both.synthesize("Yes.", STYLE))
    async with aclosing(both.synthesize(REPLIES[120], STYLE)) as sound:
        asking = asyncio.ensure_future(anext(sound))
        await asyncio.sleep(0.5)
        os.kill(worker_pid(engine), number)
        began = time.perf_counter()
        await asking
        took = time.perf_counter() - began
    await espeak.aclose()
    await asyncio.sleep(1.0)  # the worker's rest
    return took


async def first_chunk(sound: AsyncGenerator[AudioChunk, None]) -> None:
    """Take the first sound and leave."""
    async with aclosing(sound) as chunks:
        await anext(chunks)


async def endure(engine: KokoroTTS, sentences: int) -> dict[str, Any]:
    """Speak sentences of varied length; return the memory of worker and bot, at each tenth too."""
    chance = random.Random(1)
    await engine.prewarm()
    worker, bot, lost = [worker_mb(engine)], [resident_mb(os.getpid())], 0
    while len(worker) <= sentences:
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 14))).capitalize() + "."
        spoken = await speaks(engine, text)
        if not engine._supervisor.ready:
            lost += 1
            await another(engine)
        if spoken:
            worker.append(worker_mb(engine))
            bot.append(resident_mb(os.getpid()))
            if (done := len(worker) - 1) in tenths(sentences):
                print(f"{done:5} sentences: worker {worker[-1]:.0f} MB, bot {bot[-1]:.0f} MB")
                sys.stdout.flush()
    figures = {"worker_max": max(worker), "worker_end": worker[-1], "workers_lost": lost}
    tenth = [{"sentences": n, "worker_mb": worker[n], "bot_mb": bot[n]} for n in tenths(sentences)]
    return {**figures, "bot_growth": bot[-1] - bot[len(bot) // 4], "tenths": tenth}


async def speaks(engine: KokoroTTS, text: str) -> bool:
    """Take the sound of a text; tell whether there was any."""
    try:
        async with aclosing(engine.synthesize(text, STYLE)) as sound:
            return bool([chunk async for chunk in sound])
    except ProviderError as error:
        print(f"a sentence failed: {error}", flush=True)
        return False


async def another(engine: KokoroTTS) -> None:
    """Wait for the next worker. Raises ProviderError when none comes."""
    for _ in range(30):  # it rests after a failure
        await engine.prewarm()
        if engine._supervisor.ready:
            return
        await asyncio.sleep(1.0)
    raise ProviderError("no worker starts any more")


def tenths(sentences: int) -> list[int]:
    """Return how many sentences are done at each tenth of the run, its beginning included."""
    return sorted({sentences * tenth // 10 for tenth in range(11)})


async def measure(models: Path, rounds: int, sentences: int) -> dict[str, Any]:
    """Run all of it."""
    engine = KokoroTTS(models=models, voice=VOICE, max_rss_mb=LIMIT_MB, idle=None, threads=1)
    pipe, end = SPAWN.Pipe()
    from benchmarks.kokoro_pipeline import run

    other = SPAWN.Process(target=run, args=(end, models, VOICE))
    other.start()
    try:
        await asyncio.to_thread(pipe.recv)
        began = time.perf_counter()
        await engine.prewarm()
        loading = time.perf_counter() - began
        rows = await compare(engine, pipe, rounds)
        pipe.send(None)
        free = max([await interrupt(engine) for _ in range(3 * rounds)])
        killed = max([await fault(engine, signal.SIGKILL) for _ in range(rounds)])
        stopped = max([await fault(engine, signal.SIGSTOP) for _ in range(rounds)])
        memory = await endure(engine, sentences)
    finally:
        await engine.aclose()
        other.terminate()
        other.join()
    times = {"loading": loading, "free": free, "killed": killed, "stopped": stopped}
    return {"rows": rows, "sentences": sentences, **times, **memory}


def median(rows: list[dict[str, Any]], way: str, length: int, key: str) -> float:
    """Return the median of one figure."""
    found = [row[key] for row in rows if row["way"] == way and row["length"] == length]
    return float(statistics.median(found))


def claims(found: dict[str, Any]) -> list[Claim]:
    """Return what performance.md claims."""
    rows = found["rows"]
    made = []
    for length in REPLIES:
        values = {way: median(rows, way, length, "first") for way in ("ours", "whole", "sentences")}
        name = f"Kokoro, first sound, {length} characters"
        made.append(Claim(name, values["ours"], "s", None, False, "whole", values["whole"]))
        made.append(
            Claim(f"{name} ", values["ours"], "s", None, False, "sentences", values["sentences"])
        )
        ours, whole = (median(rows, way, length, "rtf") for way in ("ours", "whole"))
        made.append(
            Claim(f"Kokoro, RTF, {length} characters", ours, "", None, False, "whole", whole)
        )
    gain = median(rows, "whole", 120, "first") / median(rows, "ours", 120, "first")
    lags, theirs = (
        max(row["lag_ms"] for row in rows if (row["way"] == "ours") is ours)
        for ours in (True, False)
    )
    mb, other_mb = (median(rows, way, 200, "rss_mb") for way in ("ours", "whole"))
    return [
        *made,
        Claim("Kokoro, whole reply / first sound, 120 characters", gain, "x", 4.0, at_least=True),
        Claim("Kokoro, event loop's lag, p99, worst", lags, "ms", 20, False, "in a thread", theirs),
        Claim("Kokoro, memory of its process", mb, "MB", LIMIT_MB, False, "KPipeline", other_mb),
        Claim("Kokoro, worker free after an interruption, worst", 1000 * found["free"], "ms", 250),
        Claim("Kokoro, killed: next engine's sound, worst", found["killed"], "s", 1.5),
        Claim("Kokoro, stopped: next engine's sound, worst", found["stopped"], "s", 1.5),
        Claim(f"Kokoro, worker after {found['sentences']} sentences, most", found["worker_max"],
              "MB", LIMIT_MB),
        Claim("Kokoro, the bot's growth meanwhile", found["bot_growth"], "MB", 5),
    ]  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """Return the comparison as text."""
    lines = ["characters  way        first s    RTF  lag p99 ms   RSS MB"]
    for length, way in itertools.product(REPLIES, ("ours", "whole", "sentences")):
        keys = ("first", "rtf", "lag_ms", "rss_mb")
        first, rtf, lag, mb = (median(rows, way, length, key) for key in keys)
        lines.append(f"{length:10}  {way:9}  {first:7.2f}  {rtf:5.2f}  {lag:10.1f}  {mb:7.0f}")
    return "\n".join(lines)


def main() -> None:
    """Run the comparison and print it."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--rounds", type=int, default=3)
    options_parser.add_argument("--sentences", type=int, default=100)
    options = options_parser.parse_args()
    if not (find_spec("kokoro") and find_spec("torch")):
        print("The package kokoro is not installed: nothing to measure.")
        save(options.json, [], {})
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        build_torch_model(Path(folder), [VOICE])
        found = asyncio.run(measure(Path(folder), options.rounds, options.sentences))
    print(table(found["rows"]))
    print({key: value for key, value in found.items() if key not in ("rows", "tenths")})
    print(f"load before the run: {load:.1f} on {os.cpu_count()} cores")
    save(options.json, claims(found), {**found, "load": load})


if __name__ == "__main__":
    try:
        main()
    except ProviderError as error:
        sys.exit(str(error))
