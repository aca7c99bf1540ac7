import functools
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.core.errors import VoiceError

Samples = NDArray[np.int16]
"""Mono samples at full scale ±32768."""

OUTPUT_RATE = 48_000
"""Sample rate of Opus on Discord, Hz."""

FRAME_SAMPLES = OUTPUT_RATE // 50
"""Samples of one channel in a frame of 20 ms."""

_HALF = 32
_TAPS = 2 * _HALF
_PASS_BAND = 0.94
_KAISER_BETA = 9.0
_BLOCK = FRAME_SAMPLES
"""Samples made at once: few, so that what they are made from stays in the processor's cache."""


class Resampler:
    """Bring one piece of sound to 48 kHz; output sample n lies n / 48000 s after the start.

    Polyphase windowed sinc; keeps its state from push to push, `flush` ends the piece.
    """

    def __init__(self, sample_rate: int) -> None:
        if not 8_000 <= sample_rate <= 192_000:
            raise VoiceError(f"sound at {sample_rate} Hz cannot be played")
        self.sample_rate = sample_rate
        divisor = gcd(sample_rate, OUTPUT_RATE)
        self._up, self._down = OUTPUT_RATE // divisor, sample_rate // divisor
        self._pending = np.zeros(_HALF - 1, np.float32)
        self._dropped = 0
        self._received = 0
        self._produced = 0

    def push(self, samples: Samples) -> Samples:
        """Return the samples that the input so far determines."""
        if self._up == self._down:
            return samples
        self._received += len(samples)
        self._pending = np.concatenate([self._pending, samples.astype(np.float32)])
        return self._produce(self._count_before(self._received - _HALF))

    def flush(self) -> Samples:
        """Return the rest of the piece: in all, ceil(input · 48000 / rate) samples."""
        if self._up == self._down:
            return np.zeros(0, np.int16)
        self._pending = np.concatenate([self._pending, np.zeros(_HALF + 1, np.float32)])
        return self._produce(self._count_before(self._received))

    def _count_before(self, position: int) -> int:
        """Return how many output samples lie before an input position."""
        return max(0, -(-position * self._up // self._down))

    def _produce(self, until: int) -> Samples:
        if until <= self._produced:
            return np.zeros(0, np.int16)
        starts = range(self._produced, until, _BLOCK)
        sound = np.concatenate([self._filter(at, min(at + _BLOCK, until)) for at in starts])
        self._produced = until
        keep_from = until * self._down // self._up - self._dropped
        self._pending = self._pending[keep_from:]
        self._dropped += keep_from
        limited: Samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
        return limited

    def _filter(self, start: int, until: int) -> NDArray[np.float32]:
        ticks = np.arange(start, until, dtype=np.int64) * self._down
        windows = sliding_window_view(self._pending, _TAPS)[ticks // self._up - self._dropped]
        taps = _filter_bank(self._up, self._down)[ticks % self._up]
        return np.asarray(np.einsum("nk,nk->n", windows, taps))


@functools.lru_cache(maxsize=8)
def _filter_bank(up: int, down: int) -> NDArray[np.float32]:
    """Return one row of taps for each of the `up` positions between two input samples."""
    cutoff = _PASS_BAND * min(1.0, up / down)
    distance = np.arange(_TAPS) - (_HALF - 1) - np.arange(up)[:, None] / up
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / _HALF) ** 2, 0, None)))
    taps = np.sinc(cutoff * distance) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)
