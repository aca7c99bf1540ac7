import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from sandbox.faults import Faults

HOLD = 0.1
"""Seconds after which a packet that was to be overtaken goes on, though nothing followed it."""

Deliver = Callable[[float, bool], None]
"""Take a packet that arrives at a time (monotonic seconds), and whether others overtook it."""


@dataclass(frozen=True, slots=True)
class _Held:
    deliver: Deliver
    timer: asyncio.TimerHandle


class Network:
    """Carry RTP between the voice server and its clients; lose and reorder it where ordered.

    A fault hits whichever packet comes next, on its way in or out. `loss` takes one packet, or all
    of the fault's seconds; `reorder` lets a packet be overtaken by the next one of its stream.
    """

    def __init__(self, *, faults: Faults) -> None:
        self._faults = faults
        self._down_until = 0.0
        self._held: dict[Hashable, _Held] = {}

    def carry(self, stream: Hashable, deliver: Deliver, t: float) -> None:
        """Deliver a packet of a stream that arrived at `t`: now, a little later, or never."""
        if self._loses():
            return
        overtaken = self._held.pop(stream, None)
        if overtaken is None and (fault := self._faults.take("udp", "reorder")):
            self._hold(stream, deliver, HOLD if fault.seconds is None else fault.seconds)
            return
        deliver(t, False)
        if overtaken is not None:
            overtaken.timer.cancel()
            overtaken.deliver(time.monotonic(), True)

    def clear(self) -> None:
        """Forget what is held and end an outage."""
        self._down_until = 0.0
        for held in self._held.values():
            held.timer.cancel()
        self._held.clear()

    def _loses(self) -> bool:
        now = time.monotonic()
        if now < self._down_until:
            return True
        fault = self._faults.take("udp", "loss")
        if fault is not None and fault.seconds:
            self._down_until = now + fault.seconds
        return fault is not None

    def _hold(self, stream: Hashable, deliver: Deliver, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._let_go, stream)
        self._held[stream] = _Held(deliver, timer)

    def _let_go(self, stream: Hashable) -> None:
        self._held.pop(stream).deliver(time.monotonic(), False)
