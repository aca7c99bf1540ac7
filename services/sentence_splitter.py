# ruff: noqa: RUF001  (other scripts' words and punctuation are this module's matter)
import re

from services.sentence_boundary import NEWLINES, NO, TERMINATORS, WAIT, find_end

MAX_SENTENCE = 2000
"""Characters after which a sentence without an end is cut at a word."""
MAX_FENCE = 8000
"""Characters after which a code fence is cut at a line."""

_MAX_INLINE_CODE = 200
_MAX_TICKS = 10
_OPENING = "“«「『（"
_CLOSING = "”»」』）"
_CANDIDATE = re.compile(
    rf"[{_OPENING}{_CLOSING}{NEWLINES}{TERMINATORS.replace(';', '')}`]"
    "|(?<=[\u0370-\u03ff\u1f00-\u1fff]);"
)


class SentenceSplitter:
    """Cut a stream of text into sentences, each released as soon as its end is certain.

    A newline ends a sentence and a code fence is one. How the text was cut into pushes never
    changes the sentences; joined, they lose nothing but white space. Costs O(1) a character and
    keeps at most MAX_FENCE characters and a short look-ahead.
    """

    def __init__(self) -> None:
        self._reset()

    def push(self, text: str) -> list[str]:
        """Take more text and return the sentences that it completes."""
        self._buffer += text
        return self._take(final=False)

    def flush(self) -> list[str]:
        """Return what is left as sentences and start afresh."""
        sentences = self._take(final=True)
        if rest := self._buffer.strip():
            sentences.append(rest)
        self._reset()
        return sentences

    def _reset(self) -> None:
        self._buffer = ""
        self._start = 0
        self._scanned = 0
        self._quotes = 0
        self._code_start = -1
        self._fence = ""

    def _take(self, *, final: bool) -> list[str]:
        sentences = []
        while (end := self._next_end(final=final)) > NO:
            if sentence := self._buffer[self._start : end].strip():
                sentences.append(sentence)
            self._start = self._scanned = end
            self._code_start = -1
        self._forget_taken()
        return sentences

    def _forget_taken(self) -> None:
        taken = self._start
        if taken:
            self._buffer = self._buffer[taken:]
            self._scanned -= taken
            if self._code_start >= 0:
                self._code_start -= taken
            self._start = 0

    def _next_end(self, *, final: bool) -> int:
        if self._fence:
            return self._fence_end()
        limit = self._start + MAX_SENTENCE
        while match := _CANDIDATE.search(self._buffer, self._scanned, limit):
            end = self._judge(match.start(), final=final)
            if end > NO:
                return end
            if end == WAIT:
                self._scanned = match.start()
                return WAIT
            if self._fence:
                return self._fence_end()
        if len(self._buffer) >= limit:
            return self._cut_at_space(limit)
        self._scanned = len(self._buffer)
        return WAIT

    def _judge(self, at: int, *, final: bool) -> int:
        """Return the sentence's end by the candidate at `at`, NO (and go past it), or WAIT."""
        mark = self._buffer[at]
        if mark == "`":
            return self._judge_ticks(at, final=final)
        self._scanned = at + 1
        if mark in NEWLINES:
            self._quotes = 0
            return at + 1
        if mark in _OPENING or mark in _CLOSING:
            self._quotes = max(0, self._quotes + (1 if mark in _OPENING else -1))
            return NO
        if self._code_start >= 0 and at - self._code_start < _MAX_INLINE_CODE:
            return NO
        quoted = self._quotes > 0
        return find_end(self._buffer, self._start, at, quoted=quoted, final=final)

    def _judge_ticks(self, at: int, *, final: bool) -> int:
        seen = self._buffer[at : at + _MAX_TICKS]
        ticks = len(seen) - len(seen.lstrip("`"))
        if ticks == len(seen) < _MAX_TICKS and not final:
            return WAIT
        if ticks >= 3:
            if self._buffer[self._start : at].strip():
                return at
            self._fence = "`" * ticks
        elif ticks == 1:
            self._code_start = -1 if self._code_start >= 0 else at
        self._scanned = at + ticks
        return NO

    def _fence_end(self) -> int:
        limit = self._start + MAX_FENCE
        size = len(self._fence)
        at = self._buffer.find(self._fence, self._scanned, limit)
        if at >= 0:
            self._fence = ""
            return at + size
        if len(self._buffer) >= limit:
            cut = self._buffer.rfind("\n", self._start + size, limit - size)
            return cut if cut > 0 else limit - size
        self._scanned = max(self._scanned, len(self._buffer) - size + 1)
        return WAIT

    def _cut_at_space(self, limit: int) -> int:
        cut = self._buffer.rfind(" ", self._start + 1, limit)
        self._quotes = 0
        return cut if cut > 0 else limit
