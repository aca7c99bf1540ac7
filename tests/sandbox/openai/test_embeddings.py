import numpy as np
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.openai.embeddings import embed
from tests.sandbox.openai.conftest import Guest


@given(text=st.text(min_size=1), dimensions=st.integers(1, 300))
def test_a_vector_has_unit_length_and_is_the_same_each_time(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert (vector == embed(text, dimensions)).all()


def test_like_texts_lie_closer_than_unlike_ones() -> None:
    boat, boats, tax = (
        embed(text, 256)
        for text in ("the boat in the harbour", "boats in a harbour", "income tax return")
    )
    assert boat @ boats > boat @ tax + 0.2


async def test_the_client_reads_both_encodings_alike(guest: Guest) -> None:
    packed = await guest.client.embeddings.create(model="any", input=["one", "two"])
    plain = await guest.client.embeddings.create(
        model="any", input=["one", "two"], encoding_format="float"
    )
    for left, right in zip(packed.data, plain.data, strict=True):
        assert left.embedding == pytest.approx(right.embedding)
        assert len(left.embedding) == 256


@pytest.mark.parametrize("wrong", [[], "", [""], ["a", 1.5]])
async def test_an_input_without_text_is_refused(guest: Guest, wrong: list[str]) -> None:
    with pytest.raises(openai.BadRequestError):
        await guest.client.embeddings.create(model="any", input=wrong)
