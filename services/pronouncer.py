import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from services.core.phonemes import with_phonemes
from services.pronunciation import Saying, parse_saying
from services.speech_text import speakable

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_OTHER_WORD: Final = re.compile(r"['’](?!s\b)\w")  # noqa: RUF001
"""Behind a word it makes another one: "don't" is not "don" and some "'t"."""


class _Token(NamedTuple):
    text: str
    glued: bool
    start: int
    end: int


_Key = tuple[tuple[str, bool], ...]


class Pronouncer:
    """Put a guild's sayings in the place of its words: whole words, the longest first.

    A word with capitals is found as it is written, any other in every case. A word that is read
    otherwise than it is written ("C++") is found in what is read as well. Linear in the text.
    """

    def __init__(self, entries: Mapping[str, str], *, language: str) -> None:
        self._exact: dict[_Key, Saying] = {}
        self._folded: dict[_Key, Saying] = {}
        self._lengths: dict[str, list[int]] = {}  # by first token, the longest first
        for word, saying in entries.items():
            for written in dict.fromkeys((speakable(word, language=language), word)):
                self._add(written, parse_saying(saying), exact=word != word.lower())

    def apply(self, text: str) -> str:
        """Return a text with what is to be said for its words."""
        tokens = list(_tokens(text))
        said: list[str] = []
        done = number = 0
        while number < len(tokens):
            length, saying = self._at(text, tokens, number)
            if saying is not None:
                start, end = tokens[number].start, tokens[number + length - 1].end
                words = saying.words or text[start:end]
                said += (text[done:start], with_phonemes(words, saying.phonemes))
                done = end
            number += length
        return "".join((*said, text[done:]))

    def _add(self, written: str, saying: Saying, *, exact: bool) -> None:
        tokens = list(_tokens(written))
        if tokens:
            found = self._exact if exact else self._folded
            found[_key(tokens, folded=not exact)] = saying
            lengths = {len(tokens), *self._lengths.get(tokens[0].text.casefold(), ())}
            self._lengths[tokens[0].text.casefold()] = sorted(lengths, reverse=True)

    def _at(self, text: str, tokens: Sequence[_Token], number: int) -> tuple[int, Saying | None]:
        """Return how many tokens are dealt with from here on, and how they are said."""
        first = tokens[number]
        follows_word = first.glued and first.start > 0 and not first.text[0].isalnum()
        for length in self._lengths.get(first.text.casefold(), ()):
            part = tokens[number : number + length]
            if len(part) < length or follows_word or _OTHER_WORD.match(text, part[-1].end):
                continue
            saying = self._exact.get(_key(part, folded=False))
            saying = saying or self._folded.get(_key(part, folded=True))
            if saying is not None:
                return length, saying
        return 1, None


def _key(tokens: Sequence[_Token], *, folded: bool) -> _Key:
    words = (token.text.casefold() if folded else token.text for token in tokens)
    glued = [False, *(token.glued for token in tokens[1:])]
    return tuple(zip(words, glued, strict=True))


def _tokens(text: str) -> Iterable[_Token]:
    end = 0
    for match in _TOKEN.finditer(text):
        glued = match.start() == end
        end = match.end()
        yield _Token(match[0], glued, match.start(), end)
