from enum import IntEnum
from typing import Final

from services.speaking_pace import CACHED, SpeakingPace
from services.speech_pieces import Piece

IN_A_ROW: Final = 2
"""So many pieces that took longer to make than to play show that an engine is too slow."""

BEARABLE: Final = 1.5
"""Seconds per second of sound with which a shorter version is still worth listening to."""


class Rung(IntEnum):
    """Say how a reply is spoken, the best way first."""

    BEST = 0
    """By the engine that sounds best."""
    FAST = 1
    """By one that keeps ahead of playback, where there is one."""
    SHORT = 2
    """Only the first sentence of each paragraph."""
    TEXT = 3
    """Not at all."""


class SpeechLadder:
    """Step down, between two pieces, while the speech of a reply is made slower than it plays.

    `pace` is what is known from earlier replies: an engine that was too slow for them has one
    piece of this one, any other has two.
    """

    def __init__(self, pace: SpeakingPace) -> None:
        self.rung = Rung.BEST
        self.left_out = False
        self._patience = IN_A_ROW if pace.rtf <= 1 else 1
        self._late = 0
        self._told_enough = True

    def observe(self, *, sound: float, waited: float) -> bool:
        """Learn from a piece, in seconds; return whether it takes the reply a rung down."""
        if sound <= 0 or waited < CACHED:
            return False
        self._late = self._late + 1 if waited > sound else 0
        if self._late < self._patience or self.rung is Rung.TEXT:
            return False
        if self.rung is Rung.SHORT and waited <= BEARABLE * sound:
            return False
        self.rung = Rung(self.rung + 1)
        self._patience, self._late = IN_A_ROW, 0
        return True

    def wants(self, piece: Piece) -> bool:
        """Tell whether a piece belongs to what is still spoken."""
        if self.rung < Rung.SHORT:
            return True
        if piece.opens and self.rung is Rung.SHORT:
            self._told_enough = False
        wanted = not self._told_enough
        self._told_enough = self._told_enough or piece.ending == "sentence"
        self.left_out = self.left_out or not wanted
        return wanted
