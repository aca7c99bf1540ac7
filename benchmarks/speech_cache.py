"""Measure how soon a phrase is heard with the cache and without, and what the cache costs.

    python -m benchmarks.speech_cache [--json FILE]

From the request to the first frame that leaves, through the bot's own Speaker, encoder and clock;
only the connection is left out. The slow engine is scripted as Kokoro was measured (ONNX, one
thread: 0.63 s of work for a second of sound, the whole at once); its sound is eSpeak's. A phrase
is said three times: by the engine alone, by the engine with an empty cache, and from the cache.
eSpeak NG itself is measured with and without as well: it decides whether it gets a cache.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from benchmarks.claims import Claim, parser, save
from composition.speaking import new_encoder
from services.core.asker import asker_id
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS, AudioOutput
from services.core.types import FRAME_SECONDS, AudioChunk, Author, VoiceStyle
from services.speaker import Speaker
from services.tts.cache import CachedTTS
from services.tts.espeak import EspeakTTS
from services.tts.phrases import PhraseCache, phrase_key
from services.tts.phrases_ahead import PhrasesAhead
from services.voice.output import GuildOutput, VoiceClock

RTF = 0.63
"""Seconds of work for a second of sound: Kokoro by ONNX on one thread of the measuring machine."""

PHRASES = (
    "Yes, of course.",
    "I put the code in the chat.",
    "The rest is in the chat.",
    "Good morning, how can I help you?",
    "Sorry, I did not get that. Could you say it again?",
    "Let me think about that for a moment.",
    "Welcome back!",
    "That is a good question.",
    "You are welcome, have a nice evening.",
    "I can't do that, but here is what I can do.",
)
ROUNDS = 2
PCM_KB = 48.0
"""Kilobytes of a second of sound as Kokoro makes it: 24 kHz, 16 bits."""
HEARD = 0.1
"""Seconds of each phrase that are played."""

ASKER = Author(1, "Ana")
STYLE = VoiceStyle()


class SlowTTS:
    """Give eSpeak's sound as late as Kokoro would, the whole at once."""

    def __init__(self, tts: TTS) -> None:
        self._tts = tts

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Wait as long as the work takes, then hand out all the sound."""
        began = time.monotonic()
        async with aclosing(self._tts.synthesize(text, voice)) as chunks:
            sound = [chunk async for chunk in chunks]
        seconds = sum(len(chunk.pcm) / 2 / chunk.sample_rate for chunk in sound)
        await asyncio.sleep(RTF * seconds - (time.monotonic() - began))
        for chunk in sound:
            yield chunk

    async def prewarm(self) -> None:
        """Prewarm the engine behind."""
        await self._tts.prewarm()

    async def aclose(self) -> None:
        """Leave the engine to its owner."""


class Sink:
    """Take frames where a connection would."""

    speaking = True

    def send_frame(self, packet: bytes) -> bool:
        """Take every frame."""
        return True

    async def announce_speaking(self) -> None:
        """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold a clock, and speak through it into nothing."""

    clock: VoiceClock

    async def first_frame(self, tts: TTS, text: str) -> float:
        """Return the seconds from the request to the first frame."""
        output = GuildOutput(Sink(), clock=self.clock, patience=1.0)
        heard = asyncio.get_running_loop().create_future()

        def open_output(
            guild_id: int, on_first_frame: object, *, in_line: bool, asker: Author
        ) -> AudioOutput:
            return output.open_utterance(heard.set_result, in_line=in_line, asker=asker)

        speaker = Speaker(
            tts=tts,
            encoder=new_encoder,
            open_output=open_output,
            min_length=20,
            max_length=200,
            streaming=True,
            max_seconds=0.0,
            detect_language=True,
            pronounced=lambda engine, _: engine,
        )
        metrics = TurnMetrics("bench", 0.0)
        speech = speaker.open(1, asker=ASKER, style=STYLE, metrics=metrics, names={})
        if speech is None:
            raise RuntimeError("there is no output")
        speech.push(text)
        speech.end()
        began = self.clock.now()
        running = asyncio.create_task(speech.run())
        first: float = await heard - began
        await asyncio.sleep(HEARD)
        speech.stop()
        await running
        return first


def cached(tts: TTS) -> tuple[CachedTTS, PhraseCache]:
    """Return an engine with an empty cache."""
    ahead = PhrasesAhead(sentences=lambda _: (), style=STYLE)
    phrases = PhraseCache(max_bytes=100 * 2**20, files=None, ahead=ahead, private=lambda _: False)
    voice = CachedTTS(tts, identity="bench", phrases=phrases, encoder=new_encoder, make_ahead=False)
    return voice, phrases


async def measure(stage: Stage, tts: TTS) -> dict[str, list[float]]:
    """Return the times to the first frame, seconds, by way."""
    times: dict[str, list[float]] = {"without": [], "new, with": [], "cached": []}
    for _ in range(ROUNDS):
        voice, _ = cached(tts)
        for text in PHRASES:
            times["without"].append(await stage.first_frame(tts, text))
            times["new, with"].append(await stage.first_frame(voice, text))
            await asyncio.sleep(0.2)  # it is encoded beside
            times["cached"].append(await stage.first_frame(voice, text))
    return times


async def filled(tts: TTS) -> PhraseCache:
    """Return a cache that holds all phrases."""
    voice, phrases = cached(tts)
    for text in PHRASES:
        async with aclosing(voice.synthesize(text, STYLE)) as chunks:
            async for _ in chunks:
                pass
        while not phrases.has(phrase_key(engine="bench", text=text, voice=STYLE)):  # noqa: ASYNC110 - it is encoded beside
            await asyncio.sleep(0.01)
    return phrases


async def frames_of(phrases: PhraseCache, text: str) -> int:
    """Return how many frames of a text are kept."""
    found = await phrases.find(phrase_key(engine="bench", text=text, voice=STYLE))
    return 0 if found is None else len(found.lengths)


async def look_up_us(phrases: PhraseCache) -> float:
    """Return what finding a phrase and its packets takes, microseconds."""
    spans = []
    for _ in range(200):
        for text in PHRASES:
            began = time.perf_counter()
            found = await phrases.find(phrase_key(engine="bench", text=text, voice=STYLE))
            if found is not None:
                found.packets()
            spans.append(time.perf_counter() - began)
    return 1e6 * statistics.median(spans)


async def encoding_ms(tts: TTS) -> float:
    """Return the CPU that encoding a second of sound for the cache takes, milliseconds."""
    spent = sound = 0.0
    for text in PHRASES:
        async with aclosing(tts.synthesize(text, STYLE)) as chunks:
            made = [chunk async for chunk in chunks]
        encoder = await asyncio.to_thread(new_encoder)
        began = time.process_time()
        for chunk in made:
            sound += len(chunk.pcm) / 2 / chunk.sample_rate
            encoder.encode(chunk)
        encoder.finish(pause=0.0)
        spent += time.process_time() - began
    return 1000 * spent / sound


async def benchmark() -> tuple[list[Claim], dict[str, dict[str, list[float]]]]:
    """Measure everything and return the claims and the times behind them."""
    asker_id.set(ASKER.id)
    espeak = EspeakTTS()
    await espeak.prewarm()
    clock = VoiceClock()
    clock.start()
    stage = Stage(clock)
    await stage.first_frame(espeak, "I am ready.")
    slow = await measure(stage, SlowTTS(espeak))
    fast = await measure(stage, espeak)
    phrases = await filled(espeak)
    kept = phrases.statistics()
    seconds = FRAME_SECONDS * sum([await frames_of(phrases, text) for text in PHRASES])
    claims = [
        _claim("slow engine: first frame of a cached phrase", slow, "cached", bar=40),
        _claim("slow engine: first frame of a new phrase, with a cache", slow, "new, with"),
        _claim("eSpeak NG: first frame of a cached phrase", fast, "cached"),
        Claim("finding a phrase", await look_up_us(phrases), "µs"),
        Claim("encoding for the cache, CPU for 1 s of sound", await encoding_ms(espeak), "ms"),
        Claim(
            "memory for a second of sound",
            kept.bytes / seconds / 1000,
            "kB",
            competitor="PCM",
            theirs=PCM_KB,
        ),
        Claim("speech in 100 MB", 100 * 2**20 * seconds / kept.bytes / 3600, "h"),
    ]
    await clock.aclose()
    await espeak.aclose()
    return claims, {"slow": slow, "espeak": fast}


def _claim(
    name: str, times: dict[str, list[float]], way: str, *, bar: float | None = None
) -> Claim:
    ours, theirs = (_median_ms(times[each]) for each in (way, "without"))
    return Claim(name, ours, "ms", bar=bar, competitor="without a cache", theirs=theirs)


def _median_ms(times: Sequence[float]) -> float:
    return 1000 * statistics.median(times)


def main() -> None:
    """Measure and print."""
    options = parser(__doc__).parse_args()
    claims, details = asyncio.run(benchmark())
    for claim in claims:
        theirs = "" if claim.theirs is None else f"   without: {claim.theirs:.1f}"
        print(f"{claim.name:55}{claim.figure:10.1f} {claim.unit}{theirs}")
    save(options.json, claims, details)


if __name__ == "__main__":
    main()
