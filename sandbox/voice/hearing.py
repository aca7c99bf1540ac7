import threading
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.voice.opus import SAMPLE_RATE, OpusDecoder, write_wav

MAX_FRAMES = 15_000
"""Frames kept of one channel, five minutes of speech; the oldest fall out."""
MAX_RECORDING = 600.0
"""The longest stretch of wall clock that a recording covers, seconds."""
MAX_SPEAKERS = 8
"""Connections followed at once; a channel rarely has more than one client that speaks."""
GAP = 0.040
END_OF_SPEECH = 5
ALIGNMENT = round(0.040 * SAMPLE_RATE)
"""Samples that a frame may come early or late and still follow its neighbour without a seam."""


@dataclass(slots=True)
class HeardFrame:
    """Hold one frame of a client: arrival (monotonic seconds), what it was, and its Opus.

    `opus` is None when nobody here has the key; `decoded` is None until somebody has tried.
    """

    t: float
    ssrc: int
    size: int
    encrypted: bool
    silence: bool
    opus: bytes | None
    decoded: bool | None = None


class Spell:
    """Follow one speaker: where speech begins, and the gaps inside it.

    Five silence frames end a spell. Fewer, with speech behind them, are gaps, one each.
    `ended` is the time of the spell's last sound, when the latest frame ended one.
    """

    def __init__(self) -> None:
        self.gaps = 0
        self.ended: float | None = None
        self._sounded = 0.0
        self._last: float | None = None
        self._silences = 0
        self._possible = 0

    def push(self, t: float, *, silence: bool) -> bool:
        """Take a frame; tell whether it begins a spell."""
        began = self._last is None and not silence
        self.ended = None
        self._sounded = self._sounded if silence else t
        if self._last is not None:
            self._follow(self._last, t, silence)
        if began or self._last is not None:
            self._last = t
        if self._silences >= END_OF_SPEECH:
            self.ended = self._sounded if self._last is not None else None
            self._last, self._silences, self._possible = None, 0, 0
        return began

    def _follow(self, last: float, t: float, silence: bool) -> None:
        self._possible += silence + (t - last > GAP)
        self._silences = self._silences + 1 if silence else 0
        if not silence:
            self.gaps += self._possible
            self._possible = 0


class Hearing:
    """Keep what the members of one channel heard from its clients.

    `check` runs in a worker thread; everything else belongs to the event loop. `recording` works
    on a copy and may run anywhere.
    """

    def __init__(self) -> None:
        self._frames: deque[HeardFrame] = deque(maxlen=MAX_FRAMES)
        self._unchecked: deque[HeardFrame] = deque(maxlen=MAX_FRAMES)
        self._spells: dict[int, Spell] = {}
        self._decoders: dict[int, OpusDecoder] = {}
        self._checking = threading.Lock()

    def push(self, frame: HeardFrame) -> bool:
        """Keep a frame; tell whether it begins a spell of speech."""
        self._frames.append(frame)
        if frame.opus is not None:
            self._unchecked.append(frame)
        if frame.ssrc not in self._spells:
            _make_room(self._spells)
            self._spells[frame.ssrc] = Spell()
        return self._spells[frame.ssrc].push(frame.t, silence=frame.silence)

    def ended(self, ssrc: int) -> float | None:
        """Return when the last sound of a spell came that the speaker's latest frame ended."""
        return self._spells[ssrc].ended

    @property
    def has_unchecked(self) -> bool:
        """Tell whether frames wait for `check`."""
        return bool(self._unchecked)

    def check(self) -> int:
        """Decode the frames that came since the last time; return how many were not Opus."""
        wrong = 0
        with self._checking:
            for _ in range(len(self._unchecked)):
                frame = self._unchecked.popleft()
                frame.decoded = self._decodes(frame)
                wrong += not frame.decoded
        return wrong

    def frames(self, since: float) -> dict[str, Any]:
        """Return the frames from `since` on, and the gaps between them; call `check` before."""
        chosen = [frame for frame in self._frames if frame.t >= since]
        return {"frames": [_as_json(frame) for frame in chosen], "gaps_over_40ms": _gaps(chosen)}

    def recording(self) -> bytes:
        """Return what was heard as a WAV that begins with the first frame; CPU-bound."""
        frames = list(self._frames)
        heard = [frame for frame in frames if frame.opus and frame.t > frames[-1].t - MAX_RECORDING]
        return write_wav(_mix(heard))

    def clear(self) -> None:
        """Forget everything."""
        with self._checking:
            for part in (self._frames, self._unchecked, self._spells, self._decoders):
                part.clear()

    def _decodes(self, frame: HeardFrame) -> bool:
        if frame.ssrc not in self._decoders:
            _make_room(self._decoders)
            self._decoders[frame.ssrc] = OpusDecoder()
        return _decode(self._decoders[frame.ssrc], frame) is not None


def _make_room(speakers: dict[int, Any]) -> None:
    """Drop the speaker that came first when another one would be too many."""
    if len(speakers) >= MAX_SPEAKERS:
        del speakers[next(iter(speakers))]


def _as_json(frame: HeardFrame) -> dict[str, Any]:
    return {
        "t": frame.t,
        "size": frame.size,
        "encrypted": frame.encrypted,
        "silence": frame.silence,
        "decoded": frame.decoded,
    }


def _gaps(frames: Iterable[HeardFrame]) -> int:
    spells: defaultdict[int, Spell] = defaultdict(Spell)
    for frame in frames:
        spells[frame.ssrc].push(frame.t, silence=frame.silence)
    return sum(spell.gaps for spell in spells.values())


def _mix(frames: list[HeardFrame]) -> NDArray[np.int16]:
    """Lay every speaker's sound on the wall clock of the first frame and add the speakers."""
    speakers: dict[int, list[HeardFrame]] = {}
    for frame in frames:
        speakers.setdefault(frame.ssrc, []).append(frame)
    tracks = [_track(own, frames[0].t) for own in speakers.values()]
    mixed = np.zeros(max((len(track) for track in tracks), default=0), dtype=np.int32)
    for track in tracks:
        mixed[: len(track)] += track
    return np.clip(mixed, -32768, 32767).astype(np.int16)


def _track(frames: list[HeardFrame], start: float) -> NDArray[np.int16]:
    decoder = OpusDecoder()
    pieces: list[NDArray[np.int16]] = []
    end = 0
    for frame in frames:
        sound = _decode(decoder, frame)
        if sound is None:
            continue
        late = round((frame.t - start) * SAMPLE_RATE) - end
        if late > ALIGNMENT:
            pieces.append(np.zeros(late, dtype=np.int16))
            end += late
        pieces.append(sound)
        end += len(sound)
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)


def _decode(decoder: OpusDecoder, frame: HeardFrame) -> NDArray[np.int16] | None:
    try:
        return decoder.decode(frame.opus or b"")
    except ValueError:
        return None
