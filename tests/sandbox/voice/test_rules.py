from dataclasses import replace
from typing import Any

import pytest

from sandbox.voice.rtp import SILENCE, Packet
from sandbox.voice.rules import SenderRules

FRAME = Packet(sequence=65_530, timestamp=2**32 - 2000, ssrc=7, nonce=0, payload=b"\xfcopus")
DAVE_FRAME = bytes(20) + b"\x0c\xfa\xfa"


class Sender:
    """Send frames one after the other, each right unless told otherwise."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self.rules = SenderRules(user_id=1, record=lambda rule, _: self.breaches.append(rule))
        self.rules.announce(speaking=True)
        self.packet = FRAME
        self.t = 100.0
        self.active_since: float | None = None

    def send(self, *, after: float = 0.02, payload: bytes = b"\xfcopus", **changes: Any) -> None:
        self.t += after
        self.packet = replace(
            self.packet,
            sequence=(self.packet.sequence + 1) & 0xFFFF,
            timestamp=(self.packet.timestamp + 960) & 0xFFFFFFFF,
            nonce=self.packet.nonce + 1,
            payload=payload,
        )
        sent = replace(self.packet, **changes)
        self.rules.check(sent, t=self.t, active_since=self.active_since)


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_a_proper_stream_breaks_nothing_even_where_its_numbers_wrap(sender: Sender) -> None:
    for _ in range(100):
        sender.send()
    for _ in range(5):
        sender.send(after=0.0, payload=SILENCE)
    assert sender.breaches == []


@pytest.mark.parametrize("back", [0, 40_000])
def test_a_nonce_that_repeats_is_reuse(sender: Sender, back: int) -> None:
    sender.send(nonce=5_000_000)
    for _ in range(back):
        sender.send()
    sender.send(nonce=5_000_000)
    assert sender.breaches == ["nonce_reuse"]


def test_numbers_that_go_back_are_breaches(sender: Sender) -> None:
    sender.send(sequence=10, timestamp=10_000)
    sender.send(sequence=10, timestamp=11_000)
    sender.send(sequence=11, timestamp=10_500)
    assert sender.breaches == ["rtp_sequence", "rtp_timestamp"]


def test_frames_ahead_of_the_clock_are_one_burst(sender: Sender) -> None:
    for _ in range(30):
        sender.send(after=0.001)
    assert sender.breaches == ["rtp_burst"]


def test_catching_up_after_a_stall_is_no_burst(sender: Sender) -> None:
    sender.send()
    sender.send(after=0.6)
    for _ in range(29):
        sender.send(after=0.0)
    assert sender.breaches == []


def test_every_spell_has_its_own_pace(sender: Sender) -> None:
    for _ in range(5):
        for _ in range(8):
            sender.send(after=0.0)
        for _ in range(5):
            sender.send(after=0.0, payload=SILENCE)
    assert sender.breaches == []


def test_sound_needs_op_5_but_not_on_the_dot(sender: Sender) -> None:
    sender.rules.announce(speaking=False)
    for _ in range(10):
        sender.send()
    assert sender.breaches == []
    for _ in range(10):
        sender.send()
    assert sender.breaches == ["rtp_before_speaking"]


def test_clear_frames_count_from_the_first_transition_on(sender: Sender) -> None:
    sender.send()
    sender.active_since = sender.t
    sender.send(payload=b"\xfcstill on its way")
    sender.send(after=0.3, payload=DAVE_FRAME)
    sender.send(payload=SILENCE)
    assert sender.breaches == []
    sender.send()
    assert sender.breaches == ["clear_frame"]
