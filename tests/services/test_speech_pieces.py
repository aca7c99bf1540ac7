from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speaking_pace import SpeakingPace
from services.speech_pieces import Piece, PieceCutter

PROSE = (
    "Well, of course I can help you with that, and gladly. It is not hard. First you open the "
    "settings of the server. Then, and this is the important part, you look for the roles: each "
    "of them has a list of permissions. Yes. Give the role 1,500 points at 10:30, no more.\n\n"
    "That is all there is to it, really. Tell me if it does not work."
)


def pace(rtf: float) -> SpeakingPace:
    measured = SpeakingPace()
    measured.rtf = rtf
    return measured


FAST, SLOW = pace(0.001), pace(0.7)


def cutter(text: str = "", *, end: bool = False) -> PieceCutter:
    made = PieceCutter(min_length=20, max_length=200)
    made.push(text)
    if end:
        made.end()
    return made


def first_piece(text: str, speed: SpeakingPace = FAST) -> tuple[Piece | None, str]:
    """Push a text in tokens; return the first piece and what had been pushed by then."""
    made = cutter()
    for length in range(1, len(text) + 1):
        made.push(text[length - 1])
        if piece := made.next(queued=0.0, pace=speed):
            return piece, text[:length]
    return None, text


def all_pieces(made: PieceCutter, *, queued: float, speed: SpeakingPace) -> list[Piece]:
    pieces = []
    while piece := made.next(queued=queued, pace=speed):
        pieces.append(piece)
    return pieces


def visible(text: str) -> str:
    return "".join(text.split())


def test_the_first_sentence_is_released_at_any_length() -> None:
    assert first_piece("Yes. I think so.")[0] == Piece("Yes.", "sentence")


def test_a_clause_releases_the_first_piece_as_its_mark_comes() -> None:
    piece, pushed = first_piece("When you are ready, tell me about it")

    assert piece == Piece("When you are ready,", "clause")
    assert pushed == "When you are ready,"


@pytest.mark.parametrize(
    "text",
    [
        "Well, then we go on without",  # too few words
        "Oh my, oh we go on",  # too few characters
        "It costs about 1,500 dollars or",  # a number
        "We will meet at 10:30 or so on",  # a time
    ],
)
def test_not_every_mark_ends_a_clause(text: str) -> None:
    assert first_piece(text)[0] is None


def test_a_fast_engine_gets_near_80_characters_at_the_latest() -> None:
    piece, _ = first_piece("word " * 40)

    assert piece == Piece(("word " * 16).strip(), "word")


def test_a_slow_engine_gets_near_30_characters_at_the_latest() -> None:
    piece, pushed = first_piece("something " * 10, SLOW)

    assert piece == Piece("something something something", "word")
    assert len(pushed) <= 31


def test_chinese_is_cut_without_spaces() -> None:
    piece, _ = first_piece("我很高兴今天能够在这里和你说话，我们开始")  # noqa: RUF001

    assert piece == Piece("我很高兴今天能够在这里和你说话，", "clause")  # noqa: RUF001


def test_a_short_text_that_is_complete_is_one_piece() -> None:
    text = "Yes, of course. I can do that. Shall I begin?"

    assert cutter(text, end=True).next(queued=0.0, pace=FAST) == Piece(text, "sentence")


def test_a_slow_engine_gets_a_complete_text_in_parts() -> None:
    made = cutter("Of course I can do that for you at once, my friend. Good.", end=True)

    assert made.next(queued=0.0, pace=SLOW) == Piece("Of course I can do that for", "word")


def test_with_sound_queued_short_sentences_are_joined() -> None:
    made = cutter("One. Two. Three is a longer one. Four is longer too. ")

    assert made.next(queued=2.0, pace=FAST) == Piece("One. Two. Three is a longer one.", "sentence")


def test_with_sound_queued_a_short_sentence_waits_for_company() -> None:
    made = cutter("One. Two is not yet comp")
    assert made.next(queued=2.0, pace=FAST) is None
    made.push("lete. And")

    assert made.next(queued=2.0, pace=FAST) == Piece("One. Two is not yet complete.", "sentence")


def test_a_waiting_sentence_goes_when_the_sound_runs_low() -> None:
    made = cutter("One. Two is not yet comp")
    assert made.next(queued=made.reserve(FAST) + 0.01, pace=FAST) is None

    assert made.next(queued=made.reserve(FAST), pace=FAST) == Piece("One.", "sentence")


def test_lines_are_not_joined() -> None:
    made = cutter("Milk\nEggs\nA loaf of bread\nand more ")
    pieces = all_pieces(made, queued=3.0, speed=FAST)

    assert [piece.text for piece in pieces] == ["Milk", "Eggs", "A loaf of bread"]


def test_a_long_sentence_is_cut_at_a_clause_within_the_maximum() -> None:
    made = cutter("so we went on and on " * 8 + "until dark, " + "and then home " * 8 + ". ")
    pieces = all_pieces(made, queued=3.0, speed=FAST)

    assert pieces[0].text.endswith("until dark,")
    assert pieces[0].ending == "clause"
    assert all(len(piece.text) <= 200 for piece in pieces)


def test_on_a_slow_engine_pieces_grow_with_the_sound_queued() -> None:
    made = cutter("we say one thing after another " * 40)
    lengths = []
    queued = 0.0
    for _ in range(6):
        piece = made.next(queued=queued, pace=SLOW)
        assert piece
        lengths.append(len(piece.text))
        queued = len(piece.text) / 14

    assert lengths == sorted(lengths)
    assert lengths[0] <= 30
    assert lengths[-1] > 60


@pytest.mark.parametrize("rtf", [0.05, 0.5, 0.9])
def test_playback_never_runs_dry_while_synthesis_is_faster_than_real_time(rtf: float) -> None:
    speed, made = pace(rtf), cutter(PROSE * 5, end=True)
    queued = 0.0
    waits = []
    while piece := made.next(queued=min(queued, 3.0), pace=speed):
        sound = len(piece.text) / 14
        waits.append(queued - rtf * sound)
        queued = max(queued - rtf * sound, 0.0) + sound
        queued = min(queued, 3.0)  # the output's buffer makes the writer wait

    assert all(wait >= -0.01 for wait in waits[1:])


texts = st.text(alphabet=st.sampled_from("aB1 .,;:!?\n…—\"'()é我，。"), max_size=400) | st.just(  # noqa: RUF001
    PROSE
)


@given(
    texts,
    st.lists(st.integers(0, 400), max_size=12),
    st.floats(0, 4),
    st.sampled_from([FAST, SLOW]),
    st.booleans(),
)
def test_nothing_is_lost_and_the_order_kept(
    text: str, cuts: list[int], queued: float, speed: SpeakingPace, taking: bool
) -> None:
    made = cutter()
    pieces = []
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    for start, end in pairwise(edges):
        made.push(text[start:end])
        if taking:
            pieces += all_pieces(made, queued=queued, speed=speed)
    made.end()
    pieces += all_pieces(made, queued=queued, speed=speed)

    assert made.finished
    assert visible("".join(piece.text for piece in pieces)) == visible(text)
    assert all(piece.text and len(piece.text) <= 200 for piece in pieces)


@given(texts, st.lists(st.integers(0, 400), max_size=12), st.floats(0, 4))
def test_how_a_text_arrived_does_not_change_its_pieces_once_it_is_there(
    text: str, cuts: list[int], queued: float
) -> None:
    whole, parts = cutter(text, end=True), cutter()
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    for start, end in pairwise(edges):
        parts.push(text[start:end])
    parts.end()

    expected = all_pieces(whole, queued=queued, speed=FAST)
    assert all_pieces(parts, queued=queued, speed=FAST) == expected


def test_one_token_at_a_time_gives_the_pieces_of_the_sentences() -> None:
    made, pieces = cutter(), []
    for character in PROSE:
        made.push(character)
        pieces += all_pieces(made, queued=3.0, speed=FAST)
    made.end()
    pieces += all_pieces(made, queued=3.0, speed=FAST)

    assert [piece.text for piece in pieces][1:3] == [
        "It is not hard. First you open the settings of the server.",
        "Then, and this is the important part, you look for the roles: each of them has a list "
        "of permissions.",
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("We will see you again at the old house on May 5, 2026, I hope", "on May 5, 2026,"),
        ("We will see you again at the old house on May 5, or on another day", "on May 5,"),
    ],
)
def test_a_date_is_not_cut_at_its_comma(text: str, first: str) -> None:
    piece, _ = first_piece(text, FAST)
    assert piece is not None
    assert piece.text.endswith(first)


@pytest.mark.parametrize(
    "words", ["3.5 GB", "$3 million", "EUR 500", "on 3. Oktober", "10:30 p.m."]
)
def test_no_piece_ends_inside_an_amount(words: str) -> None:
    for length in range(10, 50):
        made = cutter("so " * (length // 3) + f"it has {words} " + "and so on " * 20)
        pieces = all_pieces(made, queued=0.0, speed=SLOW)
        assert any(words in piece.text for piece in pieces), pieces


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("We all know of that World War II and", "We all know of that World"),
        ("We see that this whole thing b >= c then", "We see that this whole thing"),
        ("Von 9:00 bis 17:00 Uhr geöffnet", "Von 9:00 bis"),
        ("2 + 2 = 4, 10 / 2 = 5, 30 * 4 = 120", "2 + 2 = 4,"),
    ],
)
def test_no_cut_parts_a_sign_or_a_number_from_what_it_stands_with(text: str, first: str) -> None:
    assert first_piece(text, SLOW)[0] == Piece(first, "word")


def test_figures_count_as_long_as_they_are_said() -> None:
    numbers, letters = cutter("1984 2026 " * 20), cutter("abcd efgh " * 20)
    short, usual = (made.next(queued=0.0, pace=FAST) for made in (numbers, letters))
    assert short is not None
    assert usual is not None
    assert len(short.text) < len(usual.text) / 2
