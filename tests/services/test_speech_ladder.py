"""What is done about an engine that is slower than speech; see also test_spoken_reply.py."""

import pytest

from services.core.protocols import TTS
from services.core.types import VoiceStyle
from services.speaking_pace import SpeakingPace
from services.speech_ladder import Rung, SpeechLadder
from services.speech_pieces import Piece
from services.tts.fallback import FallbackTTS
from tests.services.speech_fakes import FakeTTS
from tests.services.test_spoken_reply import STORY, Stage, words

LATE, EARLY = {"sound": 1.0, "waited": 1.3}, {"sound": 1.0, "waited": 0.9}
HOPELESS = {"sound": 1.0, "waited": 2.0}
PARAGRAPHS = "\n".join(STORY.split(". ")[number * 4] + ". " + STORY for number in range(3))
WHOLE = 100.0


class Slow(FakeTTS):
    """Hand over each piece whole, after `rtf` times its length, as Kokoro does."""

    def __init__(self, rtf: float) -> None:
        super().__init__(delay=0.0, rtf=rtf, step=WHOLE)


def ladder(rtf: float = 0.3) -> SpeechLadder:
    pace = SpeakingPace()
    pace.rtf = rtf
    return SpeechLadder(pace)


def test_two_late_pieces_in_a_row_are_a_step_down() -> None:
    steps = ladder()
    seen = [steps.observe(**piece) for piece in (LATE, EARLY, LATE, LATE, LATE, LATE)]

    assert seen == [False, False, False, True, False, True]
    assert steps.rung is Rung.SHORT


def test_an_engine_known_to_be_slow_has_one_piece() -> None:
    steps = ladder(rtf=1.2)
    assert steps.observe(**LATE)
    assert steps.rung is Rung.FAST
    assert not steps.observe(**LATE)


def test_a_short_version_is_spoken_as_long_as_it_is_bearable() -> None:
    steps = ladder()
    for _ in range(20):
        steps.observe(**LATE)
    assert steps.wants(Piece("A paragraph.", "sentence", opens=True))
    assert [steps.observe(**HOPELESS) for _ in range(3)] == [True, False, False]
    assert steps.rung is Rung.TEXT


def test_what_was_ready_or_silent_says_nothing() -> None:
    steps = ladder()
    assert not any(steps.observe(sound=0.0, waited=9.0) for _ in range(9))
    assert not any(steps.observe(sound=1e-9, waited=1e-4) for _ in range(9))


def test_the_short_version_is_the_first_sentence_of_each_paragraph() -> None:
    steps = ladder()
    assert steps.wants(Piece("Before.", "sentence"))
    steps.rung = Rung.SHORT
    pieces = [
        Piece("rest of a paragraph.", "sentence"),
        Piece("The next one,", "clause", opens=True),
        Piece("goes on.", "sentence"),
        Piece("And on.", "sentence"),
        Piece("A third.", "sentence", opens=True),
    ]
    assert [steps.wants(piece) for piece in pieces] == [False, True, True, False, True]
    assert steps.left_out


@pytest.mark.virtual_time
@pytest.mark.parametrize("rtf", [0.5, 0.9])
async def test_playback_never_runs_dry_while_the_engine_is_faster_than_speech(rtf: float) -> None:
    slow, fast = Slow(rtf), FakeTTS(delay=0.0, rtf=0.01)
    stage = Stage(engine=FallbackTTS([("slow", slow), ("fast", fast)]), rtf=rtf)
    result = await stage.stream_and_run(STORY)

    assert sum(stage.output.gaps) <= 0.04
    assert fast.texts == []
    assert words(" ".join(slow.texts)) == words(STORY) == words(result.heard)


@pytest.mark.virtual_time
@pytest.mark.parametrize("rtf", [1.2, 2.0])
@pytest.mark.parametrize("known", [False, True])
async def test_a_faster_engine_speaks_the_rest_from_a_piece_on(rtf: float, known: bool) -> None:
    slow, fast = Slow(rtf), FakeTTS(delay=0.0, rtf=0.01)
    stage = Stage(engine=FallbackTTS([("slow", slow), ("fast", fast)]), rtf=rtf if known else 0.3)
    result = await stage.stream_and_run(STORY)

    assert len(slow.texts) == (1 if known else 2)
    assert words(" ".join([*slow.texts, *fast.texts])) == words(STORY) == words(result.heard)
    assert len([gap for gap in stage.output.gaps if gap > 0.04]) <= (0 if known else 1)


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("rtf", "most"), [(1.2, len(words(PARAGRAPHS)) // 2), (2.0, len(words(PARAGRAPHS)) // 4)]
)
async def test_without_a_faster_engine_less_is_spoken_and_that_said_once(
    rtf: float, most: int
) -> None:
    engine = Slow(rtf)
    stage = Stage(engine=engine)
    stage.write(PARAGRAPHS)
    result = await stage.reply.run()

    assert not result.interrupted
    assert engine.texts[-1] == "The rest is in the chat."
    assert engine.texts.count("The rest is in the chat.") == 1
    assert len(words(" ".join(engine.texts))) < most


@pytest.mark.virtual_time
async def test_the_next_reply_begins_with_the_best_engine_again() -> None:
    slow, fast = Slow(2.0), FakeTTS(delay=0.0, rtf=0.01)
    both: TTS = FallbackTTS([("slow", slow), ("fast", fast)])
    await Stage(engine=both).stream_and_run(STORY)
    heard = len(slow.texts)
    slow.rtf = 0.5
    await Stage(engine=both).stream_and_run(STORY)

    assert words(" ".join(slow.texts[heard:])) == words(STORY)


@pytest.mark.virtual_time
async def test_a_hurried_text_goes_to_the_slow_engine_when_no_other_works() -> None:
    slow = Slow(2.0)
    only = FallbackTTS([("slow", slow)])
    for style in (VoiceStyle(), VoiceStyle(hurried=True)):
        async for _ in only.synthesize("Hello there.", style):
            pass
    assert len(slow.texts) == 2
