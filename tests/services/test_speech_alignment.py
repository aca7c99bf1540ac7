from hypothesis import given
from hypothesis import strategies as st

from services.speech_alignment import SpeechAlignment


def aligned(*steps: tuple[str, str]) -> SpeechAlignment:
    alignment = SpeechAlignment()
    for shown, spoken in steps:
        alignment.add(shown, spoken)
    return alignment


def test_plain_text_is_dealt_out_as_it_is_said() -> None:
    alignment = aligned(*((word, word) for word in ("Hello", " there.", " How", " are", " you?")))

    assert alignment.take("Hello there.") == "Hello there."
    assert alignment.take("How are you?") == " How are you?"
    assert alignment.rest() == ""


def test_a_filter_that_runs_a_word_late_does_not_shift_the_text() -> None:
    alignment = aligned(("Hello", ""), (" there.", "Hello"), (" How", " there."), (" are", " How"))

    assert alignment.take("Hello there.") == "Hello there."


def test_marks_that_are_not_spoken_stay_with_their_words() -> None:
    alignment = aligned(("**Very", "Very"), (" bold.**", " bold."), (" Next", " Next"))

    assert alignment.take("Very bold.") == "**Very bold.**"


def test_what_is_named_instead_of_read_stands_for_all_it_replaced() -> None:
    notice = "I put the code in the chat."
    alignment = aligned(("Look:", "Look:"), ("\n```\nx", ""), (" = 1\n```", notice), (" So", " So"))

    assert alignment.take("Look:") == "Look:"
    assert alignment.take(notice) == "\n```\nx = 1\n```"
    assert alignment.rest() == " So"


def test_one_big_step_is_dealt_out_word_by_word_where_the_words_agree() -> None:
    text = "One thing. Another thing. A third."
    alignment = aligned((text, text))

    assert alignment.take("One thing.") + alignment.take("Another thing.") in text


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8))), st.lists(st.text(max_size=9)))
def test_no_shown_text_is_lost(steps: list[tuple[str, str]], pieces: list[str]) -> None:
    alignment = aligned(*steps)
    dealt = [alignment.take(piece) for piece in pieces]

    assert "".join([*dealt, alignment.rest()]) == "".join(shown for shown, _ in steps)
