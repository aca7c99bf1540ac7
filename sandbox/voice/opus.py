"""Opus through the libopus that PyAV carries: 48 kHz, 20 ms a packet."""

import io
import wave

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE
BIT_RATE = 64_000
LONGEST_SPEECH = 600.0
"""The longest WAV that a human may say, seconds."""

MURMUR = 6
"""Amplitude of an open microphone in a quiet room, s16 units."""


class OpusDecoder:
    """Decode one speaker's packets to mono; stateful, not thread-safe."""

    def __init__(self) -> None:
        self._codec = _codec("libopus", "r", "mono")

    def decode(self, packet: bytes) -> NDArray[np.int16]:
        """Return the samples of one packet, s16 at 48 kHz. Raises ValueError."""
        if not packet:
            raise ValueError("an empty packet is not Opus")
        try:
            frames = self._codec.decode(av.Packet(packet))
        except av.error.FFmpegError as error:
            raise ValueError("the packet is not Opus") from error
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def encode_wav(data: bytes, *, murmur: float) -> list[bytes]:
    """Encode a WAV as packets of 20 ms, then `murmur` seconds of a quiet room; CPU-bound.

    Raises ValueError with one sentence when the WAV cannot be used.
    """
    speech = read_wav(data)
    noise = np.random.default_rng(0).integers(
        -MURMUR, MURMUR, size=(round(murmur * SAMPLE_RATE), 2), dtype=np.int16, endpoint=True
    )
    samples = np.concatenate([speech, noise])
    short = -len(samples) % FRAME_SAMPLES
    return encode(np.pad(samples, ((0, short), (0, 0))))


def encode(samples: NDArray[np.int16]) -> list[bytes]:
    """Encode stereo samples, shape (frames * 960, 2), s16 at 48 kHz."""
    codec = _codec("libopus", "w", "stereo")
    codec.bit_rate = BIT_RATE
    packets: list[bytes] = []
    for start in range(0, len(samples), FRAME_SAMPLES):
        piece = np.ascontiguousarray(samples[start : start + FRAME_SAMPLES]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        packets.extend(bytes(packet) for packet in codec.encode(frame))
    return packets


def read_wav(data: bytes) -> NDArray[np.int16]:
    """Return a WAV as stereo at 48 kHz, shape (samples, 2). Raises ValueError."""
    try:
        with wave.open(io.BytesIO(data)) as sound:
            channels, width, rate, count = sound.getparams()[:4]
            if width != 2 or channels not in (1, 2):
                raise ValueError("The WAV must be mono or stereo with 16 bits a sample.")
            if not count or not 8_000 <= rate <= 192_000 or count > rate * LONGEST_SPEECH:
                raise ValueError("The WAV must last up to ten minutes at 8 to 192 kHz.")
            samples = np.frombuffer(sound.readframes(count), dtype="<i2")
    except (wave.Error, EOFError) as error:
        raise ValueError("The body must be a WAV file.") from error
    return _resample(samples.reshape(1, -1), rate, "stereo" if channels == 2 else "mono")


def write_wav(samples: NDArray[np.int16]) -> bytes:
    """Return mono samples at 48 kHz as a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(samples.astype("<i2").tobytes())
    return target.getvalue()


def _resample(samples: NDArray[np.int16], rate: int, layout: str) -> NDArray[np.int16]:
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE)
    pieces = [piece.to_ndarray() for part in (frame, None) for piece in resampler.resample(part)]
    sound = np.concatenate(pieces, axis=1).astype(np.int16, copy=False)
    return sound.reshape(-1, 2) if layout == "stereo" else np.repeat(sound.reshape(-1, 1), 2, 1)


def _codec(name: str, mode: str, layout: str) -> AudioCodecContext:
    codec = av.CodecContext.create(name, "r" if mode == "r" else "w")
    if not isinstance(codec, AudioCodecContext):
        raise TypeError(f"{name} is not an audio codec")
    codec.sample_rate = SAMPLE_RATE
    codec.layout = layout
    codec.format = "s16"
    return codec
