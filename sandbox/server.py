import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from aiohttp import web

from sandbox.cdn import ContentNetwork
from sandbox.commands import Commands
from sandbox.control_http import errors_in_words, own_callers_only
from sandbox.control_interactions import InteractionControl
from sandbox.control_scripts import ScriptControl
from sandbox.control_voice import VoiceControl
from sandbox.control_world import WorldControl
from sandbox.events import EventBus
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.interactions import Interactions
from sandbox.openai.server import OpenAIServer
from sandbox.ports import OpenAI, Voice
from sandbox.rate_limits import RateLimits
from sandbox.rest import MAX_BODY, Rest
from sandbox.rest_directory import DirectoryRoutes
from sandbox.rest_interactions import InteractionRoutes
from sandbox.rest_messages import MessageRoutes
from sandbox.violations import Violation, Violations
from sandbox.voice.server import VoiceServer
from sandbox.world import World

LOOPBACK = "127.0.0.1"

REST_HOST = "discord.com"
GATEWAY_HOSTS = "*.discord.gg"
VOICE_HOSTS = "*.discord.media"
CDN_HOST = "cdn.discordapp.com"
"""The names under which a client finds Discord's parts, all on the one socket."""

SETTLE = 1.5
"""Seconds without a change after which a deferred answer is taken as final: longer than the
pause between two edits at the pace that Discord allows."""

SHUTDOWN = 0.5
"""Seconds that running requests get when the server closes."""


class Sandbox:
    """Be a Discord and an OpenAI on loopback, from `async with` until its end.

    `socket_path` is where a Discord client connects (whatever host name it asks for), `url` where
    the control API and the OpenAI side are.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        voice: Voice | None = None,
        openai: OpenAI | None = None,
        settle: float = SETTLE,
    ) -> None:
        self.port = port
        self.bus = EventBus()
        self.violations = Violations(on_record=self._announce)
        self.faults = Faults()
        self.world = World(bus=self.bus)
        self.voice = voice or VoiceServer(violations=self.violations, bus=self.bus)
        self.openai = openai or OpenAIServer(bus=self.bus, faults=self.faults)
        self.limits = RateLimits()
        self.commands = Commands(ids=self.world.ids, application_id=self.world.bot.id)
        self.interactions = Interactions(
            world=self.world, violations=self.violations, settle=settle
        )
        self.gateway = Gateway(
            world=self.world,
            voice=self.voice,
            violations=self.violations,
            faults=self.faults,
            bus=self.bus,
        )
        self._scripts = ScriptControl(
            world=self.world,
            openai=self.openai,
            voice=self.voice,
            gateway=self.gateway,
            faults=self.faults,
            violations=self.violations,
            bus=self.bus,
        )
        self._stack = AsyncExitStack()
        self._folder = Path()

    @property
    def url(self) -> str:
        """Return the address of the control API and of the page."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def socket_path(self) -> str:
        """Return the UNIX socket where Discord is."""
        return str(self._folder / "discord.sock")

    @property
    def bot_token(self) -> str:
        """Return the bot's token."""
        return self.world.bot_token

    @property
    def bot_online(self) -> asyncio.Event:
        """Return the event that is set while the bot is connected."""
        return self.gateway.online

    def connect_environment(self) -> dict[str, str]:
        """Return the settings with which a bot connects to this world."""
        return {
            "DISCORD_SOCKET": self.socket_path,
            "DISCORD_TOKEN": self.bot_token,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": "sandbox",
        }

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
            stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            stack.push_async_callback(self.voice.aclose)
            await self.voice.start()
            runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=SHUTDOWN)
            stack.push_async_callback(runner.cleanup)
            await self._listen(runner)
            stack.push_async_callback(self._close_connections)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._stack.aclose()

    async def reset(self) -> None:
        """Go back to the start; the bot stays connected and keeps its commands."""
        self.interactions.clear()
        self.world.reset()
        await self.voice.reset()
        self.openai.reset()
        self.limits.clear()
        self.faults.clear()
        self.violations.clear()

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await web.UnixSite(runner, self.socket_path).start()
        site = web.TCPSite(runner, LOOPBACK, self.port)
        await site.start()
        self.port = runner.addresses[-1][1]

    async def _close_connections(self) -> None:
        self.interactions.clear()
        await self.gateway.aclose()
        await self._scripts.aclose()

    def _announce(self, violation: Violation) -> None:
        self.bus.publish("violation", rule=violation.rule, detail=violation.detail)

    def _application(self) -> web.Application:
        guard = own_callers_only(lambda: self.port)
        application = web.Application(middlewares=[guard], client_max_size=MAX_BODY)
        application.add_domain(REST_HOST, self._rest())
        application.add_domain(GATEWAY_HOSTS, _all_to(self.gateway.handle))
        application.add_domain(VOICE_HOSTS, _all_to(self.voice.handle))
        application.add_domain(CDN_HOST, ContentNetwork(world=self.world).application())
        control = web.Application(middlewares=[errors_in_words])
        control.add_routes(self._control_routes())
        application.add_subapp("/sandbox", control)
        application.add_routes(self.openai.routes())
        return application

    def _rest(self) -> web.Application:
        world, violations = self.world, self.violations
        interactions = InteractionRoutes(
            world=world, interactions=self.interactions, violations=violations
        )
        rest = Rest(world=world, limits=self.limits, violations=violations, faults=self.faults)
        return rest.application(
            [
                *DirectoryRoutes(world=world, commands=self.commands).routes(),
                *MessageRoutes(world=world, violations=violations).routes(),
                *interactions.routes(),
            ]
        )

    def _control_routes(self) -> list[web.RouteDef]:
        world = self.world
        people = WorldControl(
            world=world,
            gateway=self.gateway,
            voice=self.voice,
            connect=self.connect_environment,
            reset=self.reset,
        )
        interactions = InteractionControl(
            world=world, commands=self.commands, interactions=self.interactions
        )
        voice = VoiceControl(world=world, voice=self.voice)
        parts = (people, interactions, voice, self._scripts)
        return [route for part in parts for route in part.routes()]


def _all_to(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    return application
