from collections import deque


class SpeechAlignment:
    """Find the shown text that a piece of spoken text stands for.

    The two differ where marks are dropped and code or links are named instead of read. What was
    shown is dealt out without loss: each piece gets what led up to its last spoken character.
    """

    def __init__(self) -> None:
        self._shown = ""
        self._dealt = 0
        self._spoken = 0
        self._said = 0
        self._steps: deque[tuple[int, int]] = deque()  # (visible characters spoken, shown) so far

    def add(self, shown: str, spoken: str) -> None:
        """Note a step of the shown text, at best a word, and what it adds to the spoken text."""
        self._shown += shown
        self._spoken += _visible(spoken)
        self._steps.append((self._spoken, self._dealt + len(self._shown)))

    def take(self, piece: str) -> str:
        """Return the shown text of the next piece of the spoken text."""
        self._said += _visible(piece)
        while self._steps and self._steps[0][0] < self._said:
            self._steps.popleft()
        known = self._steps[0][1] - self._dealt if self._steps else len(self._shown)
        return self._deal(self._end_of(piece.split()[-1:], known))

    def rest(self) -> str:
        """Return what is left of the shown text."""
        return self._deal(len(self._shown))

    def _end_of(self, last_word: list[str], known: int) -> int:
        """Return the offset behind the last word with its marks; the filter may run a word late."""
        found = self._shown.rfind(last_word[0], 0, known) if last_word else -1
        if found < 0:
            return known
        end = found + len(last_word[0])
        while end < known and not (self._shown[end].isalnum() or self._shown[end].isspace()):
            end += 1
        return end

    def _deal(self, length: int) -> str:
        text, self._shown = self._shown[:length], self._shown[length:]
        self._dealt += length
        return text


def _visible(text: str) -> int:
    return len("".join(text.split()))
