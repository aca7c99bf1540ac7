import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import ClientConnectionResetError, WSMsgType, web

from sandbox.control_http import BadRequestError, read, reply
from sandbox.events import EventBus, Subscription
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.ports import OpenAI, Voice
from sandbox.violations import Violations
from sandbox.world import World


class ScriptControl:
    """Let an outsider script the engines, order faults, and see breaches and events."""

    def __init__(
        self,
        *,
        world: World,
        openai: OpenAI,
        voice: Voice,
        gateway: Gateway,
        faults: Faults,
        violations: Violations,
        bus: EventBus,
    ) -> None:
        self._world = world
        self._openai = openai
        self._voice = voice
        self._gateway = gateway
        self._faults = faults
        self._violations = violations
        self._bus = bus
        self._watchers: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.post("/llm", self.llm),
            web.get("/llm/requests", self.requests),
            web.post("/speech", self.speech),
            web.post("/transcription", self.transcription),
            web.post("/faults", self.order_fault),
            web.delete("/faults", self.withdraw_faults),
            web.get("/violations", self.violations),
            web.get("/events", self.events),
        ]

    async def aclose(self) -> None:
        """Close the event streams."""
        for watcher in list(self._watchers):
            await watcher.close(code=1001)

    async def llm(self, request: web.Request) -> web.Response:
        """Queue scripted replies."""
        return await self._script(request, self._openai.script_llm)

    async def speech(self, request: web.Request) -> web.Response:
        """Set the pace of speech."""
        return await self._script(request, self._openai.script_speech)

    async def transcription(self, request: web.Request) -> web.Response:
        """Set what is heard next."""
        return await self._script(request, self._openai.script_transcription)

    async def requests(self, request: web.Request) -> web.Response:
        """List the requests that came to the OpenAI side."""
        return reply(self._openai.requests())

    async def order_fault(self, request: web.Request) -> web.Response:
        """Order a fault; those of the gateway and voice connections happen at once."""
        fault = self._faults.add(await read(request))
        self._gateway.commit_faults()
        if fault.target == "voice" and self._faults.take("voice", fault.kind):
            for guild_id in self._world.guilds:
                self._voice.close_client(guild_id, self._world.bot.id, int(fault.kind))
        return reply({})

    async def withdraw_faults(self, request: web.Request) -> web.Response:
        """Withdraw the faults that were not committed yet."""
        self._faults.clear()
        return reply({})

    async def violations(self, request: web.Request) -> web.Response:
        """List every breach of Discord's rules."""
        return reply(self._violations.as_json())

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream everything as it happens."""
        socket = web.WebSocketResponse(timeout=0.5)
        with self._bus.subscribe() as events:
            await socket.prepare(request)
            self._watchers.add(socket)
            try:
                await _forward(socket, events)
            finally:
                self._watchers.discard(socket)
        return socket

    async def _script(self, request: web.Request, load: Callable[[Any], None]) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            raise BadRequestError("The body is not JSON.") from None
        load(body)
        return reply({})


async def _forward(socket: web.WebSocketResponse, events: Subscription) -> None:
    async with asyncio.TaskGroup() as tasks:
        sender = tasks.create_task(_send(socket, events), name="sandbox:events")
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        sender.cancel()


async def _send(socket: web.WebSocketResponse, events: Subscription) -> None:
    try:
        async for event in events:
            await socket.send_str(json.dumps(event, default=str))
    except ClientConnectionResetError:
        return
