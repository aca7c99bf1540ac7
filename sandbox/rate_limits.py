import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

LIMIT = 5
WINDOW = 5.0
"""Requests and seconds of one bucket: what has been seen of Discord for posts and edits."""

MAX_WINDOWS = 1000
"""Windows remembered; beyond it those that have passed are forgotten."""


@dataclass(slots=True)
class _Window:
    opened: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Say whether a request may pass; `retry_after` is seconds until the window ends."""

    allowed: bool
    retry_after: float
    headers: dict[str, str]


class RateLimits:
    """Count requests in fixed windows, each opened by its first request."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, bucket: str, key: str) -> Verdict:
        """Count one request of a bucket (the route) and key (the channel or token)."""
        now = self._clock()
        window = self._open(bucket, key, now)
        allowed = window.used < LIMIT
        window.used += allowed
        left = _round_up(window.opened + WINDOW - now)
        return Verdict(allowed, left, _headers(bucket, LIMIT - window.used, left))

    def clear(self) -> None:
        """Open every window anew."""
        self._windows.clear()

    def _open(self, bucket: str, key: str, now: float) -> _Window:
        window = self._windows.get((bucket, key))
        if window is None or now >= window.opened + WINDOW:
            window = self._windows[bucket, key] = _Window(now)
            self._forget(now)
        return window

    def _forget(self, now: float) -> None:
        if len(self._windows) > MAX_WINDOWS:
            passed = [key for key, seen in self._windows.items() if now >= seen.opened + WINDOW]
            for key in passed:
                del self._windows[key]


def _headers(bucket: str, remaining: int, left: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:32],
    }


def _round_up(seconds: float) -> float:
    # A client that waits exactly this long must not come a fraction too early.
    return math.ceil(max(seconds, 0.0) * 1000 + 1) / 1000
