from typing import Final

WEIGHT: Final = 0.3
"""Share of the newest measurement in the running means."""

CACHED: Final = 0.001
"""Sound that came within this many seconds was ready before; it says nothing of the engine."""


class SpeakingPace:
    """Measure how fast the engine makes sound, and how fast that sound says text.

    `rtf` is seconds of waiting per second of sound; until it is measured the engine counts as
    slow. `characters_per_second` begins with the usual 14.
    """

    def __init__(self) -> None:
        self.rtf = 0.3
        self.characters_per_second = 14.0
        self._measured = False

    def observe(self, *, characters: int, sound: float, waited: float) -> None:
        """Learn from one piece: its length, its seconds of sound, the seconds it took to come."""
        if sound <= 0 or waited < CACHED:
            return
        weight = WEIGHT if self._measured else 1.0
        self._measured = True
        self.rtf += weight * (waited / sound - self.rtf)
        self.characters_per_second += WEIGHT * (characters / sound - self.characters_per_second)

    def seconds_to_make(self, characters: float) -> float:
        """Return how long the engine needs for a text of this length."""
        return self.rtf * characters / self.characters_per_second

    def characters_within(self, seconds: float) -> int:
        """Return the length of the text whose sound the engine makes in this time."""
        return int(seconds / max(self.rtf, 1e-3) * self.characters_per_second)
