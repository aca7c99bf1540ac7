CHARACTERS_PER_SECOND = 200.0
"""How fast an answer that is shown at once may seem to be written."""


class TypingPacer:
    """Say how long an answer that is posted at once should still seem to be typed.

    The whole time since the question counts: a slow model leaves nothing to wait for. For answers
    that are neither streamed nor spoken.
    """

    def __init__(self, *, minimum: float, maximum: float) -> None:
        if not 0 <= minimum <= maximum:
            raise ValueError("the shortest delay is not negative and not above the longest")
        self._minimum = minimum
        self._maximum = maximum

    def remaining(self, *, characters: int, elapsed: float) -> float:
        """Return the seconds still to wait, `elapsed` seconds after the question."""
        natural = characters / CHARACTERS_PER_SECOND
        return max(0.0, min(max(natural, self._minimum), self._maximum) - elapsed)
