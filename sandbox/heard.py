"""What a person in a voice channel heard, in numbers."""

import io
import math
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FRAME_SECONDS = 0.020


@dataclass(frozen=True, slots=True)
class Heard:
    """Sum up one spell of speech; `first` is when it began, on the monotonic clock."""

    first: float
    seconds: float
    encrypted: bool
    undecoded: int
    gaps: int
    peak_dbfs: float


def sum_up(frames: Sequence[dict[str, Any]], gaps: int, wav: bytes) -> Heard:
    """Measure frames (not empty, none of silence) and the recording that they are part of."""
    return Heard(
        first=frames[0]["t"],
        seconds=len(frames) * FRAME_SECONDS,
        encrypted=all(frame["encrypted"] for frame in frames),
        undecoded=sum(not frame["decoded"] for frame in frames),
        gaps=gaps,
        peak_dbfs=peak_dbfs(wav),
    )


def peak_dbfs(wav: bytes) -> float:
    """Return the loudest sample of a 16-bit WAV file, dB below full scale; silence is -inf."""
    with wave.open(io.BytesIO(wav)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
    return 20 * math.log10(peak / 32768) if peak else -math.inf
