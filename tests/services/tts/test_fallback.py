import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from services.core.errors import (
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
)
from services.core.protocols import TTS
from services.core.types import AudioChunk, VoiceStyle
from services.tts.fallback import FIRST_REST, FallbackTTS
from tests.services.speech_fakes import FakeTTS

pytestmark = pytest.mark.virtual_time
DOWN = ProviderConnectionError("down")


class ScriptedTTS:
    """Say its name, or fail as long as `error` is set, after `chunks_before` chunks."""

    def __init__(self, name: str, error: ProviderError | None = None, before: int = 0) -> None:
        self.sound = AudioChunk(pcm=name.encode())
        self.error, self.before = error, before
        self.calls = self.prewarmed = self.closed = 0

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        self.calls += 1
        for _ in range(self.before if self.error else 2):
            yield self.sound
        if self.error:
            raise self.error

    async def prewarm(self) -> None:
        self.prewarmed += 1

    async def aclose(self) -> None:
        self.closed += 1


async def speak(tts: TTS) -> list[str]:
    async with aclosing(tts.synthesize("Hello.", VoiceStyle())) as sound:
        return [chunk.pcm.decode() async for chunk in sound]


def chain(*engines: ScriptedTTS) -> FallbackTTS:
    named: Sequence[tuple[str, TTS]] = [(engine.sound.pcm.decode(), engine) for engine in engines]
    return FallbackTTS(named)


async def test_the_first_engine_speaks_while_it_works() -> None:
    best, other = ScriptedTTS("best"), ScriptedTTS("other")

    assert await speak(chain(best, other)) == ["best", "best"]
    assert other.calls == 0


async def test_the_next_engine_takes_a_piece_of_which_nothing_was_said() -> None:
    assert await speak(chain(ScriptedTTS("best", DOWN), ScriptedTTS("other"))) == ["other"] * 2


async def test_a_piece_that_was_begun_is_not_said_again() -> None:
    other = ScriptedTTS("other")
    tts = chain(ScriptedTTS("best", DOWN, before=1), other)

    with pytest.raises(ProviderConnectionError):
        await speak(tts)
    assert other.calls == 0
    assert await speak(tts) == ["other", "other"]


async def test_when_all_fail_the_last_failure_is_raised() -> None:
    last = ProviderRequestError("last")

    with pytest.raises(ProviderRequestError, match="last"):
        await speak(chain(ScriptedTTS("best", DOWN), ScriptedTTS("other", last)))


async def test_a_failing_engine_rests_longer_each_time() -> None:
    best = ScriptedTTS("best", DOWN)
    tts = chain(best, ScriptedTTS("other"))
    tried: list[int] = []
    for second in range(40):
        await speak(tts)
        if best.calls > len(tried):
            tried.append(second)
        await asyncio.sleep(1)

    assert tried == [0, FIRST_REST, 3 * FIRST_REST, 7 * FIRST_REST]


async def test_a_rate_limit_is_honoured() -> None:
    best = ScriptedTTS("best", ProviderRateLimitError("slow down", retry_after=60))
    tts = chain(best, ScriptedTTS("other"))
    await speak(tts)
    await asyncio.sleep(59)
    await speak(tts)
    assert best.calls == 1
    await asyncio.sleep(2)
    await speak(tts)
    assert best.calls == 2


async def test_an_engine_that_refused_one_text_is_asked_again() -> None:
    best = ScriptedTTS("best", ProviderRequestError("unknown voice"))
    tts = chain(best, ScriptedTTS("other"))
    await speak(tts)
    best.error = None

    assert await speak(tts) == ["best", "best"]


async def test_when_all_rest_all_are_tried() -> None:
    only = ScriptedTTS("only", DOWN)
    tts = chain(only)
    with pytest.raises(ProviderConnectionError):
        await speak(tts)
    only.error = None

    assert await speak(tts) == ["only", "only"]


async def test_failure_and_recovery_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    best = ScriptedTTS("best", DOWN)
    tts = chain(best, ScriptedTTS("other"))
    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            await speak(tts)
            await asyncio.sleep(1)
        best.error = None
        for _ in range(30):
            await speak(tts)
            await asyncio.sleep(1)

    assert [record.getMessage() for record in caplog.records] == [
        "Voice best failed: down",
        "Voice best is back",
    ]


async def test_a_text_that_has_no_sound_makes_no_engine_slow() -> None:
    fast = FakeTTS(delay=0.01)
    slow = FakeTTS(rtf=2.0)
    tts = FallbackTTS([("fast", fast), ("slow", slow)])
    for text in ("", "Hello."):
        async with aclosing(tts.synthesize(text, VoiceStyle(hurried=True))) as sound:
            assert bool([chunk async for chunk in sound]) is bool(text)
    assert fast.texts == ["", "Hello."]


async def test_closing_the_piece_closes_the_engines_stream() -> None:
    closed = []

    class Endless(ScriptedTTS):
        async def synthesize(
            self, text: str, voice: VoiceStyle
        ) -> AsyncGenerator[AudioChunk, None]:
            try:
                while True:
                    yield self.sound
            finally:
                closed.append(True)

    async with aclosing(chain(Endless("best")).synthesize("Hello.", VoiceStyle())) as sound:
        await anext(sound)

    assert closed == [True]


async def test_all_engines_are_prewarmed_and_closed() -> None:
    engines = [ScriptedTTS("best"), ScriptedTTS("other")]
    tts = chain(*engines)
    await tts.prewarm()
    await tts.aclose()

    assert [(engine.prewarmed, engine.closed) for engine in engines] == [(1, 1), (1, 1)]
