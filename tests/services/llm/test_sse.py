from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import ProviderError
from services.llm import sse
from services.llm.sse import SSEDecoder

TEXT = 'data: {"a":1}\n\n: ping\ndata:\n\ndata: \r\nevent: x\r\ndata:é\r\n\r\ndata: [DONE]'
STREAM = TEXT.encode()
EVENTS = [b'{"a":1}', "é".encode(), b"[DONE]"]


@given(st.sets(st.integers(0, len(STREAM))))
def test_any_cut_gives_the_same_events(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    decoder = SSEDecoder()
    events = [event for start, end in pairwise(places) for event in decoder.push(STREAM[start:end])]
    assert events + decoder.flush() == EVENTS


def test_events_that_come_together_are_told_apart() -> None:
    assert SSEDecoder().push(b"data: 1\ndata: 2\n\ndata: 3\n") == [b"1", b"2", b"3"]


def test_a_line_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    decoder = SSEDecoder()
    with pytest.raises(ProviderError):
        for _ in range(100):
            decoder.push(b"x" * 100)
