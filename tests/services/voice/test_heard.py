from hypothesis import example, given
from hypothesis import strategies as st

from services.voice.heard import Piece, cut_at_word, heard_text, whole_text
from services.voice.utterance import JITTER_FRAMES
from tests.services.voice.fakes import Stage, speech

PIECES = st.lists(st.builds(Piece, st.text(), st.integers(0, 300), st.booleans()), max_size=5)


def test_whole_pieces_are_heard_whole_and_the_last_by_its_share() -> None:
    pieces = [Piece("One two.", 50, True), Piece("Three four five six.", 100, True)]
    assert heard_text(pieces, 0) == ""
    assert heard_text(pieces, 50) == "One two."
    assert heard_text(pieces, 100) == "One two. Three four"
    assert heard_text(pieces, 150) == "One two. Three four five six."


def test_a_piece_still_being_made_is_measured_by_the_pace_of_speech() -> None:
    piece = Piece("A sentence of which the first half is known.", 60)
    assert heard_text([piece], 60) == "A sentence of"


def test_a_broken_word_is_left_out() -> None:
    assert cut_at_word("hello world", 8) == "hello"
    assert cut_at_word("hello world", 5) == "hello"
    assert cut_at_word("hello", 3) == ""


def test_ideographs_are_words() -> None:
    assert cut_at_word("今日は良い天気", 3) == "今日は"


@given(PIECES, st.integers(-5, 2000))
@example([Piece("10"), Piece("0")], 4)
def test_never_more_than_was_written(pieces: list[Piece], frames: int) -> None:
    assert whole_text(pieces).startswith(heard_text(pieces, frames))


@given(PIECES, st.integers(0, 500), st.integers(0, 500))
def test_hearing_longer_never_means_hearing_less(
    pieces: list[Piece], frames: int, more: int
) -> None:
    assert len(heard_text(pieces, frames + more)) >= len(heard_text(pieces, frames))


async def test_an_interrupted_utterance_leaves_out_what_the_listener_had_buffered() -> None:
    stage = Stage()
    output, _ = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(50, "First sentence here."))
    await utterance.write(speech(50, "Second one follows now."))
    await stage.tick(50 + JITTER_FRAMES)
    stage.time.now -= 0.02
    result = utterance.clear()
    assert result.heard == "First sentence here."
    assert result.seconds == 58 * 0.02


async def test_sound_sent_long_ago_was_heard_to_its_end() -> None:
    stage = Stage()
    output, _ = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(30, "All of it."))
    await utterance.write(speech(0, "And more to come."))
    await stage.tick(60)
    assert utterance.clear().heard == "All of it."


async def test_nothing_heard_is_an_empty_text() -> None:
    stage = Stage()
    output, _ = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(30, "Too short to be heard."))
    await stage.tick(JITTER_FRAMES)
    stage.time.now -= 0.02
    assert utterance.clear().heard == ""
