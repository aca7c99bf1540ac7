"""A chat completions server on loopback whose answers a test writes byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

DONE = b"data: [DONE]\n\n"
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n'
CUT = object()
"""Break the connection here."""


def delta(text: str, **more: Any) -> bytes:
    """Return the event that adds a text."""
    chunk = {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": None}]}
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def finish(reason: str) -> bytes:
    """Return the event that ends an answer."""
    chunk = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@dataclass
class Reply:
    """Script one answer: bytes are written, numbers are pauses in seconds, CUT breaks off."""

    parts: Sequence[object] = (delta("Hello"), STOP, USAGE, DONE)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/event-stream"


def refusal(status: int, body: object, **headers: str) -> Reply:
    """Return an error answered as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply([json.dumps(body).encode()], status, named, "application/json")


@dataclass
class ScriptedServer:
    """Answer with the scripted replies in order, then with a plain one; note what was asked."""

    replies: list[Reply] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: list[object] = field(default_factory=list)
    visits: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.asked.set()
        self.headers.append(dict(request.headers))
        self._note_peer(request)
        reply = self.replies.pop(0) if self.replies else Reply()
        response = web.StreamResponse(
            status=reply.status, headers={"Content-Type": reply.content_type, **reply.headers}
        )
        await response.prepare(request)
        try:
            await self._write(request, response, reply.parts)
        except (ConnectionError, asyncio.CancelledError):
            self.gone.set()
            raise
        return response

    async def _write(
        self, request: web.Request, response: web.StreamResponse, parts: Sequence[object]
    ) -> None:
        for part in parts:
            if isinstance(part, bytes):
                await response.write(part)
            elif isinstance(part, int | float):
                await asyncio.sleep(part)
            elif request.transport is not None:
                request.transport.abort()

    async def front_door(self, request: web.Request) -> web.Response:
        self.visits += 1
        self._note_peer(request)
        return web.Response(status=404)

    def _note_peer(self, request: web.Request) -> None:
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername"))


@asynccontextmanager
async def scripted_server(*replies: Reply) -> AsyncIterator[ScriptedServer]:
    """Run a server with these replies."""
    server = ScriptedServer(list(replies))
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", server.answer)
    app.router.add_get("/v1", server.front_door)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
