import numpy as np

from services.voice.resample import FRAME_SAMPLES, OUTPUT_RATE, Samples

THRESHOLD = 328
"""Quieter samples are silence: -40 dB below full scale."""

LEAD = OUTPUT_RATE * 40 // 1000
"""Samples kept before the first sound: 40 ms."""

TAIL = OUTPUT_RATE * 95 // 1000
"""Samples kept after the last sound, before the fade: 95 ms."""

FADE = OUTPUT_RATE * 5 // 1000
"""Length of the fade at either end, samples: 5 ms."""

LONGEST_PAUSE = OUTPUT_RATE * 2
"""Silence inside a piece beyond this many samples is cut out: 2 s."""

_RAMP = np.linspace(0.0, 1.0, FADE, endpoint=False, dtype=np.float32)


class SilenceTrimmer:
    """Cut the silence at both ends of one piece of 48 kHz sound, while it streams."""

    def __init__(self) -> None:
        self._held: Samples = np.zeros(0, np.int16)
        self._started = False
        self._released = 0
        self._tail_left = 0

    def push(self, samples: Samples) -> Samples:
        """Return what certainly belongs to the piece; silence is held until sound follows."""
        self._held = np.concatenate([self._held, samples])
        loud = np.flatnonzero((self._held >= THRESHOLD) | (self._held <= -THRESHOLD))
        if not self._started:
            if not loud.size:
                self._held = self._held[-LEAD:]
                return self._held[:0]
            self._started = True
            start = max(0, int(loud[0]) - LEAD)
            self._held, loud = self._held[start:], loud - start
        if loud.size:
            self._tail_left = int(loud[-1]) + 1 + TAIL
        return self._release()

    def finish(self) -> Samples:
        """Return a short fade that ends the piece; empty when nothing was heard in it."""
        ending = self._held[: FADE if self._started else 0]
        return (ending * _RAMP[::-1][: len(ending)]).astype(np.int16)

    def _release(self) -> Samples:
        """Let out what will not be needed for the final fade; the first frame never waits."""
        surely = min(len(self._held) - FADE, self._tail_left)
        at_once = min(len(self._held), self._tail_left, FRAME_SAMPLES - self._released)
        count = max(surely, at_once, 0)
        released, self._held = self._held[:count], self._held[count:][:LONGEST_PAUSE]
        self._tail_left -= count
        rising = _RAMP[self._released : self._released + count]
        self._released += count
        return np.concatenate(
            [(released[: len(rising)] * rising).astype(np.int16), released[len(rising) :]]
        )
