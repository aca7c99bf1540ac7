import json
from typing import Any

from aiohttp import web

from sandbox.events import Event, EventBus, Subscription
from sandbox.sockets import Sockets
from sandbox.turns import Turns
from sandbox.world import World


class LiveEvents:
    """Tell an open page what happens: events in order, and the turns that they change.

    The first message, `hello`, comes when nothing can be missed any more. It names each channel's
    latest message and the turns; a page that then reads what it shows is up to date. `lost` says
    that this page was too slow and has to read again.
    """

    def __init__(self, *, world: World, bus: EventBus, turns: Turns) -> None:
        self._world = world
        self._bus = bus
        self._turns = turns
        self._sockets = Sockets()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one page's connection."""
        with self._bus.subscribe() as events:
            return await self._sockets.serve(request, lambda socket: self._send(socket, events))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._sockets.aclose()

    async def _send(self, socket: web.WebSocketResponse, events: Subscription) -> None:
        version, turns = self._turns.changes(0)
        await socket.send_str(_text({"kind": "hello", "latest": self._latest(), "turns": turns}))
        lost = events.dropped
        async for event in events:
            if events.dropped > lost:
                lost = events.dropped
                await socket.send_str(_text({"kind": "lost"}))
            await socket.send_str(_text(event))
            version, turns = self._turns.changes(version)
            if turns:
                await socket.send_str(_text({"kind": "turns", "turns": turns}))

    def _latest(self) -> dict[str, str]:
        """Return each channel's latest message that everyone sees."""
        channels = [
            each for guild in self._world.guilds.values() for each in guild.channels.values()
        ]
        latest = {
            str(channel.id): max(
                (key for key, each in channel.messages.items() if each.audience is None), default=0
            )
            for channel in (*channels, *self._world.direct.values())
        }
        return {channel: str(message) for channel, message in latest.items()}


def _text(event: Event | dict[str, Any]) -> str:
    return json.dumps({key: _value(key, value) for key, value in event.items()}, default=str)


def _value(key: str, value: Any) -> Any:
    """Write ids as strings: JavaScript's numbers cannot hold them."""
    if key.endswith("_id"):
        return str(value)
    return [str(each) for each in value] if key.endswith("_ids") else value
