"""Where clients find Discord's parts: under its own names, or at this server's own address."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

OWN_NAMES = ("127.0.0.1", "localhost")
"""The names under which this server may be called."""

GATEWAY_URL = "wss://gateway.discord.gg"
RESUME_URL = "wss://gateway-resume.discord.gg"


def own_gateway(request: web.Request) -> str:
    """Return the gateway's address for clients that called this server's own; "" for others."""
    name = request.host.partition(":")[0]
    return f"ws://{request.host}" if name in OWN_NAMES else ""


def gateway_at_root(gateway: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Middleware:
    """Take websockets at this server's root for the gateway's; whatever else stands there stays."""

    @web.middleware
    async def choose(request: web.Request, handler: Handler) -> web.StreamResponse:
        wanted = request.headers.get(hdrs.UPGRADE, "").lower()
        if wanted == "websocket" and request.path == "/" and own_gateway(request):
            return await gateway(request)
        return await handler(request)

    return choose
