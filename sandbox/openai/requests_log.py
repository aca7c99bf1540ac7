import time
from collections import deque
from typing import Any

from aiohttp import web

KEEP = 500
"""How many requests are kept; the oldest fall out."""

KEEP_BYTES = 64 * 2**20
"""How long the bodies kept may be together; the oldest fall out."""


class RequestLog:
    """Keep the latest requests whole; headers, and with them keys, are left out."""

    def __init__(self) -> None:
        self._requests: deque[tuple[int, dict[str, Any]]] = deque()
        self._bytes = 0

    def add(self, request: web.Request, body: Any) -> None:
        """Note a request as it arrived, on the monotonic clock."""
        size = request.content_length or 0
        entry = {"t": time.monotonic(), "path": request.path, "body": body}
        self._requests.append((size, entry))
        self._bytes += size
        while len(self._requests) > KEEP or (self._bytes > KEEP_BYTES and len(self._requests) > 1):
            self._bytes -= self._requests.popleft()[0]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the requests, oldest first."""
        return [entry for _, entry in self._requests]

    def clear(self) -> None:
        """Forget all requests."""
        self._requests.clear()
        self._bytes = 0
