import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.voice.rtp import (
    CIPHERS,
    SILENCE,
    Packet,
    discovery_reply,
    discovery_ssrc,
    is_dave_frame,
    open_packet,
    packet_ssrc,
    seal_packet,
)

KEY = bytes(range(32))


@pytest.mark.parametrize("mode", CIPHERS)
@given(payload=st.binary(min_size=1, max_size=200), padding=st.sampled_from([0, 1, 8]))
def test_what_is_sealed_opens_again(mode: str, payload: bytes, padding: int) -> None:
    cipher = CIPHERS[mode](KEY)
    packet = Packet(sequence=65535, timestamp=2**32 - 1, ssrc=7, nonce=9, payload=payload)
    data = seal_packet(packet, cipher, padding=padding)
    assert packet_ssrc(data) == 7
    assert open_packet(data, cipher) == packet


@pytest.mark.parametrize("mode", CIPHERS)
@pytest.mark.parametrize("place", [0, 3, 14, 25, -1])
def test_a_changed_byte_is_noticed(mode: str, place: int) -> None:
    cipher = CIPHERS[mode](KEY)
    data = bytearray(seal_packet(Packet(1, 2, 3, 4, b"opus"), cipher, padding=0))
    data[place] ^= 1
    with pytest.raises(ValueError, match="packet"):
        open_packet(bytes(data), cipher)


@given(st.binary(max_size=60))
def test_garbage_never_opens(data: bytes) -> None:
    if packet_ssrc(data) is not None:
        with pytest.raises(ValueError, match="packet"):
            open_packet(data, CIPHERS["aead_aes256_gcm_rtpsize"](KEY))


def test_rtcp_and_keep_alives_are_no_rtp() -> None:
    assert packet_ssrc(b"\x80\xc8" + bytes(50)) is None
    assert packet_ssrc(bytes(8)) is None


def test_discovery_answers_with_the_address_seen() -> None:
    request = b"\x00\x01\x00\x46" + (5).to_bytes(4, "big") + bytes(66)
    assert discovery_ssrc(request) == 5
    assert discovery_ssrc(request[:-1]) is None
    reply = discovery_reply(5, ("127.0.0.1", 4242))
    assert len(reply) == 74
    assert reply[:8] == b"\x00\x02\x00\x46\x00\x00\x00\x05"
    assert reply[8:18] == b"127.0.0.1\x00"
    assert reply[-2:] == (4242).to_bytes(2, "big")


def test_only_a_supplemental_block_makes_a_dave_frame() -> None:
    assert is_dave_frame(bytes(20) + b"\x0c\xfa\xfa")
    assert not is_dave_frame(SILENCE)
    assert not is_dave_frame(b"\xfa\xfa")
    assert not is_dave_frame(b"\xfc" + bytes(20) + b"\xff\xfa\xfa")
    assert not is_dave_frame(b"")
