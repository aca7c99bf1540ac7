import array

import discord
import numpy as np
import pytest
from numpy.typing import NDArray

from services.core.errors import VoiceError
from services.core.types import AudioChunk
from services.voice.opus import OpusEncoder
from services.voice.output import SILENCE

RATES = (16_000, 22_050, 24_000, 48_000)
CLICK = 10 ** (-30 / 20) * 32768
"""A step of -30 dB below full scale between two samples."""


def tone(seconds: float, rate: int, *, level: float = 8000) -> NDArray[np.int16]:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * np.sin(2 * np.pi * 300 * time), np.int16)


def quiet(seconds: float, rate: int) -> NDArray[np.int16]:
    return np.zeros(round(seconds * rate), np.int16)


def encode(encoder: OpusEncoder, sound: NDArray[np.int16], rate: int, step: int) -> list[bytes]:
    packets: list[bytes] = []
    for start in range(0, len(sound), step):
        pcm = sound[start : start + step].tobytes()
        packets += encoder.encode(AudioChunk(pcm=pcm, sample_rate=rate))
    return packets


def decode(packets: list[bytes]) -> NDArray[np.int16]:
    decoder = discord.opus.Decoder()  # type: ignore[no-untyped-call]
    pcm = b"".join(decoder.decode(packet, fec=False) for packet in packets)
    stereo = np.array(array.array("h", pcm), np.int16).reshape(-1, 2)
    assert np.abs(stereo[:, 0].astype(int) - stereo[:, 1]).max() < 32
    return stereo[:, 0]


def sounding(signal: NDArray[np.int16]) -> tuple[float, float]:
    """Return when the signal first and last exceeds half its level, seconds."""
    loud = np.flatnonzero(np.abs(signal.astype(int)) > 4000)
    return loud[0] / 48000, loud[-1] / 48000


@pytest.mark.parametrize("rate", RATES)
def test_a_second_of_sound_is_trimmed_to_exact_frames(rate: int) -> None:
    encoder = OpusEncoder()
    sound = np.concatenate([quiet(0.5, rate), tone(1.0, rate), quiet(0.5, rate)])
    packets = encode(encoder, sound, rate, 1001) + encoder.finish(pause=0.25)
    assert len(packets) == 70  # 40 ms lead + 1 s + 100 ms tail + 250 ms pause, filled up
    begin, end = sounding(decode(packets))
    assert begin == pytest.approx(0.04 + 0.0065, abs=0.005)  # libopus delays by 6.5 ms
    assert end - begin == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("rate", RATES)
def test_sound_without_silence_keeps_every_sample(rate: int) -> None:
    encoder = OpusEncoder()
    packets = encode(encoder, tone(0.4, rate), rate, 480) + encoder.finish(pause=0)
    assert len(packets) == 20
    begin, end = sounding(decode(packets))
    assert end - begin == pytest.approx(0.4, abs=0.02)


def test_how_the_input_is_cut_changes_nothing() -> None:
    sound = np.concatenate([quiet(0.2, 22_050), tone(0.3, 22_050), quiet(0.3, 22_050)])
    whole, cut = OpusEncoder(), OpusEncoder()
    expected = encode(whole, sound, 22_050, len(sound)) + whole.finish(pause=0.1)
    assert encode(cut, sound, 22_050, 37) + cut.finish(pause=0.1) == expected


def test_the_first_packet_comes_with_20_ms_of_sound() -> None:
    encoder = OpusEncoder()
    assert encode(encoder, quiet(1.0, 24_000), 24_000, 480) == []
    assert encode(encoder, tone(0.021, 24_000), 24_000, 480)
    assert encode(OpusEncoder(), tone(0.022, 24_000), 24_000, 48)


def test_a_pause_inside_a_piece_is_kept() -> None:
    encoder = OpusEncoder()
    sound = np.concatenate([tone(0.2, 24_000), quiet(0.5, 24_000), tone(0.2, 24_000)])
    packets = encode(encoder, sound, 24_000, 960) + encoder.finish(pause=0)
    begin, end = sounding(decode(packets))
    assert end - begin == pytest.approx(0.9, abs=0.02)


def test_joints_of_pieces_do_not_click() -> None:
    packets: list[bytes] = []
    encoder = OpusEncoder()
    for _ in range(3):
        packets += encode(encoder, tone(0.31, 24_000, level=20_000), 24_000, 999)
        packets += encoder.finish(pause=0.1)
    other = OpusEncoder()  # a cached phrase comes from another encoder
    packets += encode(other, tone(0.3, 24_000, level=20_000), 24_000, 999)
    packets += other.finish(pause=0.1)
    steps = np.abs(np.diff(decode(packets).astype(int)))
    assert steps.max() < CLICK


def test_a_piece_without_sound_gives_nothing() -> None:
    encoder = OpusEncoder()
    assert encode(encoder, quiet(1.0, 24_000), 24_000, 960) == []
    assert encoder.finish(pause=0.25) == []


def test_a_rate_that_no_engine_has_is_refused() -> None:
    with pytest.raises(VoiceError, match="5 Hz"):
        OpusEncoder().encode(AudioChunk(pcm=b"\0\0", sample_rate=5))


@pytest.mark.parametrize("silence", [0, 5, 12])
def test_pieces_encoded_apart_join_without_a_click(silence: int) -> None:
    """As cached phrases do: each by an encoder of its own, the pause between is Discord's."""
    pieces: list[list[bytes]] = []
    for level in (9000.0, 6000.0, 12000.0):
        encoder = OpusEncoder()
        packets = encode(encoder, tone(0.61, 24_000, level=level), 24_000, 5000)
        pieces.append(packets + encoder.finish(pause=0.0))
    between = [SILENCE] * silence
    sound = decode([packet for piece in pieces for packet in (*piece, *between)]).astype(int)
    assert np.abs(np.diff(sound)).max() < CLICK
