import numpy as np
import pytest

from sandbox.voice.opus import FRAME_SAMPLES, OpusDecoder, encode_wav, read_wav, write_wav
from tests.sandbox.voice.harness import tone, wav


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (48_000, 2), (22_050, 1), (16_000, 2)])
def test_any_wav_becomes_stereo_at_48_khz(rate: int, channels: int) -> None:
    samples = np.repeat(tone(0.5, rate=rate), channels)
    sound = read_wav(wav(samples, rate=rate, channels=channels))
    assert abs(len(sound) - 24_000) < 100
    for channel in sound.T:
        spectrum = np.abs(np.fft.rfft(channel[:24_000].astype(float), n=24_000))
        assert spectrum.argmax() * 2 == 440


def test_speech_survives_opus() -> None:
    packets = encode_wav(wav(tone(0.25)), murmur=0.0)
    assert len(packets) == 13
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(packet) for packet in packets])
    assert len(sound) == 13 * FRAME_SAMPLES
    assert np.abs(np.fft.rfft(sound[:9600].astype(float))).argmax() * 5 == 440


def test_an_open_microphone_murmurs() -> None:
    packets = encode_wav(wav(tone(0.02)), murmur=0.2)
    decoder = OpusDecoder()
    sounds = [decoder.decode(packet) for packet in packets]
    assert len(packets) == 11
    assert 0 < np.abs(np.concatenate(sounds[5:])).max() < 200


@pytest.mark.parametrize("packet", [b"", b"\xff", b"\xfb\x30aaa", b"\xf8" + b"a" * 1500])
def test_what_is_not_opus_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="not Opus"):
        OpusDecoder().decode(packet)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF" + bytes(40),
        wav(np.zeros(0, np.int16)),
        wav(tone(0.1), rate=4_000),
        wav(np.zeros(48, np.int16), channels=3),
    ],
)
def test_a_bad_wav_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"WAV.*\.$"):
        read_wav(data)


def test_a_recording_is_a_wav() -> None:
    samples = tone(0.1)
    assert (read_wav(write_wav(samples))[:, 0] == samples).all()
