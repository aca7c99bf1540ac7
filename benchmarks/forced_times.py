"""What text, model and engine force on anybody, by the rules that the documentation gives."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

FIRST_CHARACTERS, FIRST_WAIT = 40, 0.3
"""A message is posted with 40 characters or 0.3 s after its first text."""

CLAUSE_CHARACTERS, CLAUSE_WORDS = 12, 3
"""From here on a clause mark releases the first piece of speech; a sentence's end always does."""

LONGEST_OPENING = 80
"""Characters at which the first piece is cut at a word, on an engine faster than RTF 0.3."""

FRAME = 0.020
"""An Opus frame is complete when its 20 ms of sound are there."""

_CLAUSE = re.compile(r"(?<=[^\d\s])[,;:](?=\s|$)|(?<=\d)[,;:](?=\s)|[—–]")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Script:
    """Hold an answer that the model gives at a steady pace; times in seconds.

    `sentence` is its first sentence, found by a person.
    """

    deltas: tuple[str, ...]
    sentence: str
    ttft: float
    tokens_per_second: float

    @property
    def text(self) -> str:
        """Return the whole answer."""
        return "".join(self.deltas)

    @property
    def end(self) -> float:
        """Return when the last delta comes, counted from the question."""
        return self.at(len(self.deltas) - 1)

    def at(self, index: int) -> float:
        """Return when a delta comes, counted from the question."""
        return self.ttft + index / self.tokens_per_second

    def first_post(self) -> float:
        """Return when the text may first be posted."""
        enough = self._first(lambda text: len(text) >= FIRST_CHARACTERS)
        return min(enough, self.ttft + FIRST_WAIT)

    def first_piece(self) -> float:
        """Return when the delta comes that releases the first piece of speech.

        A sentence's end is known with the character behind it, so with the next delta.
        """
        return self._first(lambda text: len(text) > len(self.sentence) or _may_begin(text))

    def first_mark(self) -> float:
        """Return the same for a speaker who needs no character behind the mark."""
        return self._first(lambda text: len(text) >= len(self.sentence) or _may_begin(text))

    def _first(self, fulfils: Callable[[str], bool]) -> float:
        texts = enumerate(accumulate(self.deltas))
        return next((self.at(index) for index, text in texts if fulfils(text)), self.end)


def _may_begin(text: str) -> bool:
    """Tell whether an unfinished sentence has a clause worth saying, or is too long to wait."""
    ends = (mark.end() for mark in _CLAUSE.finditer(text))
    return len(text) > LONGEST_OPENING or any(
        end >= CLAUSE_CHARACTERS and len(text[:end].split()) >= CLAUSE_WORDS for end in ends
    )
