"""Kokoro's real libraries in real workers, with models of its architecture but no voice."""

import array
import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio

from services.core.errors import ProviderConnectionError, ProviderError
from services.core.metrics import TurnMetrics
from services.core.types import AudioChunk, VoiceStyle
from services.speaking_pace import SpeakingPace
from services.spoken_reply import SpokenReply
from services.tts.espeak import EspeakTTS
from services.tts.fallback import FallbackTTS
from services.tts.kokoro import KokoroTTS
from services.tts.kokoro_files import ONNX, TORCH, find_backend
from services.tts.worker_supervisor import DEFAULT_PATIENCE
from services.voice.opus import OpusEncoder
from tests.services.speech_fakes import FakeOutput
from tests.services.tts.kokoro_models import build_onnx_model, build_torch_model

SECOND = 24_000
TEXT = "The quick brown fox jumps over the lazy dog."
BACKENDS = {
    TORCH: (("kokoro", "torch"), build_torch_model),
    ONNX: (("kokoro_onnx",), build_onnx_model),
}

pytestmark = [
    pytest.mark.kokoro,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning"),  # torch's own
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(BACKENDS))
async def kokoro(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[KokoroTTS]:
    packages, build = BACKENDS[request.param]
    if not all(map(find_spec, packages)):
        pytest.skip(f"{' and '.join(packages)} not installed")
    models = tmp_path_factory.mktemp("models")
    build(models)
    assert find_backend(models) == request.param
    engine = build_engine(models)
    await engine.prewarm()
    yield engine
    await engine.aclose()


def build_engine(models: Path, **options: Any) -> KokoroTTS:
    usual = {"voice": "af_heart", "max_rss_mb": 1e9, "idle": None, "threads": 1}
    return KokoroTTS(models=models, **{**usual, **options})


async def spoken(engine: KokoroTTS, text: str, **style: object) -> "array.array[int]":
    async with aclosing(engine.synthesize(text, VoiceStyle(**style))) as sound:  # type: ignore[arg-type]
        chunks = [chunk async for chunk in sound]
    assert {chunk.sample_rate for chunk in chunks} == {SECOND}
    return array.array("h", b"".join(chunk.pcm for chunk in chunks))


async def test_a_text_becomes_sound_of_a_natural_length(kokoro: KokoroTTS) -> None:
    samples = await spoken(kokoro, TEXT)

    assert 2 < len(samples) / SECOND < 6
    assert max(samples) > 500


async def test_speed_voice_and_language_are_heard(kokoro: KokoroTTS) -> None:
    natural = await spoken(kokoro, "tomato tomato tomato")
    fast = await spoken(kokoro, "tomato tomato tomato", speed=1.5)
    british = await spoken(kokoro, "tomato tomato tomato", voice="bf_emma", language="en-gb")

    assert 1.2 < len(natural) / len(fast) < 1.8
    assert natural != british
    assert await spoken(kokoro, "Bonjour", language="fr")


async def test_voices_are_listed_and_blended(
    kokoro: KokoroTTS, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = "af_heart", "bf_emma"
    assert [voice.name for voice in kokoro.offer().voices] == [one, other]

    pure = await spoken(kokoro, "Hello there.", voice=one)
    assert await spoken(kokoro, "Hello there.", voice=f"{one}*0.5+{one}*2") == pure
    assert await spoken(kokoro, "Hello there.", voice=f"{one}+nobody") == pure
    assert len(await spoken(kokoro, "Hello there.", voice=f"{one}*0.6+{other}*0.4")) > SECOND / 2
    assert "Kokoro has no voice 'nobody'; using another" in caplog.text


async def test_closing_frees_the_worker_without_replacing_it(kokoro: KokoroTTS) -> None:
    worker = kokoro._supervisor._worker
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await spoken(kokoro, TEXT * 10)
    await spoken(kokoro, "Yes.")

    assert kokoro._supervisor._worker is worker


@pytest.mark.parametrize(
    "text", ["\ud800 [x](/y/) {}", "1e400 $£€ 2^10", "<speak>", "\uff41\uff42 ①②③"]
)
async def test_odd_text_leaves_the_worker_alive(kokoro: KokoroTTS, text: str) -> None:
    worker = kokoro._supervisor._worker
    try:
        await spoken(kokoro, text)
    except ProviderConnectionError:
        pytest.fail("the worker died of it")
    except Exception as error:  # noqa: BLE001 - refused in words is well
        assert "\n" not in str(error)

    assert kokoro._supervisor._worker is worker


async def test_a_damaged_model_is_told_in_words(tmp_path: Path) -> None:
    packages, build = BACKENDS[ONNX]
    if not all(map(find_spec, packages)):
        pytest.skip("kokoro-onnx not installed")
    build(tmp_path)
    (tmp_path / "kokoro-v1.0.onnx").write_bytes(b"damaged")
    engine = build_engine(tmp_path, patience=replace(DEFAULT_PATIENCE, loading=60))
    with pytest.raises(ProviderConnectionError, match="the worker failed: InvalidProtobuf"):
        await spoken(engine, "Hello")
    await engine.aclose()


LOOKAHEAD = 312
"""Samples that libopus delays the sound by."""

REPLY = (
    "Yes, of course I can. The shop on the corner opens at nine in the morning. "
    "It closes at six, but on Fridays it is open late."
)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def starve(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit")
@pytest.mark.parametrize("harm", [kill, stop, starve])
async def test_a_worker_harmed_in_mid_reply_costs_no_piece_and_no_click(
    kokoro: KokoroTTS, harm: Callable[[int], None], request: pytest.FixtureRequest
) -> None:
    """The pieces' words are heard once and in order; the next engine speaks the rest."""
    if request.node.callspec.params["kokoro"] != TORCH:
        pytest.skip("the processes are the same")
    espeak = EspeakTTS()
    await kokoro.prewarm()
    await spoken(kokoro, "Yes.")
    output = HarmingOutput(lambda: harm(worker_pid(kokoro)))
    reply = SpokenReply(
        tts=FallbackTTS([("Kokoro", kokoro), ("eSpeak NG", espeak)]),
        encoder=OpusEncoder,
        output=output,
        style=VoiceStyle(),
        metrics=TurnMetrics("t", 0.0),
        names={},
        pace=SpeakingPace(),
        min_length=20,
        max_length=200,
        streaming=True,
        max_seconds=0.0,
        detect_language=False,
    )
    reply.push(REPLY)
    reply.end()
    await reply.run()
    await espeak.aclose()

    assert output.harmed
    assert " ".join(output.texts).split() == REPLY.split()
    assert loudest_step_at_joints(output) < 10 ** (-30 / 20) * 32768
    assert await recovered(kokoro)


class HarmingOutput(FakeOutput):
    """Do harm when the first sound has come; note where pieces begin, in packets."""

    def __init__(self, harm: Callable[[], None]) -> None:
        super().__init__()
        self._harm = harm
        self.harmed = False
        self.joints: list[int] = []

    async def write(self, chunk: AudioChunk) -> None:
        if chunk.text:
            self.joints.append(len(self.packets))
        await super().write(chunk)
        if not self.harmed:
            self.harmed = True
            self._harm()


def loudest_step_at_joints(output: HarmingOutput) -> int:
    """Return the largest step between two samples within 2 ms of where two pieces meet.

    Further off there is speech, whose own steps are as large.
    """
    decoder = discord.opus.Decoder()  # type: ignore[no-untyped-call]
    pcm = b"".join(decoder.decode(packet, fec=False) for packet in output.packets)
    left = array.array("h", pcm)[::2]
    assert len(output.joints) > 1
    joints = [joint * 960 + LOOKAHEAD for joint in output.joints]
    near = [at for joint in joints for at in range(joint - 96, joint + 96)]
    return max(abs(left[at] - left[at - 1]) for at in near if at < len(left))


def worker_pid(engine: KokoroTTS) -> int:
    worker: Any = engine._supervisor._worker
    return int(worker._transport.get_pid())


async def recovered(engine: KokoroTTS) -> bool:
    async with asyncio.timeout(60):
        while not engine._supervisor.ready:
            with suppress(ProviderError):
                await engine._supervisor.warm()
            await asyncio.sleep(0.05)
    return bool(await spoken(engine, "Yes."))
