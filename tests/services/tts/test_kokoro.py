"""KokoroTTS and the processes behind it, with a tone in the place of the neural voice."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from services.core.errors import (
    EmptyResponseError,
    ProviderConnectionError,
    ProviderError,
    ProviderRequestError,
    ProviderTimeoutError,
)
from services.core.types import VoiceStyle
from services.tts.espeak import EspeakTTS
from services.tts.fallback import FallbackTTS
from services.tts.kokoro import MAX_CHARACTERS, KokoroTTS, StillLoadingError
from services.tts.worker_process import WorkerProcess
from services.tts.worker_supervisor import DEFAULT_PATIENCE, MAX_WAITING
from tests.services.tts.tone_backend import SAMPLE_RATE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
STYLE = VoiceStyle()
BRISK = replace(DEFAULT_PATIENCE, loading=10, quiet=0.05, first_rest=0.02)
TONE = "tests.services.tts.tone_backend:Tone"

Build = Callable[..., KokoroTTS]


@pytest_asyncio.fixture
async def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Build]:
    built: list[KokoroTTS] = []
    pids = tmp_path / "pids"
    monkeypatch.setenv("TONE_PIDS", str(pids))

    def build(**options: object) -> KokoroTTS:
        usual = {"max_rss_mb": 1e9, "idle": None, "patience": BRISK, "backend": TONE, "threads": 1}
        engine = KokoroTTS(
            models=tmp_path,
            voice="low",
            **{**usual, **options},  # type: ignore[arg-type]
        )
        built.append(engine)
        return engine

    yield build
    for engine in built:
        await engine.aclose()
    assert not any(exists(pid) for pid in started(tmp_path))


def own(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the project logged; asyncio tells of a child that it saw end twice."""
    return [record for record in caplog.records if record.name.startswith("services.")]


def started(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def spoken(engine: KokoroTTS, text: str, style: VoiceStyle = STYLE) -> bytes:
    async with aclosing(engine.synthesize(text, style)) as sound:
        chunks = [chunk async for chunk in sound]
    assert {chunk.sample_rate for chunk in chunks} <= {SAMPLE_RATE}
    return b"".join(chunk.pcm for chunk in chunks)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - other processes set no events
            await asyncio.sleep(0.005)


async def recovered(engine: KokoroTTS) -> bytes:
    async with asyncio.timeout(10):
        while True:
            with suppress(ProviderError):
                return await spoken(engine, "Hello")
            await asyncio.sleep(0.01)


async def test_a_text_becomes_sound_in_small_chunks(build: Build) -> None:
    async with aclosing(build().synthesize("word " * 20, STYLE)) as sound:
        chunks = [chunk.pcm async for chunk in sound]

    assert sum(map(len, chunks)) == 2 * SAMPLE_RATE * 5
    assert all(len(chunk) <= SAMPLE_RATE for chunk in chunks)


async def test_what_is_longer_than_any_piece_is_cut(build: Build) -> None:
    assert len(await spoken(build(), "a" * (MAX_CHARACTERS + 100))) == 800 * MAX_CHARACTERS


async def test_style_reaches_the_backend(build: Build) -> None:
    engine = build()
    low = await spoken(engine, "Hello")

    assert len(await spoken(engine, "Hello", VoiceStyle(speed=2.0))) == len(low) / 2
    assert await spoken(engine, "Hello", VoiceStyle(voice="HIGH")) != low


async def test_an_unknown_voice_speaks_as_the_default_and_is_noted_once(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    engine = build()
    with caplog.at_level(logging.WARNING):
        odd = [await spoken(engine, "Hello", VoiceStyle(voice="alloy")) for _ in range(2)]

    assert odd == [await spoken(engine, "Hello")] * 2
    assert [record.getMessage() for record in own(caplog)] == [
        "Kokoro has no voice 'alloy'; using another"
    ]


async def test_one_worker_serves_everybody_in_turn(build: Build, tmp_path: Path) -> None:
    engine = build()
    texts = ["a" * n for n in range(1, 8)]
    sounds = await asyncio.gather(*(spoken(engine, text) for text in texts))

    assert [len(sound) for sound in sounds] == [800 * n for n in range(1, 8)]
    assert len(started(tmp_path)) == 1


async def test_a_slow_listener_keeps_the_worker_from_nobody(build: Build) -> None:
    engine = build()
    async with aclosing(engine.synthesize("word " * 200, STYLE)) as sound:
        await anext(sound)
        assert await spoken(engine, "Hello")


async def test_nothing_is_started_before_it_is_needed(build: Build, tmp_path: Path) -> None:
    engine = build()
    await asyncio.sleep(0)
    assert started(tmp_path) == []
    await engine.prewarm()
    await engine.prewarm()
    assert len(started(tmp_path)) == 1


async def test_too_many_waiting_texts_are_refused_at_once(build: Build) -> None:
    engine = build()
    await engine.prewarm()
    async with aclosing(engine.synthesize("long", STYLE)) as busy:
        running = asyncio.ensure_future(anext(busy))
        await asyncio.sleep(0.01)
        waiting = [asyncio.ensure_future(spoken(engine, "Hello")) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(ProviderRequestError, match="busy"):
            await spoken(engine, "one too many")
        running.cancel()
        await asyncio.wait([running])
    assert all(await asyncio.gather(*waiting))


async def test_one_text_too_many_takes_kokoro_from_nobody_else(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    kokoro, espeak = build(), EspeakTTS()
    both = FallbackTTS([("Kokoro", kokoro), ("eSpeak NG", espeak)])
    await kokoro.prewarm()

    async def rate() -> int:
        async with aclosing(both.synthesize("Hello there.", STYLE)) as sound:
            return {chunk.sample_rate async for chunk in sound}.pop()

    with caplog.at_level(logging.WARNING):
        running = asyncio.ensure_future(spoken(kokoro, "long"))
        await asyncio.sleep(0.01)
        waiting = [asyncio.ensure_future(rate()) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        assert await rate() == 22_050
        running.cancel()
        assert await asyncio.gather(*waiting) == [SAMPLE_RATE] * MAX_WAITING
        assert await rate() == SAMPLE_RATE
    await espeak.aclose()

    assert own(caplog) == []


@pytest.mark.parametrize(
    ("text", "words"), [("refuse", "not this text"), ("bug", "ValueError at tone_backend.py:")]
)
async def test_a_refused_text_costs_nothing_else(
    build: Build, tmp_path: Path, text: str, words: str
) -> None:
    engine = build()
    with pytest.raises(ProviderRequestError) as caught:
        await spoken(engine, text)

    assert words in str(caught.value)
    assert text not in str(caught.value) or text == "refuse"
    assert await spoken(engine, "Hello")
    assert len(started(tmp_path)) == 1


async def test_silence_is_an_error(build: Build) -> None:
    with pytest.raises(EmptyResponseError):
        await spoken(build(), "")


async def test_a_language_that_it_does_not_speak_is_refused(build: Build, tmp_path: Path) -> None:
    with pytest.raises(ProviderRequestError, match="'de'"):
        await spoken(build(), "Guten Tag", VoiceStyle(language="de"))
    assert started(tmp_path) == []


async def test_closing_frees_the_worker_at_once(build: Build, tmp_path: Path) -> None:
    engine = build()
    await engine.prewarm()
    async with aclosing(engine.synthesize("long", STYLE)) as sound:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(sound)

    assert await spoken(engine, "Hello")
    assert len(started(tmp_path)) == 1


async def test_shutting_down_leaves_nobody_waiting_for_the_text_being_spoken(
    build: Build,
) -> None:
    engine = build()
    await engine.prewarm()
    speaking = asyncio.ensure_future(spoken(engine, "long"))
    queued = asyncio.ensure_future(spoken(engine, "Hello"))
    await asyncio.sleep(0.05)
    await engine.aclose()
    async with asyncio.timeout(10):
        failures = await asyncio.gather(speaking, queued, return_exceptions=True)

    assert [str(failure) for failure in failures] == ["closed"] * 2


async def test_a_worker_that_will_not_stop_is_replaced(build: Build, tmp_path: Path) -> None:
    engine = build()
    await engine.prewarm()
    async with aclosing(engine.synthesize("deaf", STYLE)) as sound:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(sound)

    assert await spoken(engine, "Hello")
    assert len(started(tmp_path)) == 2


@pytest.mark.parametrize("text", ["die", "memory"])
async def test_a_worker_that_dies_speaking_is_replaced(
    build: Build, tmp_path: Path, text: str
) -> None:
    engine = build()
    with pytest.raises(ProviderConnectionError):
        await spoken(engine, text)

    assert await recovered(engine)
    assert len(started(tmp_path)) == 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_a_worker_killed_while_it_speaks_is_replaced(
    build: Build, tmp_path: Path, number: int
) -> None:
    engine = build()
    await engine.prewarm()
    speaking = asyncio.ensure_future(spoken(engine, "long"))
    queued = asyncio.ensure_future(spoken(engine, "Hello"))
    await asyncio.sleep(0.05)
    os.kill(started(tmp_path)[0], number)
    failures = await asyncio.gather(speaking, queued, return_exceptions=True)

    assert [type(failure) for failure in failures] == [ProviderConnectionError] * 2
    assert await recovered(engine)


async def test_a_worker_killed_while_it_waits_is_replaced_unasked(
    build: Build, tmp_path: Path
) -> None:
    engine = build()
    await engine.prewarm()
    os.kill(started(tmp_path)[0], signal.SIGKILL)
    await until(lambda: len(started(tmp_path)) == 2)

    assert await recovered(engine)


async def test_a_stopped_worker_is_given_up_in_time(build: Build, tmp_path: Path) -> None:
    engine = build(patience=replace(BRISK, base=0.1, per_character=0.0))
    await engine.prewarm()
    os.kill(started(tmp_path)[0], signal.SIGSTOP)
    with pytest.raises(ProviderTimeoutError):
        await spoken(engine, "Hello")

    assert await recovered(engine)


async def test_another_engine_takes_the_piece_of_a_killed_worker(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kokoro, espeak = build(), EspeakTTS()
    both = FallbackTTS([("Kokoro", kokoro), ("eSpeak NG", espeak)])
    await both.prewarm()
    os.kill(started(tmp_path)[0], signal.SIGKILL)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            async with aclosing(both.synthesize("Hello there.", STYLE)) as sound:
                assert {chunk.sample_rate async for chunk in sound} == {22_050}
    await espeak.aclose()

    assert len(own(caplog)) == 1


async def test_a_worker_that_cannot_load_says_why_and_is_not_tried_in_a_loop(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken").touch()
    engine = build(patience=replace(BRISK, first_rest=100))
    with caplog.at_level(logging.INFO):
        await engine.prewarm()
        with pytest.raises(ProviderConnectionError, match="the weights are damaged"):
            await spoken(engine, "Hello")

    assert len(started(tmp_path)) == 1
    assert [record.message for record in own(caplog) if record.levelno >= logging.WARNING] == [
        "Kokoro cannot speak: the worker failed: OSError: the weights are damaged"
    ]
    assert "noise" not in caplog.text


async def test_nobody_waits_for_a_worker_that_rests_and_its_failure_is_said_once(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken").touch()
    engine = build(patience=replace(BRISK, first_rest=100))
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(10):
            for _ in range(3):
                await engine.prewarm()

    assert len(started(tmp_path)) == len(own(caplog)) == 1


async def test_a_worker_that_rests_is_loaded_afterwards_where_somebody_wanted_it(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken").touch()
    engine = build(patience=replace(BRISK, first_rest=0.3))
    with caplog.at_level(logging.WARNING):
        await engine.prewarm()
        (tmp_path / "broken").unlink()
        await engine.prewarm()
        await until(lambda: engine._supervisor.ready)
        await engine.prewarm()
        assert len(own(caplog)) == 1
        os.kill(started(tmp_path)[-1], signal.SIGKILL)
        (tmp_path / "broken").touch()
        await until(lambda: not engine._supervisor.ready)
        await until(lambda: len(started(tmp_path)) == 3)
        await engine.prewarm()

    assert len(own(caplog)) == 2


async def test_a_text_waits_only_so_long_for_a_loading_worker(build: Build, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    engine = build(patience=replace(BRISK, loading=0.05))
    with pytest.raises(StillLoadingError):
        await spoken(engine, "Hello")
    (tmp_path / "slow").unlink()
    await engine.prewarm()

    assert await spoken(engine, "Hello")
    assert len(started(tmp_path)) == 1


async def test_a_worker_that_loads_forever_is_killed(build: Build, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    engine = build(patience=replace(BRISK, start=0.2, first_rest=100))
    with pytest.raises(ProviderTimeoutError):
        await spoken(engine, "Hello")
    await until(lambda: not any(map(exists, started(tmp_path))))


async def test_a_worker_that_has_grown_is_replaced_when_it_is_quiet(
    build: Build, tmp_path: Path
) -> None:
    engine = build(max_rss_mb=60)
    await spoken(engine, "Hello")
    await spoken(engine, "grow")
    await until(lambda: len(started(tmp_path)) == 2)

    assert await spoken(engine, "Hello")


async def test_a_worker_that_has_grown_far_too_big_is_replaced_at_once(
    build: Build, tmp_path: Path
) -> None:
    engine = build(max_rss_mb=1)
    sounds = await asyncio.gather(*(spoken(engine, "Hello") for _ in range(3)))

    assert all(sounds)
    await until(lambda: len(started(tmp_path)) == 4)


async def test_an_idle_worker_is_unloaded_and_comes_back(build: Build, tmp_path: Path) -> None:
    engine = build(idle=0.05)
    await spoken(engine, "Hello")
    await spoken(engine, "Hello again")
    await until(lambda: not exists(started(tmp_path)[0]))
    await asyncio.sleep(0.05)
    assert len(started(tmp_path)) == 1

    assert await spoken(engine, "Hello")
    assert len(started(tmp_path)) == 2


async def test_prewarming_begins_the_idle_time_anew_and_brings_a_worker_back(
    build: Build, tmp_path: Path
) -> None:
    engine = build(idle=0.4)
    both = FallbackTTS([("Kokoro", engine)])
    await both.prewarm()
    for _ in range(6):
        await asyncio.sleep(0.1)
        await both.prewarm()
    assert len(started(tmp_path)) == 1
    await until(lambda: not exists(started(tmp_path)[0]))
    await both.prewarm()

    assert await spoken(engine, "Hello")
    assert len(started(tmp_path)) == 2


async def test_another_engine_speaks_a_language_that_kokoro_does_not(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    kokoro, espeak = build(), EspeakTTS()
    both = FallbackTTS([("Kokoro", kokoro), ("eSpeak NG", espeak)])
    rates = {}
    with caplog.at_level(logging.WARNING):
        for language in ("en", "de", "fr"):
            async with aclosing(both.synthesize("Hallo.", VoiceStyle(language=language))) as sound:
                (rates[language],) = {chunk.sample_rate async for chunk in sound}
    await espeak.aclose()

    assert rates == {"en": SAMPLE_RATE, "de": 22_050, "fr": SAMPLE_RATE}
    assert own(caplog) == []


async def test_without_a_model_it_says_so_in_a_sentence_and_starts_nothing(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = build(backend=None)
    with caplog.at_level(logging.WARNING):
        await engine.prewarm()
    with pytest.raises(ProviderError) as caught:
        await spoken(engine, "Hello")

    (record,) = own(caplog)
    assert record.message.startswith("Kokoro cannot speak: Kokoro ")
    assert str(tmp_path) in record.message
    assert str(tmp_path) in str(caught.value)
    assert started(tmp_path) == []


async def test_another_engine_speaks_while_the_worker_loads(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "slow").touch()
    kokoro, espeak = build(patience=replace(BRISK, loading=0)), EspeakTTS()
    both = FallbackTTS([("Kokoro", kokoro), ("eSpeak NG", espeak)])

    async def rates() -> set[int]:
        async with aclosing(both.synthesize("Hello there.", STYLE)) as sound:
            return {chunk.sample_rate async for chunk in sound}

    with caplog.at_level(logging.WARNING):
        assert await rates() == {22_050}
        (tmp_path / "slow").unlink()
        await kokoro.prewarm()
        assert await rates() == {SAMPLE_RATE}
    await espeak.aclose()

    assert own(caplog) == []
    assert len(started(tmp_path)) == 1


async def test_a_worker_that_gives_no_sign_of_life_is_replaced(
    build: Build, tmp_path: Path
) -> None:
    engine = build(patience=replace(BRISK, silence=0.3))
    await spoken(engine, "Hello")
    speaking = asyncio.ensure_future(spoken(engine, "long"))
    await asyncio.sleep(0.4)
    assert not speaking.done()
    os.kill(started(tmp_path)[0], signal.SIGSTOP)
    with pytest.raises(ProviderConnectionError, match="no sign of life"):
        await speaking

    assert await recovered(engine)


async def test_the_first_text_of_a_language_may_load_without_a_sign(build: Build) -> None:
    engine = build(patience=replace(BRISK, silence=0.05))
    assert await spoken(engine, "stall")
    assert await spoken(engine, "Hello")
    with pytest.raises(ProviderConnectionError, match="no sign of life"):
        await spoken(engine, "stall")


async def test_the_worker_sees_no_secret_may_not_download_and_is_held_small(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "abc")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    await build(threads=3).prewarm()
    environment = (tmp_path / "pids.environment").read_text()

    assert "HF_HUB_OFFLINE=1" in environment
    assert "OMP_NUM_THREADS=3" in environment
    assert "ONEDNN_PRIMITIVE_CACHE_CAPACITY=64" in environment
    assert "abc" not in environment
    assert "sk-1" not in environment


async def test_the_worker_ends_with_its_bot_even_in_mid_synthesis(tmp_path: Path) -> None:
    script = f"""
import asyncio, pathlib
from services.core.types import VoiceStyle
from services.tts.kokoro import KokoroTTS, StillLoadingError
async def main():
    engine = KokoroTTS(models=pathlib.Path({str(tmp_path)!r}), voice="low", max_rss_mb=1e9,
                       idle=None, threads=1, backend={TONE!r})
    await engine.prewarm()
    async for _ in engine.synthesize("deaf", VoiceStyle()): pass
asyncio.run(main())
"""
    environment = {**os.environ, "TONE_PIDS": str(tmp_path / "pids")}
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=environment, cwd=Path(__file__).parents[3]
    )
    await until(lambda: (tmp_path / "pids.deaf").exists())
    bot.kill()
    await bot.wait()

    await until(lambda: gone_or_defunct(started(tmp_path)[0]))


def gone_or_defunct(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with suppress(OSError):
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    return False


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.write(1, b'\\x63' * 100); os.read(0, 1)",
        "import os; os.write(1, b'\\x05\\0\\0\\0\\x02{}'); os.read(0, 1)",
        "import os; os.write(1, b'\\x03\\0\\0\\0\\x02{}'); os.read(0, 1)",
        "import os; os.write(1, b'\\x03\\0\\0\\0\\x02[]'); os.read(0, 1)",
        "import os; os.write(1, b'\\x03\\0\\0\\0\\x02no'); os.read(0, 1)",
        "import sys; sys.exit(3)",
    ],
)
async def test_a_program_that_is_no_worker_is_given_up(program: str, tmp_path: Path) -> None:
    process = await WorkerProcess.spawn(
        ["-c", program], directory=tmp_path, environment=os.environ, on_end=lambda: None
    )
    with pytest.raises(ProviderError):
        await process.ready(10)
    await process.aclose()

    assert not process.alive


async def test_a_worker_that_does_not_stop_speaking_is_killed(build: Build) -> None:
    with pytest.raises(ProviderConnectionError, match="did not stop speaking"):
        await spoken(build(), "endless")
