from hypothesis import given
from hypothesis import strategies as st

from services.speech_text import SpeechText

PARTS = st.sampled_from(
    [
        "\\",
        "\\frac",
        "{",
        "}",
        "1",
        "x",
        "\\times",
        "\\text",
        "begin{",
        "\\end",
        "*}",
        " ",
        ":",
        ",",
    ]
)


@given(st.lists(PARTS, max_size=30))
def test_a_formula_is_the_same_however_it_comes(parts: list[str]) -> None:
    speech = SpeechText()
    text = "".join(parts)
    whole = speech.push(text) + speech.flush()
    assert "".join(map(speech.push, text)) + speech.flush() == whole
    assert "".join(map(speech.push, parts)) + speech.flush() == whole
