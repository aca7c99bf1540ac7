import io
import wave

import openai
import pytest

from sandbox.openai import tone
from tests.sandbox.openai.conftest import Guest


def recording(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(tone.SAMPLE_RATE)
        sound.writeframes(bytes(2 * int(seconds * tone.SAMPLE_RATE)))
    return file.getvalue()


async def hear(guest: Guest, sound: bytes) -> str:
    answer = await guest.client.audio.transcriptions.create(
        model="any", file=("speech.wav", sound), language="en"
    )
    return answer.text


async def test_scripted_words_come_in_order_and_then_the_honest_answer(guest: Guest) -> None:
    guest.server.script_transcription({"texts": ["hello bot", "stop"], "delay": 0.01})
    assert await hear(guest, recording(1.0)) == "hello bot"
    assert await hear(guest, recording(1.0)) == "stop"
    assert "2.5 seconds" in await hear(guest, recording(2.5))


async def test_the_form_s_fields_are_kept_without_the_sound(guest: Guest) -> None:
    await hear(guest, recording(0.1))
    [request] = guest.server.requests()["requests"]
    assert request["body"] == {"model": "any", "language": "en"}


async def test_other_formats_of_the_answer(guest: Guest) -> None:
    verbose = await guest.client.audio.transcriptions.create(
        model="any", file=("a.wav", recording(0.5)), response_format="verbose_json"
    )
    assert verbose.duration == pytest.approx(0.5)
    plain = await guest.client.audio.transcriptions.create(
        model="any", file=("a.wav", recording(0.5)), response_format="text"
    )
    assert plain == "The sandbox has no ears for words; it heard 0.5 seconds of sound.\n"


async def test_what_is_no_sound_is_refused(guest: Guest) -> None:
    with pytest.raises(openai.BadRequestError, match="sound file"):
        await hear(guest, b"not a sound")


async def test_the_fault_strikes_once(guest: Guest) -> None:
    guest.faults.order("transcription", "error")
    with pytest.raises(openai.InternalServerError):
        await hear(guest, recording(0.1))
    assert await hear(guest, recording(0.1))
