import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

from services.sentence_splitter import SentenceSplitter
from services.speaking_pace import SpeakingPace

Ending = Literal["word", "clause", "sentence"]

SLOW: Final = 0.3
"""From this real-time factor on, the first piece is cut short."""

OPENING_SLOW: Final = 30
OPENING_FAST: Final = 80
"""Near so many characters the first piece is cut at a word, however its sentence goes on."""

OPENING_DELAY: Final = 0.3
"""Seconds that making a first piece longer than that may take."""

CLAUSE_LENGTH: Final = 12
CLAUSE_WORDS: Final = 3
"""The shortest text that a clause mark may end."""

FIGURE_LENGTH: Final = 5
"""Characters that one figure takes when it is said: "1984" has 20."""

AMOUNT: Final = 20
"""Characters that a text full of figures may have all the same, so that none is taken apart."""

MARGIN: Final = 0.3
"""Seconds of queued sound below which a piece is released as soon as it can be."""

# A mark behind a letter ends a clause as it comes; behind a digit ("1,000", "10:30") only a
# space and no further figure ("May 5, 2026") tells.
_CLAUSE: Final = re.compile(
    r"(?<=[^\d\s])[,;:](?=\s|\Z)|(?<=\d)(?:[,;:](?=\s+[^\s\d])|;(?=\s))|[—،؛；，、：]|(?<=\s)–(?=\s)"  # noqa: RUF001
)
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w[\w'’]*")  # noqa: RUF001
_FIGURE: Final = re.compile(r"\d")
_BEHIND_FIGURE: Final = re.compile(r"(?<=\d)\s|(?<=\d\.)\s|(?<=\.)\s(?=\d)")
_BEFORE_FIGURE: Final = re.compile(r"\s(?=\d|(?:[IVXLC]{2,9}|[VX])\b|[IVXLC]\Z)")
_BESIDE_SIGN: Final = re.compile(
    r"\s(?=\Z|[^\w\s]{1,2}(?:\s|\Z))|(?<=\s[^\w\s])\s|(?<=\s[^\w\s]{2})\s|(?<=[€$£¥₹#№§°º~≈])\s"
)
"""Where a cut would part a sign from what it stands between: "x = 5"."""
_HARMS: Final = ((2, _BEHIND_FIGURE), (1, _BEFORE_FIGURE), (2, _BESIDE_SIGN))
_LINE_END: Final = re.compile(r"[^\S\n]*\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a text to be synthesised in one go, where it ends, and whether it begins a line."""

    text: str
    ending: Ending
    opens: bool = field(default=False, compare=False)


class PieceCutter:
    """Cut growing text into pieces: the first as early as it sounds right, then whole sentences.

    Text is pushed at one end and pieces are taken at the other, when the player wants one; so a
    piece is as long as the sound still queued allows, and playback does not run dry. A piece is
    a sentence, or several of a line up to `min_length` together, or a part of one longer than
    `max_length` (characters), or a whole short line. Nothing but white space is lost between.
    """

    def __init__(self, *, min_length: int, max_length: int) -> None:
        self._min_length = min_length
        self._max_length = max_length
        self._splitter = SentenceSplitter()
        self._text = ""
        self._ends: deque[int] = deque()  # where whole sentences of _text end
        self._begun = 0  # visible characters of the unfinished sentence already taken
        self._complete = False
        self._new_line = True

    @property
    def finished(self) -> bool:
        """Tell whether the text was ended and every piece taken."""
        return self._complete and not self._text

    def push(self, text: str) -> None:
        """Take more text."""
        self._text = self._text + text if self._text else self._stripped(text)
        self._mark(self._splitter.push(text))

    def end(self) -> None:
        """Declare the text complete; what is left of it becomes a sentence."""
        self._mark(self._splitter.flush())
        self._complete = True
        self._text = self._text.rstrip()
        while self._ends and self._ends[-1] >= len(self._text):
            self._ends.pop()
        if self._text:
            self._ends.append(len(self._text))

    def reserve(self, pace: SpeakingPace) -> float:
        """Return the seconds of queued sound at which the next piece becomes urgent."""
        return MARGIN + pace.seconds_to_make(_opening(pace))

    def next(self, *, queued: float, pace: SpeakingPace) -> Piece | None:
        """Take the next piece, or None while it is better to wait for more text.

        `queued` is the sound not yet played, seconds.
        """
        urgent = queued <= self.reserve(pace)
        limit = self._written(min(self._max_length, _affordable(queued, pace)))
        if self._complete and 0 < len(self._text) <= limit and "\n" not in self._text:
            return self._take(len(self._text), "sentence")
        if self._ends:
            return self._whole_sentences(limit, urgent=urgent)
        if urgent:
            return self._opening_piece(min(limit, self._written(_opening(pace))))
        return self._cut(limit) if len(self._text) > self._max_length else None

    def _written(self, limit: int) -> int:
        """Return how much of the text is said with `limit` characters: figures take several."""
        least = min(limit, AMOUNT)
        for figure in _FIGURE.finditer(self._text, 0, limit):
            if figure.start() >= limit:
                break
            limit -= FIGURE_LENGTH - 1
        return max(least, limit)

    def _whole_sentences(self, limit: int, *, urgent: bool) -> Piece | None:
        taken = 0
        for end in self._ends:
            if end > limit:
                break
            taken = end
            if urgent or taken >= self._min_length or _LINE_END.match(self._text, end):
                return self._take(taken, "sentence")
        if not taken:
            return self._cut(limit)
        may_join = taken == self._ends[-1] and not self._complete
        return None if may_join else self._take(taken, "sentence")

    def _opening_piece(self, limit: int) -> Piece | None:
        for mark in _CLAUSE.finditer(self._text):
            if mark.end() > limit:
                break
            if _is_clause(self._text[: mark.end()]):
                return self._take(mark.end(), "clause")
        return self._cut(limit) if len(self._text) > limit else None

    def _cut(self, limit: int) -> Piece:
        """Take at most `limit` characters of a longer text, up to a clause mark or a word."""
        marks = [mark.end() for mark in _CLAUSE.finditer(self._text[: limit + 1])]
        clause = max((end for end in marks if end <= limit), default=0)
        if clause >= limit / 3 and _is_clause(self._text[:clause]):
            return self._take(clause, "clause")
        spaces = [at for at in range(limit, 0, -1) if self._text[at].isspace()]
        return self._take(min(spaces, key=self._harm, default=limit), "word")

    def _harm(self, at: int) -> int:
        """Return how much that belongs together a cut at a space would part."""
        return sum(weight for weight, place in _HARMS if place.match(self._text, at))

    def _take(self, length: int, ending: Ending) -> Piece:
        taken, rest = self._text[:length], self._text[length:]
        if not self._ends:
            self._begun += _visible(taken)
        opens, self._new_line = self._new_line, False
        self._text = self._stripped(rest)
        gone = length + len(rest) - len(self._text)
        self._ends = deque(end - gone for end in self._ends if end > length)
        return Piece(taken.strip(), ending, opens)

    def _stripped(self, text: str) -> str:
        stripped = text.lstrip()
        self._new_line = self._new_line or "\n" in text[: len(text) - len(stripped)]
        return stripped

    def _mark(self, sentences: list[str]) -> None:
        for sentence in sentences:
            left, self._begun = _visible(sentence) - self._begun, 0
            if left > 0:
                start = self._ends[-1] if self._ends else 0
                self._ends.append(_offset_behind(left, self._text, start))


def _opening(pace: SpeakingPace) -> int:
    return OPENING_SLOW if pace.rtf >= SLOW else OPENING_FAST


def _affordable(queued: float, pace: SpeakingPace) -> int:
    """Return the length of the text that can be made while the queued sound plays."""
    length = pace.characters_within(queued)
    if length >= CLAUSE_LENGTH:
        return length
    return max(_opening(pace), pace.characters_within(OPENING_DELAY))  # a gap, or the beginning


def _is_clause(text: str) -> bool:
    return len(text) >= CLAUSE_LENGTH and len(_WORD.findall(text)) >= CLAUSE_WORDS


def _visible(text: str) -> int:
    return len("".join(text.split()))


def _offset_behind(count: int, text: str, start: int) -> int:
    """Return the offset behind the next `count` visible characters."""
    for offset in range(start, len(text)):
        count -= not text[offset].isspace()
        if not count:
            return offset + 1
    return len(text)
