import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tts.worker_frames import MAX_PAYLOAD, FrameReader, Kind, SpeechRequest, frame

frames = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=200)), max_size=8)


@given(frames=frames, step=st.integers(1, 50))
def test_frames_arrive_whole_however_they_are_cut(
    frames: list[tuple[Kind, bytes]], step: int
) -> None:
    data = b"".join(frame(kind, payload) for kind, payload in frames)
    reader = FrameReader()
    got = [it for at in range(0, len(data), step) for it in reader.push(data[at : at + step])]

    assert got == frames


@pytest.mark.parametrize(
    "data", [b"\x63\x00\x00\x00\x00", frame(Kind.SOUND)[:1] + (MAX_PAYLOAD + 1).to_bytes(4)]
)
def test_anything_else_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"frame|Kind"):
        FrameReader().push(data)


@given(text=st.text(), voice=st.text())
def test_a_request_survives_the_way(text: str, voice: str) -> None:
    request = SpeechRequest(text=text, voice=voice, speed=1.5, language="en")

    assert SpeechRequest.decode(request.encode()) == request
