import asyncio
import threading
from collections.abc import Iterable

import pytest

from services.core.errors import ProviderError, VoiceError
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS
from services.core.types import FRAME_SECONDS, AudioChunk, PlaybackResult, VoiceStyle
from services.speaking_pace import SpeakingPace
from services.spoken_reply import MAX_CHARACTERS, REST_NOT_SPOKEN, SILENCE, SpokenReply
from tests.services.speech_fakes import FakeEncoder, FakeOutput, FakeTTS, InlineExecutor

TOKEN = 1 / 60
STORY = (
    "Yes, of course. Once there was a cat who lived in an old house by the sea, where the wind "
    "blew all day long. Every morning she went down to the boats. The men knew her well. "
    "They gave her a fish, sometimes two, and she sat in the sun until the boats were gone. "
    "In the evening she walked home again, slowly, over the warm stones. "
) * 3


class Stage:
    """Hold a reply and everything around it."""

    def __init__(
        self,
        tts: FakeTTS | None = None,
        *,
        engine: TTS | None = None,
        rtf: float = 0.01,
        streaming: bool = True,
        max_seconds: float = 0.0,
        style: VoiceStyle = VoiceStyle(),  # noqa: B008 - frozen
        detect_language: bool = True,
    ) -> None:
        asyncio.get_running_loop().set_default_executor(InlineExecutor())
        self.tts = tts or FakeTTS()
        self.encoder = FakeEncoder()
        self.output = FakeOutput()
        self.pace = SpeakingPace()
        self.pace.rtf = rtf
        loop = asyncio.get_running_loop()
        self.metrics = TurnMetrics("t", loop.time(), clock=loop.time)
        self.reply = SpokenReply(
            tts=engine or self.tts,
            encoder=lambda: self.encoder,
            output=self.output,
            style=style,
            metrics=self.metrics,
            names={},
            pace=self.pace,
            min_length=20,
            max_length=200,
            streaming=streaming,
            max_seconds=max_seconds,
            detect_language=detect_language,
        )

    def write(self, *texts: str) -> None:
        for text in texts:
            self.reply.push(text)
        self.reply.end()

    async def stream(self, tokens: Iterable[str]) -> None:
        for token in tokens:
            await asyncio.sleep(TOKEN)
            self.reply.push(token)
        self.reply.end()

    async def stream_and_run(self, text: str) -> PlaybackResult:
        tokens = [word + " " for word in text.split()]
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stream(tokens))
            running = group.create_task(self.reply.run())
        return running.result()


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.virtual_time
@pytest.mark.parametrize("streaming", [True, False])
async def test_speech_begins_before_the_text_is_complete_only_if_it_streams(
    streaming: bool,
) -> None:
    stage = Stage(streaming=streaming)
    await stage.stream_and_run(STORY)
    text_done = len(STORY.split()) * TOKEN
    assert (stage.metrics.marks["ttfs"] < text_done - TOKEN) is streaming


@pytest.mark.virtual_time
async def test_a_reply_is_spoken_whole_and_in_order() -> None:
    stage = Stage()
    result = await stage.stream_and_run(STORY)

    assert not result.interrupted
    assert words(result.heard) == words(STORY)
    assert words(" ".join(stage.tts.texts)) == words(STORY)
    assert words(" ".join(stage.output.texts)) == words(STORY)


@pytest.mark.virtual_time
async def test_the_first_sound_comes_when_the_engine_gives_it() -> None:
    stage = Stage(FakeTTS(delay=0.05))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.reply.run())
        await asyncio.sleep(1)
        stage.reply.push("Yes, ")
        stage.reply.push("that is true, ")
        released = asyncio.get_running_loop().time()
        await asyncio.sleep(2)
        stage.reply.end()

    assert running.done()
    assert stage.tts.texts[0] == "Yes, that is true,"
    assert stage.output.first_written == pytest.approx(released + 0.05)


@pytest.mark.virtual_time
async def test_the_first_sound_is_encoded_in_small_steps_that_grow() -> None:
    stage = Stage(FakeTTS(step=10.0))
    stage.write("A sentence of four seconds or somewhat less than that.")
    await stage.reply.run()

    assert stage.encoder.encoded[:6] == [0.04, 0.04, 0.08, 0.16, 0.32, 0.48]


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("rtf", "step"), [(0.05, 0.2), (0.3, 0.2), (0.7, 0.2), (0.5, 100.0), (0.8, 100.0)]
)
async def test_playback_has_no_gap_while_synthesis_is_faster_than_real_time(
    rtf: float, step: float
) -> None:
    stage = Stage(FakeTTS(delay=0.0, rtf=rtf, step=step), rtf=rtf)
    await stage.stream_and_run(STORY)

    assert sum(stage.output.gaps) <= 0.04


@pytest.mark.virtual_time
async def test_no_more_is_made_than_the_output_takes() -> None:
    stage = Stage(FakeTTS(rtf=0.0))
    stage.write(STORY)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.reply.run())
        await asyncio.sleep(5)
        assert stage.tts.made <= 5 + 3 + 0.5
        stage.reply.stop()

    assert running.result().interrupted


@pytest.mark.virtual_time
async def test_pauses_follow_the_pieces_but_not_the_last() -> None:
    stage = Stage(rtf=0.5)
    stage.write("When you are ready for it, tell me. Then\nwe can go on with the next things.")
    await stage.reply.run()

    assert stage.encoder.pauses[0] == 0.1
    assert stage.encoder.pauses[1] == 0.25
    assert stage.encoder.pauses[-1] == 0.0


@pytest.mark.virtual_time
async def test_stopping_is_silence_at_once_and_closes_the_engine() -> None:
    stage = Stage(FakeTTS(rtf=0.5))
    stage.write(STORY)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.reply.run())
        await asyncio.sleep(4)
        stage.reply.stop()
        stage.reply.stop()
        written = len(stage.output.chunks)
        before = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() == before
    assert running.result().interrupted
    assert len(stage.output.chunks) == written
    assert stage.tts.closed == len(stage.tts.texts)
    assert stage.metrics.marks["audio_done"] == pytest.approx(4)


@pytest.mark.virtual_time
async def test_a_reply_stopped_before_it_runs_says_nothing() -> None:
    stage = Stage()
    stage.write(STORY)
    stage.reply.stop()
    result = await stage.reply.run()

    assert result == PlaybackResult("", 0.0, interrupted=True)
    assert stage.output.chunks == []


@pytest.mark.virtual_time
async def test_cancelling_falls_silent_and_closes_the_engine() -> None:
    stage = Stage(FakeTTS(rtf=0.5))
    stage.write(STORY)
    running = asyncio.create_task(stage.reply.run())
    await asyncio.sleep(4)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert stage.output.clear().interrupted
    assert stage.tts.closed == len(stage.tts.texts)


@pytest.mark.virtual_time
async def test_an_output_cleared_by_others_ends_the_reply() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.reply.run())
        await asyncio.sleep(1)
        stage.output.clear()

    assert running.result().interrupted


@pytest.mark.virtual_time
async def test_an_engine_that_never_speaks_raises_its_own_error() -> None:
    stage = Stage(rtf=0.5)
    first, second = "First sentence is this one.", "The second one is this one."
    stage.tts.failing = {first: 0.0, second: 0.0}
    stage.write(f"{first} {second} And there is more and more to say.")
    with pytest.raises(ProviderError) as caught:
        await stage.reply.run()

    assert caught.value.user_message == "The voice broke."
    assert stage.tts.texts == [first, second]


@pytest.mark.virtual_time
async def test_after_one_failed_piece_the_rest_is_spoken_and_the_loss_told() -> None:
    stage = Stage(rtf=0.5)
    stage.tts.failing = {"The second one is this one.": 0.4}
    stage.write("First sentence is this one.\nThe second one is this one.\nThis is the third.")
    with pytest.raises(ProviderError) as caught:
        await stage.reply.run()

    assert caught.value.user_message == REST_NOT_SPOKEN
    assert stage.tts.texts[-1] == "This is the third."
    assert "This is the third." in stage.output.texts[-1]


@pytest.mark.virtual_time
async def test_the_text_of_a_piece_that_was_never_begun_does_not_count_as_heard() -> None:
    stage = Stage(rtf=0.5)
    stage.tts.failing = {"The second one is this one.": 0.0}
    stage.write("First sentence is this one.\nThe second one is this one.\nThis is the third.")
    with pytest.raises(ProviderError):
        await stage.reply.run()

    assert "second" not in " ".join(stage.output.texts)


@pytest.mark.virtual_time
async def test_an_encoder_that_cannot_work_is_reported() -> None:
    stage = Stage()

    def broken() -> FakeEncoder:
        raise VoiceError("no libopus")

    stage.reply._new_encoder = broken
    stage.write("Hello.")
    with pytest.raises(VoiceError, match="no libopus"):
        await stage.reply.run()


@pytest.mark.virtual_time
async def test_cached_packets_are_played_as_they_are_with_a_pause_between() -> None:
    stage = Stage(rtf=0.5)
    stage.tts.ready_made = True
    stage.write("First sentence is this one. The second one is this one.")
    await stage.reply.run()

    assert stage.encoder.encoded == []
    assert set(stage.output.packets) == {b"ready", SILENCE}
    assert stage.output.packets.count(SILENCE) == round(0.25 / FRAME_SECONDS)


@pytest.mark.virtual_time
@pytest.mark.parametrize("text", ["", "  \n ", "…", "!?"])
async def test_nothing_to_say_ends_at_once(text: str) -> None:
    stage = Stage()
    stage.write(text)
    result = await stage.reply.run()

    assert not result.interrupted
    assert stage.tts.texts == []


@pytest.mark.virtual_time
async def test_a_very_long_reply_is_spoken_to_a_limit() -> None:
    stage = Stage()
    stage.write(*["word "] * (MAX_CHARACTERS // 5 + 100))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.reply.run())
        await asyncio.sleep(3600)

    assert len(" ".join(stage.tts.texts)) <= MAX_CHARACTERS
    assert not running.result().interrupted


@pytest.mark.virtual_time
async def test_the_turns_times_are_marked() -> None:
    stage = Stage()
    await stage.stream_and_run("Good morning. How are you doing?")

    assert stage.metrics.marks["ttfs"] < stage.metrics.marks["audio_done"]
    assert "ttfa" not in stage.metrics.marks  # the output tells when a frame was sent


@pytest.mark.virtual_time
async def test_the_engines_pace_is_measured_without_the_time_the_output_took() -> None:
    stage = Stage(FakeTTS(delay=0.0, rtf=0.25))
    stage.write(STORY)
    await stage.reply.run()

    assert stage.pace.rtf == pytest.approx(0.25, rel=0.05)


async def test_encoding_happens_outside_the_event_loops_thread() -> None:
    threads: set[int] = set()

    class Watched(FakeEncoder):
        def encode(self, chunk: AudioChunk) -> list[bytes]:
            threads.add(threading.get_ident())
            return []

        def finish(self, *, pause: float) -> list[bytes]:
            threads.add(threading.get_ident())
            return []

    reply = SpokenReply(
        tts=FakeTTS(delay=0.0),
        encoder=Watched,
        output=FakeOutput(),
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
    reply.push("Hello.")
    reply.end()
    await reply.run()

    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.virtual_time
async def test_after_its_time_a_reply_tells_once_where_the_rest_is() -> None:
    stage = Stage(max_seconds=4.0)
    sentences = [f"This is the sentence of the letter {letter} here." for letter in "abcdef"]
    stage.write(" ".join(sentences))
    result = await stage.reply.run()
    assert stage.tts.texts[-1] == "The rest is in the chat."
    assert 1 < len(stage.tts.texts) < 5
    assert stage.tts.texts.count("The rest is in the chat.") == 1
    assert result.heard.split() == " ".join(stage.tts.texts[:-1]).split()
    assert stage.output.texts[-1].isspace(), "its sound is not counted to the sentence before"
    assert not result.interrupted


@pytest.mark.virtual_time
async def test_a_reply_that_ends_in_time_is_spoken_whole() -> None:
    stage = Stage(max_seconds=2.0)
    stage.write("This one sentence takes a little longer than it should take here.")
    await stage.reply.run()
    assert "The rest is in the chat." not in stage.tts.texts


GERMAN = (
    "Das ist eine gute Frage, und ich habe 2 % davon verstanden. Hier ist der Code:\n```\nx\n```"
)


@pytest.mark.virtual_time
async def test_a_text_in_another_language_is_said_in_it_from_its_first_piece_on() -> None:
    stage = Stage(max_seconds=3.0, style=VoiceStyle(voice="en+f3", speed=1.5))
    stage.write(GERMAN)
    await stage.reply.run()
    assert {(style.voice, style.language) for style in stage.tts.styles} == {("en+f3", "de")}
    assert "zwei Prozent" in " ".join(stage.tts.texts)
    assert stage.tts.texts[-1] == "Der Rest steht im Chat."


@pytest.mark.virtual_time
async def test_without_detection_the_chosen_language_stays() -> None:
    stage = Stage(detect_language=False)
    stage.write(GERMAN)
    await stage.reply.run()
    assert {style.language for style in stage.tts.styles} == {"en"}


@pytest.mark.virtual_time
async def test_a_later_part_in_another_language_is_said_in_that() -> None:
    stage = Stage()
    stage.write("Sure, here is what you asked for.\nJe ne sais pas ce que vous avez dit, merci.")
    await stage.reply.run()
    assert [style.language for style in stage.tts.styles] == ["en", "fr"]
