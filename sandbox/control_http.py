"""What every call of the control API shares: who may call, bodies, and errors in one sentence."""

import ipaddress
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.addresses import OWN_NAMES
from sandbox.model import Channel, Json, UnknownError, User

log = logging.getLogger(__name__)

DISCORD = ("discord.com", "cdn.discordapp.com")
DISCORD_DOMAINS = (".discord.gg", ".discord.media")
"""The names of Discord's own parts, which ask for a token instead."""


class BadRequestError(ValueError):
    """Refuse a call with one sentence."""


def own_callers_only(port: Callable[[], int]) -> Middleware:
    """Let only loopback callers whose Host and Origin are this server's own call what is local.

    What is Discord's goes through: it asks for tokens itself.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.host.partition(":")[0]
        if name in DISCORD or name.endswith(DISCORD_DOMAINS):
            return await handler(request)
        own = {f"{name}:{port()}" for name in OWN_NAMES}
        origin = request.headers.get("Origin")
        foreign = origin is not None and not _own_origin(origin, own)
        if not _loopback(request.remote) or request.host not in own or foreign:
            sentence = "This API answers only callers on this machine that use its own address."
            return reply({"error": sentence}, status=403)
        return await handler(request)

    return guard


@web.middleware
async def errors_in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 404 for what does not exist and 400 for what makes no sense."""
    try:
        return await handler(request)
    except UnknownError as error:
        return reply({"error": str(error)}, status=404)
    except web.HTTPNotFound:
        return reply({"error": f"There is no {request.method} {request.path}."}, status=404)
    except web.HTTPMethodNotAllowed:
        return reply({"error": f"There is no {request.method} {request.path}."}, status=405)
    except KeyError as error:
        return reply({"error": f"The body lacks {error.args[0]}."}, status=400)
    except ValueError as error:
        return reply({"error": str(error)}, status=400)
    except (AttributeError, TypeError) as error:
        log.warning("%s %s", request.method, request.path, exc_info=error)
        return reply({"error": "A part of the body is not of the kind it must be."}, status=400)


def reply(payload: object, *, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.json_response(payload, status=status)


async def read(request: web.Request) -> Json:
    """Return the JSON object in a body, empty where there is none. Raises ValueError."""
    if not await request.read():
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise BadRequestError("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise BadRequestError("The body is not a JSON object.")
    return body


def taking_part(user: User, channel: Channel) -> User:
    """Return somebody who may be in a channel; direct ones have one person. Raises ValueError."""
    if channel.recipient not in (None, user):
        raise BadRequestError(f"{user.name} has no part in this conversation.")
    return user


def number(request: web.Request, name: str, default: float) -> float:
    """Return a number of the query. Raises ValueError."""
    given = request.query.get(name)
    try:
        return default if given is None else float(given)
    except ValueError:
        raise BadRequestError(f"{name} is a number.") from None


def _own_origin(origin: str, own: set[str]) -> bool:
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.netloc in own


def _loopback(remote: str | None) -> bool:
    return bool(remote) and ipaddress.ip_address(remote or "").is_loopback
