"""A stand-in for a voice: sung syllables without words, as long as the text takes to read."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 24_000
CHARACTERS_PER_SECOND = 13.0
"""Reading speed of an English voice."""

SYLLABLE = 3
"""Characters sung on one note."""

SCALE = (174.6, 196.0, 220.0, 261.6, 293.7)
"""The notes, hertz: pentatonic, so that any order sounds well."""

HARMONICS = (1.0, 0.5, 0.25, 0.12)
PEAK = 0.4
GLIDE = 0.03
"""How long one note slides into the next, seconds."""


def duration(text: str, *, speed: float) -> float:
    """Return how long a text sounds, seconds."""
    return max(1, len(text)) / (CHARACTERS_PER_SECOND * speed)


def sing(text: str, *, speed: float) -> Iterator[bytes]:
    """Yield a text's sound note by note: s16 mono at 24 kHz, never silent inside."""
    start = 0
    phase = 0.0
    previous = SCALE[0]
    for position in range(0, max(1, len(text)), SYLLABLE):
        syllable = text[position : position + SYLLABLE]
        end = samples_until(min(position + SYLLABLE, max(1, len(text))), speed=speed)
        pitch = SCALE[crc32(syllable.encode(errors="surrogatepass")) % len(SCALE)]
        phases = phase + _phases(previous, pitch, end - start)
        yield _voice(phases)
        start, phase, previous = end, float(phases[-1]), pitch


def samples_until(characters: int, *, speed: float) -> int:
    """Return how many samples the first `characters` of a text take."""
    return round(characters / (CHARACTERS_PER_SECOND * speed) * SAMPLE_RATE)


def _phases(previous: float, pitch: float, samples: int) -> NDArray[np.float64]:
    glide = min(samples, int(GLIDE * SAMPLE_RATE))
    pitches = np.full(samples, pitch)
    pitches[:glide] = np.linspace(previous, pitch, glide)
    return np.cumsum(2 * np.pi * pitches / SAMPLE_RATE)


def _voice(phases: NDArray[np.float64]) -> bytes:
    tone = sum(level * np.sin((n + 1) * phases) for n, level in enumerate(HARMONICS))
    envelope = 0.35 + 0.65 * np.sin(np.linspace(0, np.pi, len(phases))) ** 0.5
    wave = tone * envelope * (PEAK / sum(HARMONICS))
    return (wave * 32767).astype("<i2").tobytes()
