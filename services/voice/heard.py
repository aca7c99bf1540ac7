from collections.abc import Iterable
from dataclasses import dataclass

FRAMES_PER_CHARACTER = 3.5
"""Frames that a letter takes at an ordinary pace of speech, about 14 letters a second."""


@dataclass(slots=True)
class Piece:
    """Hold a text and the frames that say it; `complete` once all its frames are known."""

    text: str
    frames: int = 0
    complete: bool = False

    def heard(self, frames: int) -> str:
        """Return the part of the text that its first `frames` frames say, whole words only."""
        length = self.frames
        if not self.complete:
            length = max(length, round(len(self.text) * FRAMES_PER_CHARACTER))
        if frames <= 0 or frames >= length:
            return self.text if frames > 0 else ""
        return cut_at_word(self.text, len(self.text) * frames // length)


def cut_at_word(text: str, length: int) -> str:
    """Return at most `length` characters, ending before a word that would be broken."""
    cut = text[:length]
    if length >= len(text) or text[length].isspace() or _is_ideograph(text[length]):
        return cut.rstrip()
    end = len(cut)
    while end and not (cut[end - 1].isspace() or _is_ideograph(cut[end - 1])):
        end -= 1
    return cut[:end].rstrip()


def whole_text(pieces: list[Piece]) -> str:
    """Return the text of all pieces."""
    return _joined(piece.text for piece in pieces)


def heard_text(pieces: list[Piece], frames: int) -> str:
    """Return the words of the pieces that were said in the first `frames` frames."""
    words: list[str] = []
    for piece in pieces:
        if frames <= 0:
            break
        words.append(piece.heard(frames))
        if words[-1] != piece.text:
            break
        frames -= piece.frames
    return _joined(words)


def _joined(texts: Iterable[str]) -> str:
    return " ".join(text.strip() for text in texts if text.strip())


def _is_ideograph(character: str) -> bool:
    """Tell whether a character is a word of its own (CJK, from U+2E80 on)."""
    return character >= "\u2e80"
