import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import ClientConnectionResetError, web

CLOSING = 0.5
"""Seconds that a browser gets to answer the closing of its connection."""

GOING_AWAY = 1001

Sender = Callable[[web.WebSocketResponse], Awaitable[None]]


class Sockets:
    """Serve websockets on which only the server speaks, until browser or sender end."""

    def __init__(self) -> None:
        self._open: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request, send: Sender) -> web.WebSocketResponse:
        """Serve one connection: `send` speaks until it returns or the browser goes."""
        socket = web.WebSocketResponse(timeout=CLOSING)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(_speak(socket, send), name="sandbox:page")
                async for _ in socket:
                    pass
                sender.cancel()
        finally:
            self._open.discard(socket)
        return socket

    async def aclose(self) -> None:
        """Close every connection."""
        for socket in list(self._open):
            await socket.close(code=GOING_AWAY)


async def _speak(socket: web.WebSocketResponse, send: Sender) -> None:
    try:
        await send(socket)
        await socket.close()
    except ClientConnectionResetError:
        return
