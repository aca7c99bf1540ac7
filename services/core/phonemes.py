"""Words that carry their phonemes, on their way through a text to an engine that takes them.

The marks are of Unicode's private use, which speech_text takes out of what people and models
write: so nobody but the bot can set them.
"""

import re
from collections.abc import Iterator
from typing import Final

_BEGIN, _BETWEEN, _END = "\ue000", "\ue001", "\ue002"
_MARKED: Final = re.compile(f"{_BEGIN}([^{_BEGIN}-{_END}]*){_BETWEEN}([^{_BEGIN}-{_END}]*){_END}")


def with_phonemes(words: str, phonemes: str) -> str:
    """Return words that are to be said by these phonemes (IPA), if any, where an engine can."""
    if not phonemes:
        return words
    return f"{_BEGIN}{words}{_BETWEEN}{phonemes}{_END}"


def without_phonemes(text: str) -> str:
    """Return a text for an engine that takes no phonemes."""
    return _MARKED.sub(r"\1", text) if _BEGIN in text else text


def parted(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a text in order, each with its phonemes or ""."""
    at = 0
    for marked in _MARKED.finditer(text):
        if marked.start() > at:
            yield text[at : marked.start()], ""
        yield marked[1], marked[2]
        at = marked.end()
    if at < len(text):
        yield text[at:], ""


def bounded(text: str, length: int) -> str:
    """Return at most so many characters of a text, its phonemes apart."""
    if len(text) <= length:
        return text
    kept: list[str] = []
    for words, phonemes in parted(text):
        fits = words[:length]
        kept.append(with_phonemes(fits, phonemes) if fits == words else fits)
        length -= len(fits)
    return "".join(kept)
