import time
from collections import deque
from typing import Any

KEEP = 500
"""How many requests are kept; the oldest fall out."""


class RequestLog:
    """Keep the latest requests whole; headers, and with them keys, are left out."""

    def __init__(self) -> None:
        self._requests: deque[dict[str, Any]] = deque(maxlen=KEEP)

    def add(self, path: str, body: Any) -> None:
        """Note a request as it arrived, on the monotonic clock."""
        self._requests.append({"t": time.monotonic(), "path": path, "body": body})

    def as_json(self) -> list[dict[str, Any]]:
        """Return the requests, oldest first."""
        return list(self._requests)

    def clear(self) -> None:
        """Forget all requests."""
        self._requests.clear()
