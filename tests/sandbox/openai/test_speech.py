import io
import wave
from typing import Any

import openai
import pytest

from tests.sandbox.openai.conftest import Guest

TEXT = "Good morning, everybody."


async def speak(guest: Guest, form: str = "pcm", **options: Any) -> list[bytes]:
    parameters: dict[str, Any] = {"voice": "any", "input": TEXT, "response_format": form}
    async with guest.client.audio.speech.with_streaming_response.create(
        model="any", **(parameters | options)
    ) as answer:
        return [chunk async for chunk in answer.iter_bytes()]


async def test_pcm_is_as_long_as_the_text_takes(guest: Guest) -> None:
    guest.server.script_speech({"ttfb": 0, "realtime_factor": 0})
    sound = b"".join(await speak(guest))
    assert len(sound) / 48_000 == pytest.approx(len(TEXT) / 13, abs=0.01)
    assert guest.bus.events == [("speech_request", {"characters": len(TEXT), "format": "pcm"})]


async def test_wav_has_a_true_header(guest: Guest) -> None:
    with wave.open(io.BytesIO(b"".join(await speak(guest, "wav")))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 24_000)
        assert len(sound.readframes(sound.getnframes())) == 2 * sound.getnframes()


async def test_chunks_have_odd_sizes(guest: Guest) -> None:
    guest.server.script_speech({"ttfb": 0.01, "realtime_factor": 0.3})
    assert any(len(chunk) % 2 for chunk in await speak(guest))


@pytest.mark.parametrize(
    "options", [{"form": "mp3"}, {"speed": 9}, {"input": "x" * 4097}, {"input": ""}]
)
async def test_what_it_cannot_speak_is_refused(guest: Guest, options: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        await speak(guest, **options)


async def test_the_fault_error_strikes_once(guest: Guest) -> None:
    guest.faults.order("speech", "error")
    with pytest.raises(openai.InternalServerError):
        await speak(guest)
    guest.faults.order("speech", "slow", 0.01)
    assert await speak(guest)


@pytest.mark.parametrize("body", [None, [], {"ttfb": "soon"}, {"realtime_factor": -1}])
def test_a_bad_script_gets_one_sentence(guest: Guest, body: object) -> None:
    with pytest.raises(ValueError, match=r"\.$|number"):
        guest.server.script_speech(body)
