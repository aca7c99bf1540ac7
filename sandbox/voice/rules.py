from collections.abc import Callable

from sandbox.voice.opus import FRAME_SECONDS
from sandbox.voice.rtp import SILENCE, Packet, is_dave_frame

NONCE_GENERATION = 32_768
"""Nonces remembered twice over: between 11 and 22 minutes of speech."""
BURST_FRAMES = 10
SPEAKING_GRACE = 0.25
"""Seconds that op 5 may arrive behind the first frame: the two travel on different sockets."""
TRANSITION_GRACE = 0.25
"""Seconds after op 22 in which frames of the time before may still be on their way."""
PAUSE = 1.0
"""Seconds without a frame after which the pace is measured anew."""


class SenderRules:
    """Watch what one client sends and record every breach of the service's rules."""

    def __init__(self, *, user_id: int, record: Callable[[str, str], None]) -> None:
        self._user_id = user_id
        self._record = record
        self._nonces: set[int] = set()
        self._older_nonces: set[int] = set()
        self._last: Packet | None = None
        self._speaking = False
        self._unannounced_since: float | None = None
        self._pace_start = 0.0
        self._paced = 0
        self._heard = 0.0
        self._silences = 0
        self._ahead = False

    def announce(self, speaking: bool) -> None:
        """Take op 5."""
        self._speaking = speaking
        self._unannounced_since = None

    def check(self, packet: Packet, *, t: float, active_since: float | None) -> None:
        """Judge one authentic packet that arrived at `t`; `active_since` is its first op 22."""
        silence = packet.payload == SILENCE
        self._check_nonce(packet.nonce)
        self._check_order(packet)
        self._check_pace(t, silence)
        if silence:
            return
        self._check_speaking(t)
        if active_since is not None and t > active_since + TRANSITION_GRACE:
            self._check_encrypted(packet.payload)

    def breach(self, rule: str, detail: str) -> None:
        """Record a breach found elsewhere."""
        self._record(rule, f"user {self._user_id}: {detail}")

    def _check_nonce(self, nonce: int) -> None:
        if nonce in self._nonces or nonce in self._older_nonces:
            self.breach("nonce_reuse", f"nonce {nonce:08x} came twice under one key")
        self._nonces.add(nonce)
        if len(self._nonces) >= NONCE_GENERATION:
            self._nonces, self._older_nonces = set(), self._nonces

    def _check_order(self, packet: Packet) -> None:
        last, self._last = self._last, packet
        if last is None:
            return
        if not 0 < (packet.sequence - last.sequence) % 0x1_0000 < 0x8000:
            self.breach("rtp_sequence", f"{packet.sequence} came after {last.sequence}")
        if not 0 < (packet.timestamp - last.timestamp) % 0x1_0000_0000 < 0x8000_0000:
            self.breach("rtp_timestamp", f"{packet.timestamp} came after {last.timestamp}")

    def _check_pace(self, t: float, silence: bool) -> None:
        """Compare the frames of one spell of speech with the wall clock since its first one."""
        ended = not silence and self._silences >= 5
        if ended or t - self._heard > PAUSE:
            self._pace_start, self._paced, self._ahead = t, 0, False
        self._heard = t
        self._silences = self._silences + 1 if silence else 0
        self._paced += not silence
        ahead = self._paced - (t - self._pace_start) / FRAME_SECONDS
        if ahead > BURST_FRAMES + 1 and not self._ahead:
            self._ahead = True
            self.breach("rtp_burst", f"{ahead:.0f} frames ahead of the wall clock")

    def _check_speaking(self, t: float) -> None:
        if self._speaking:
            return
        if self._unannounced_since is None:
            self._unannounced_since = t
        elif t > self._unannounced_since + SPEAKING_GRACE:
            self._unannounced_since = float("inf")
            self.breach("rtp_before_speaking", "sound came without op 5")

    def _check_encrypted(self, payload: bytes) -> None:
        if not is_dave_frame(payload):
            self.breach("clear_frame", "a frame came without DAVE while the group has keys")
