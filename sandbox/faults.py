from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KINDS = {
    "rest": ("429", "500", "502", "503", "slow", "lost"),
    "gateway": ("drop", "invalid-session", "zombie"),
    "voice": ("4006", "4009", "4014", "4015", "4017"),
    "udp": ("loss", "reorder"),
    "dave": ("corrupt-welcome",),
    "llm": ("error", "hang", "cut"),
    "speech": ("error", "slow"),
    "transcription": ("error",),
}
"""The faults that can be ordered; those of voice are close codes, also written `close 4006`."""

MAX_COUNT = 1000
"""Faults of one kind that can wait; more are refused."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Hold one ordered fault; `seconds` None means the kind's own default.

    `only` is a part of the calls that it may hit, written `METHOD /path`; empty means any.
    """

    target: str
    kind: str
    seconds: float | None
    only: str = ""


class Faults:
    """Keep the faults that were ordered until the parts concerned commit them.

    `on_commit` hears of each, with the REST call that it hits.
    """

    def __init__(self, *, on_commit: Callable[[Fault, str], None] | None = None) -> None:
        self._on_commit = on_commit
        self._waiting: dict[tuple[str, str], deque[Fault]] = {}

    def add(self, body: dict[str, Any]) -> Fault:
        """Order `count` (1) faults of a target and kind. Raises ValueError."""
        target = str(body.get("target"))
        kind = str(body.get("kind")).removeprefix("close").strip()
        if kind not in KINDS.get(target, ()):
            raise ValueError(f"There is no fault {kind!r:.60} of {target!r:.60}.")
        count, seconds = body.get("count", 1), body.get("seconds")
        if not isinstance(count, int) or not 1 <= count <= MAX_COUNT:
            raise ValueError(f"The count of a fault lies between 1 and {MAX_COUNT}.")
        if seconds is not None and (not isinstance(seconds, int | float) or seconds < 0):
            raise ValueError("The seconds of a fault are a number of at least 0.")
        only = body.get("only", "")
        if not isinstance(only, str) or (only and target != "rest"):
            raise ValueError("`only` is a part of a REST call, such as PATCH.")
        fault = Fault(target, kind, seconds, only)
        waiting = self._waiting.setdefault((target, kind), deque(maxlen=MAX_COUNT))
        waiting.extend([fault] * count)
        return fault

    def take(self, target: str, kind: str, call: str = "") -> Fault | None:
        """Use up one ordered fault of this kind that may hit this call, or return None."""
        waiting = self._waiting.get((target, kind), deque())
        fault = next((each for each in waiting if each.only in call), None)
        if fault is not None:
            waiting.remove(fault)
            if self._on_commit:
                self._on_commit(fault, call)
        return fault

    def clear(self) -> None:
        """Withdraw every fault that was not committed yet."""
        self._waiting.clear()
