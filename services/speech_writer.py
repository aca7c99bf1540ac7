# ruff: noqa: RUF001  (the letters people write are this module's matter)
import re
import unicodedata
from itertools import chain
from typing import Final

_REPEATS = re.compile(
    r"([^\W\d_])\1{3,}"  # soooo
    r"|\.{4,}"
    r"|[!?！？]{2,}"
    r"|([,;:])\2+"
    r"|([^\w\s.!?,;:])\3{2,}"
)
_FANCY: Final = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in chain(
        range(0x1D400, 0x1D800),  # mathematical, people's bold and script
        range(0x24B6, 0x24EA),  # in circles
        range(0xFF10, 0xFF1A),  # full-width
        range(0xFF21, 0xFF3B),
        range(0xFF41, 0xFF5B),
        map(ord, "ℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨℬℭℯℰℱℳℴ"),
    )
}
"""Letters and figures that engines spell by their codes, and the plain ones."""
_LONGEST_KEPT = 3
_SENTENCE_ENDS = frozenset(".!?…。！？")
_CLINGING = frozenset(",.;:!?…)")


class SpeechWriter:
    """Collect words to be spoken: white space normalised, repeated characters limited.

    What it gives out depends on the order of what it was told alone, never on the cuts.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._tail = ""  # the last characters given out on this line
        self._space = False
        self._gap = False

    @property
    def in_line(self) -> bool:
        """Tell whether the line has words."""
        return bool(self._tail)

    @property
    def between_sentences(self) -> bool:
        """Tell whether a sentence may begin here."""
        return not self._tail or self._tail[-1] in _SENTENCE_ENDS

    def write(self, text: str) -> None:
        """Add words; white space at the end waits for the next word."""
        words = (text if text.isascii() else text.translate(_FANCY)).split()
        if not words:
            self._space = self._space or bool(text)
            return
        body = " ".join(words)
        if self._tail and (self._space or text[0].isspace()):
            clings = self._gap and body[0] in _CLINGING
            body = body if clings else f" {body}"
        self._space = text[-1].isspace()
        self._gap = False
        limited = _REPEATS.sub(_limit, self._tail + body)
        self._parts.append(limited[len(self._tail) :])
        self._tail = limited[-_LONGEST_KEPT:]

    def gap(self) -> None:
        """Part the words before from the words after, but not from a mark such as a full stop."""
        self._space = self._gap = True

    def end_line(self) -> None:
        """End the line, if it has words."""
        if self._tail:
            self._parts.append("\n")
        self._tail = ""
        self._space = self._gap = False

    def take(self) -> str:
        """Return what was collected since the last call."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


def _limit(run: re.Match[str]) -> str:
    text = run[0]
    if text[0] == ".":
        return "..."
    if text[0] in "!?！？":
        return "".join(dict.fromkeys(text))
    kept = _LONGEST_KEPT if run[1] else 1 if run[2] else 2
    return text[:kept]
