import asyncio

from aiohttp import web

LOOK_EVERY = 0.2
"""How often a long wait looks whether the client is still there, seconds."""


class ClientGoneError(ConnectionError):
    """Report that nobody waits for the answer any more."""


class Pace:
    """Wait for points of a schedule that starts with the request, so that delays don't add up."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()

    async def until(self, due: float) -> None:
        """Wait until `due` seconds after the start. Raises ClientGoneError."""
        while True:
            if self._request.transport is None or self._request.transport.is_closing():
                raise ClientGoneError
            left = self._start + due - self._loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LOOK_EVERY))
