import asyncio

FAILURES = 3
"""Failures in a row after which a server is left alone."""
REST = 30.0
"""How long it is left alone, and the time between two probes, seconds."""


class CircuitBreaker:
    """Leave a failing server alone for a while, then let one request probe it.

    A probe that is abandoned counts as none: the next one goes out `rest` seconds later.
    """

    def __init__(self, *, failures: int = FAILURES, rest: float = REST) -> None:
        self._limit = failures
        self._rest = rest
        self._failures = 0
        self._rests_until = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether the server is being left alone."""
        return self._failures >= self._limit

    def admit(self) -> bool:
        """Tell whether a request may go out now; where it is a probe, it is the only one."""
        now = asyncio.get_running_loop().time()
        if not self.is_open:
            return True
        if now < self._rests_until:
            return False
        self._rests_until = now + self._rest
        return True

    def failed(self) -> None:
        """Count a failure."""
        self._failures += 1
        self._rests_until = asyncio.get_running_loop().time() + self._rest

    def worked(self) -> None:
        """Forget the failures."""
        self._failures = 0
