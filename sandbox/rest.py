import asyncio
import json
import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.accounts import Account
from sandbox.discord_error import DiscordError, invalid_form, unknown
from sandbox.faults import Faults
from sandbox.model import Json, UnknownError
from sandbox.rate_limits import RateLimits, Verdict
from sandbox.violations import Violations
from sandbox.world import World

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request that are read at all; Discord's own limit for one file is lower."""

PREFIX = "/api/v10"

LIMITED = {
    ("POST", "/channels/{channel}/messages"): "post",
    ("PATCH", "/channels/{channel}/messages/{message}"): "edit",
    ("POST", "/webhooks/{application}/{token}"): "followup",
    ("PATCH", "/webhooks/{application}/{token}/messages/{message}"): "answer",
}
"""The routes with a bucket of their own, each per channel or per interaction."""

OPEN = ("/interactions/{interaction}/{token}/callback", "/webhooks/", "/gateway")
"""Routes that need no bot token: they carry one of their own, or none."""

SLOW = 2.0
RETRY_AFTER = 1.0
"""Seconds of an ordered slow answer and of an ordered 429, where none were given."""


def json_response(payload: object, *, status: int = 200) -> web.Response:
    """Answer with JSON; a charset in the content type would make discord.py read it as text."""
    body = json.dumps(payload).encode()
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


def no_content() -> web.Response:
    """Answer that it is done."""
    return web.Response(status=204)


def caller(request: web.Request, world: World) -> Account:
    """Return the bot whose token a request carries. Raises DiscordError."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    account = world.authenticate(token) if scheme == "Bot" else None
    if account is None:
        raise DiscordError(401, 0, "401: Unauthorized", rule="token")
    return account


class Rest:
    """Guard Discord's REST API: tokens, rate limits, errors and ordered faults."""

    def __init__(
        self, *, world: World, limits: RateLimits, violations: Violations, faults: Faults
    ) -> None:
        self._world = world
        self._limits = limits
        self._violations = violations
        self._faults = faults

    def application(self, routes: Iterable[web.RouteDef]) -> web.Application:
        """Return the application that serves the routes, to be put under `PREFIX`."""
        versioned = web.Application(middlewares=[self._middleware()])
        versioned.add_routes(routes)
        return versioned

    def _middleware(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            call = f"{request.method} {request.path.removeprefix(PREFIX)}"
            if (fault := await self._commit_fault(call)) is not None:
                return fault
            verdict = self._count(request)
            if verdict and not verdict.allowed:
                return self._limited(request, verdict)
            try:
                self._authenticate(request)
                response: web.StreamResponse = await handler(request)
            except (DiscordError, UnknownError) as error:
                response = self._refuse(request, error)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                log.warning("Malformed body: %s %s", request.method, request.path, exc_info=error)
                response = self._refuse(request, invalid_form("Malformed body", rule="form"))
            except web.HTTPException as error:
                log.warning("%s %s: %s", request.method, request.path, error.reason)
                response = _error(error.status, {"code": 0, "message": f"{error.status}"})
            response.headers.update(verdict.headers if verdict else {})
            if self._faults.take("rest", "lost", call):
                return _error(502, {"code": 0, "message": "502: an ordered fault, but it is done"})
            return response

        return guard

    def _authenticate(self, request: web.Request) -> None:
        if not _route(request).startswith(OPEN):
            caller(request, self._world)

    def _count(self, request: web.Request) -> Verdict | None:
        bucket = LIMITED.get((request.method, _route(request)))
        if bucket is None:
            return None
        return self._limits.take(bucket, _bucket_key(request))

    def _limited(self, request: web.Request, verdict: Verdict) -> web.Response:
        self._violations.record("rate_limit", f"{request.method} {request.path}")
        response = _too_many(verdict.retry_after)
        response.headers.update(verdict.headers)
        return response

    def _refuse(self, request: web.Request, error: DiscordError | UnknownError) -> web.Response:
        refusal = unknown(error) if isinstance(error, UnknownError) else error
        if refusal.rule:
            self._violations.record(refusal.rule, f"{request.method} {request.path}: {refusal}")
        return _error(refusal.status, refusal.payload())

    async def _commit_fault(self, call: str) -> web.Response | None:
        if slow := self._faults.take("rest", "slow", call):
            await asyncio.sleep(SLOW if slow.seconds is None else slow.seconds)
        if fault := self._faults.take("rest", "429", call):
            return _too_many(RETRY_AFTER if fault.seconds is None else fault.seconds)
        for status in (500, 502, 503):
            if self._faults.take("rest", str(status), call):
                return _error(status, {"code": 0, "message": f"{status}: an ordered fault"})
        return None


def _bucket_key(request: web.Request) -> str:
    """Return what has a budget of its own: an interaction, or one bot in one channel."""
    if "channel" not in request.match_info:
        return request.match_info["token"]
    return f"{request.match_info['channel']} {request.headers.get('Authorization')}"


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical.removeprefix(PREFIX) if resource else ""


def _too_many(retry_after: float) -> web.Response:
    payload = {
        "message": "You are being rate limited.",
        "retry_after": retry_after,
        "global": False,
    }
    response = _error(429, payload)
    response.headers.update(
        {"Via": "1.1 sandbox", "Retry-After": f"{retry_after:.3f}", "X-RateLimit-Scope": "user"}
    )
    return response


def _error(status: int, payload: Json) -> web.Response:
    return json_response(payload, status=status)
