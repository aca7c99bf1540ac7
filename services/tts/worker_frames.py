"""Frames between the bot and a speech worker: one byte of kind, four of length, the payload."""

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Final, Self

MAX_PAYLOAD: Final = 1 << 20
"""No frame is longer, bytes; sound comes in frames of half a second."""

PULSE_SECONDS: Final = 0.1

_HEADER: Final = struct.Struct(">BI")


class Kind(IntEnum):
    """Say what a frame carries; the bot sends the first two, the worker the others."""

    SPEAK = 1
    """A SpeechRequest. The worker answers with sound, then one DONE, REFUSED or FAILED."""
    STOP = 2
    """The running request is to end early, with DONE."""
    READY = 3
    """JSON: sample_rate (Hz), voices (names). Comes once, after loading and a first synthesis."""
    SOUND = 4
    """PCM, s16 mono."""
    DONE = 5
    """JSON: rss_mb, the worker's memory."""
    REFUSED = 6
    """Words: why this one text was not spoken; the worker is well."""
    FAILED = 7
    """Words: why the worker ends."""
    PULSE = 8
    """Nothing: the process runs. Comes every PULSE_SECONDS while a text is being spoken."""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """Ask for the sound of a text; an empty or unknown voice is the worker's default."""

    text: str
    voice: str
    speed: float
    language: str

    def encode(self) -> bytes:
        """Return the request as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read what `encode` returned."""
        return cls(**json.loads(payload))


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a frame as it is written."""
    return _HEADER.pack(kind, len(payload)) + payload


class FrameReader:
    """Regroup bytes, cut anywhere, into frames."""

    def __init__(self) -> None:
        self._waiting = bytearray()  # less than one frame, once `push` has returned

    def push(self, data: bytes) -> list[tuple[Kind, bytes]]:
        """Return the frames that these bytes complete. Raises ValueError for anything else."""
        self._waiting += data
        frames: list[tuple[Kind, bytes]] = []
        at = 0
        while len(self._waiting) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._waiting, at)
            if length > MAX_PAYLOAD:
                raise ValueError(f"a frame of {length} bytes")
            end = at + _HEADER.size + length
            if len(self._waiting) < end:
                break
            frames.append((Kind(kind), bytes(self._waiting[at + _HEADER.size : end])))
            at = end
        del self._waiting[:at]
        return frames
