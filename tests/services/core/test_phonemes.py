from hypothesis import given
from hypothesis import strategies as st

from services.core.phonemes import bounded, parted, with_phonemes, without_phonemes
from services.speech_text import speakable

PLAIN = st.text("ab ˈɪ/.", max_size=10)  # noqa: RUF001 - phonemes


@given(st.lists(st.tuples(PLAIN, PLAIN), max_size=6))
def test_parts_come_back_as_they_were(parts: list[tuple[str, str]]) -> None:
    text = "".join(with_phonemes(words, phonemes) for words, phonemes in parts)
    assert without_phonemes(text) == "".join(words for words, _ in parts)
    found = list(parted(text))
    assert "".join(words for words, _ in found) == without_phonemes(text)
    assert [each for each in found if each[1]] == [each for each in parts if each[1]]


@given(st.lists(st.tuples(PLAIN, PLAIN), max_size=6), st.integers(0, 30))
def test_a_text_is_cut_by_what_is_said_of_it(parts: list[tuple[str, str]], length: int) -> None:
    text = "".join(with_phonemes(words, phonemes) for words, phonemes in parts)
    cut = bounded(text, length)
    assert without_phonemes(cut) == without_phonemes(text)[:length] or cut == text
    assert len(without_phonemes(cut)) <= max(length, 0) or cut == text


def test_nobody_else_can_set_the_marks() -> None:
    text = f"say {with_phonemes('one', 'two')} now"
    assert list(parted(speakable(text))) == [(speakable(text), "")]
