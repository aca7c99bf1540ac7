import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

MAX_VIOLATIONS = 1000
"""Breaches kept; the first ones tell most, so later ones are only counted."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Hold one breach of Discord's rules; `t` is monotonic seconds."""

    t: float
    rule: str
    detail: str


class Violations:
    """Keep every breach of Discord's rules that a client commits."""

    def __init__(self, *, on_record: Callable[[Violation], None] | None = None) -> None:
        self._kept: list[Violation] = []
        self._on_record = on_record

    def record(self, rule: str, detail: str) -> None:
        """Note a breach; beyond the thousandth it is only announced."""
        violation = Violation(time.monotonic(), rule, detail)
        if len(self._kept) < MAX_VIOLATIONS:
            self._kept.append(violation)
        if self._on_record:
            self._on_record(violation)

    def as_json(self) -> dict[str, Any]:
        """Return `{"violations": [{"t", "rule", "detail"}]}`, oldest first."""
        return {"violations": [asdict(violation) for violation in self._kept]}

    def clear(self) -> None:
        """Forget every breach."""
        self._kept.clear()
