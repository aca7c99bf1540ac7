from hypothesis import given
from hypothesis import strategies as st

from sandbox.openai.tokens import count_tokens, tokenise


@given(st.text())
def test_the_pieces_make_up_the_text(text: str) -> None:
    pieces = tokenise(text)
    assert "".join(pieces) == text
    assert count_tokens(text) == len(pieces)
    assert all(1 <= len(piece) <= 11 for piece in pieces)


def test_a_piece_carries_the_space_before_its_word() -> None:
    assert tokenise("Hello, my friend!") == ["Hello", ",", " my", " friend", "!"]
