import array
import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from services.core.types import VoiceStyle
from services.tts.espeak import MAX_CHARACTERS, EspeakTTS

ENGLISH = VoiceStyle()
SENTENCE = "Hello there, how are you today?"


@pytest_asyncio.fixture
async def espeak() -> AsyncIterator[EspeakTTS]:
    engine = EspeakTTS()
    await engine.prewarm()
    yield engine
    await engine.aclose()


async def spoken(engine: EspeakTTS, text: str, style: VoiceStyle = ENGLISH) -> bytes:
    async with aclosing(engine.synthesize(text, style)) as sound:
        return b"".join([chunk.pcm async for chunk in sound])


def seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / 22_050


async def test_speech_is_audible_mono_pcm_of_a_natural_length(espeak: EspeakTTS) -> None:
    async with aclosing(espeak.synthesize(SENTENCE, ENGLISH)) as sound:
        chunks = [chunk async for chunk in sound]

    assert {chunk.sample_rate for chunk in chunks} == {22_050}
    pcm = b"".join(chunk.pcm for chunk in chunks)
    assert 1.0 < seconds(pcm) < 3.0
    assert max(array.array("h", pcm)) > 5000


async def test_sound_comes_in_steps_not_as_a_whole(espeak: EspeakTTS) -> None:
    async with aclosing(espeak.synthesize(SENTENCE, ENGLISH)) as sound:
        first = await anext(sound)

    assert seconds(first.pcm) <= 0.21


async def test_speed_changes_how_long_it_takes(espeak: EspeakTTS) -> None:
    slow = await spoken(espeak, SENTENCE, VoiceStyle(speed=0.7))
    fast = await spoken(espeak, SENTENCE, VoiceStyle(speed=1.5))

    assert seconds(slow) > 1.5 * seconds(fast)


async def test_languages_sound_different(espeak: EspeakTTS) -> None:
    styles = [VoiceStyle(language=name) for name in ("en-gb", "fr-fr", "pt-br", "zh")]
    sounds = [await spoken(espeak, "Original animal 5", style) for style in styles]

    assert len(set(sounds)) == 4


async def test_a_region_without_its_own_voice_gets_its_language(espeak: EspeakTTS) -> None:
    assert seconds(await spoken(espeak, "Guten Tag", VoiceStyle(language="de-AT"))) > 0.3


async def test_an_unknown_voice_or_language_speaks_english_and_says_so_once(
    espeak: EspeakTTS, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            odd = await spoken(espeak, SENTENCE, VoiceStyle(language="xx-yy"))
        odd_voice = await spoken(espeak, SENTENCE, VoiceStyle(voice="../../etc/passwd"))

    assert seconds(odd) > 1
    assert seconds(odd_voice) > 1
    assert len(caplog.records) == 2


async def test_a_voice_is_found_by_name_and_may_carry_a_variant(espeak: EspeakTTS) -> None:
    plain = await spoken(espeak, SENTENCE, VoiceStyle(voice="en-us"))
    variant = await spoken(espeak, SENTENCE, VoiceStyle(voice="en-US+f3"))

    assert plain != variant


async def test_a_text_of_another_language_gets_that_language_s_voice(espeak: EspeakTTS) -> None:
    library = espeak._library
    assert library
    for voice, identifier in {"en-us": "gmw/de", "en+f3": "gmw/de+f3", "de": "gmw/de"}.items():
        assert espeak._voice(VoiceStyle(voice=voice, language="de"), library) == identifier


async def test_it_offers_a_voice_for_each_language_and_speakers_for_each(espeak: EspeakTTS) -> None:
    offer = espeak.offer()
    names = {voice.name: voice.label for voice in offer.voices}

    assert names["de"] == "German"
    assert names["en-gb-scotland"] == "English (Scotland)"
    assert len(names) == len(offer.voices), "each voice has a name of its own"
    assert len(names) > 100
    assert {"f1", "f5", "m1", "croak", "whisper"} <= set(offer.variants)
    assert all(espeak.accepts(f"{name}+f3") for name in names)
    assert not any(map(espeak.accepts, ("af_heart", "en+nobody", "en+../x", "", "alloy")))


async def test_before_it_is_loaded_it_offers_nothing_and_accepts_all() -> None:
    engine = EspeakTTS()
    assert not engine.offer().voices
    assert engine.accepts("en")
    await engine.aclose()


@pytest.mark.parametrize(
    "text",
    [
        "\x01400S fast \x00 and [[h@l'oU]] <speak>hello</speak>",
        "<break time='60s'/>",
        "\ud800 lone surrogate",
        "%s %n \\",
        "",
        " \n\t ",
    ],
)
async def test_odd_text_is_harmless(espeak: EspeakTTS, text: str) -> None:
    assert seconds(await spoken(espeak, text)) < 15
    assert seconds(await spoken(espeak, SENTENCE)) < 3  # and changes nothing for the next text


async def test_a_very_long_text_is_cut(espeak: EspeakTTS) -> None:
    whole = await spoken(espeak, "a " * MAX_CHARACTERS)
    half = await spoken(espeak, "a " * (MAX_CHARACTERS // 2))

    assert abs(seconds(whole) - seconds(half)) < 0.5


async def test_closing_stops_the_synthesis(espeak: EspeakTTS) -> None:
    text = "word " * 400
    async with aclosing(espeak.synthesize(text, ENGLISH)) as sound:
        await anext(sound)

    assert seconds(await spoken(espeak, SENTENCE)) < 3


async def test_cancelling_stops_the_synthesis(espeak: EspeakTTS) -> None:
    task = asyncio.create_task(spoken(espeak, "word " * 400))
    await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert seconds(await spoken(espeak, SENTENCE)) < 3


async def test_two_engines_may_speak_at_once() -> None:
    engines = [EspeakTTS(), EspeakTTS()]
    styles = [ENGLISH, VoiceStyle(language="fr-fr")]
    alone = [await spoken(engines[0], SENTENCE, style) for style in styles]

    together = await asyncio.gather(
        *(spoken(engines[turn % 2], SENTENCE, styles[turn % 2]) for turn in range(20))
    )
    for engine in engines:
        await engine.aclose()

    for turn, pcm in enumerate(together):
        assert abs(seconds(pcm) - seconds(alone[turn % 2])) < 0.1
