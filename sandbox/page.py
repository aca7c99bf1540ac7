from pathlib import Path

from aiohttp import web

from sandbox.cdn import find_attachment
from sandbox.events import EventBus
from sandbox.model import UnknownError
from sandbox.page_live import LiveEvents
from sandbox.page_voice import LiveVoice
from sandbox.ports import Voice
from sandbox.turns import Turns
from sandbox.world import World

FILES = Path(__file__).with_name("page")

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page runs its own scripts only, turns no text into markup, and asks nobody else."""

UPLOAD_HEADERS = HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox"}
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""Uploads that a browser may show in place; others it may only save."""


class Page:
    """Serve the page at /, its files, and what it hears of the world as it happens."""

    def __init__(self, *, world: World, voice: Voice, bus: EventBus) -> None:
        self._world = world
        self._live = LiveEvents(world=world, bus=bus, turns=Turns(world=world, bus=bus))
        self._voice = LiveVoice(world=world, voice=voice)
        self._files = {path.name: path for path in FILES.iterdir()}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, which belong behind the guard against foreign callers."""
        return [
            web.get("/", self.index),
            web.get("/page/live", self._live.handle),
            web.get("/page/voice/{channel}", self._voice.handle),
            web.get("/page/uploads/{channel}/{attachment}", self.upload),
            web.get("/page/{name}", self.file),
        ]

    async def aclose(self) -> None:
        """Close the connections of every open page."""
        await self._live.aclose()
        await self._voice.aclose()

    async def index(self, request: web.Request) -> web.FileResponse:
        """Serve the page."""
        return web.FileResponse(self._files["index.html"], headers=HEADERS)

    async def file(self, request: web.Request) -> web.FileResponse:
        """Serve a script or a style sheet."""
        path = self._files.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=HEADERS)

    async def upload(self, request: web.Request) -> web.Response:
        """Serve an uploaded file so that nothing in it can run."""
        channel, attachment = request.match_info["channel"], request.match_info["attachment"]
        try:
            found = find_attachment(self._world, channel, attachment)
        except UnknownError:
            raise web.HTTPNotFound from None
        shown = found.content_type in SHOWN
        kind = found.content_type if shown else "application/octet-stream"
        headers = UPLOAD_HEADERS | {"Content-Type": kind}
        if not shown:
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=found.data, headers=headers)
