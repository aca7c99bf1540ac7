import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from aiohttp import web

from sandbox.addresses import gateway_at_root
from sandbox.beginning import Beginning
from sandbox.control_http import errors_in_words, own_callers_only
from sandbox.control_interactions import InteractionControl
from sandbox.control_moderation import ModerationControl
from sandbox.control_scripts import ScriptControl
from sandbox.control_voice import VoiceControl
from sandbox.control_world import WorldControl
from sandbox.discord_site import DiscordSite
from sandbox.events import EventBus
from sandbox.faults import Fault, Faults
from sandbox.gateway import Gateway
from sandbox.interactions import Interactions
from sandbox.model import Json
from sandbox.openai.server import OpenAIServer
from sandbox.page import Page
from sandbox.ports import OpenAI, Voice
from sandbox.rate_limits import RateLimits
from sandbox.rest import MAX_BODY, PREFIX
from sandbox.shapes import user_shape
from sandbox.tls import Tls, make_tls
from sandbox.violations import Violation, Violations
from sandbox.voice.server import VoiceServer
from sandbox.world import World

LOOPBACK = "127.0.0.1"

SETTLE = 1.5
"""Seconds without a change after which a deferred answer is taken as final: longer than the
pause between two edits at the pace that Discord allows."""

SHUTDOWN = 0.5
"""Seconds that running requests get when the server closes."""


class Sandbox:
    """Be a Discord and an OpenAI on loopback, from `async with` until its end.

    `socket_path` is where a Discord client connects (whatever host name it asks for), `url` where
    the control API and the OpenAI side are, and Discord for clients that can't use the socket.
    With `tls` all of Discord, voice too, is also at `secure_address`, under an own authority.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        tls: bool = False,
        voice: Voice | None = None,
        openai: OpenAI | None = None,
        settle: float = SETTLE,
    ) -> None:
        self.port = port
        self.secure_address = ""
        self._wants_tls = tls
        self._tls: Tls | None = None
        self.bus = EventBus()
        self.violations = Violations(on_record=self._announce)
        self.faults = Faults(on_commit=self._announce_fault)
        self.world = World(bus=self.bus)
        self._beginning = Beginning(self.world)
        self.voice = voice or VoiceServer(
            violations=self.violations, bus=self.bus, faults=self.faults
        )
        self.openai = openai or OpenAIServer(bus=self.bus, faults=self.faults)
        self.limits = RateLimits()
        self.interactions = Interactions(
            world=self.world, violations=self.violations, settle=settle
        )
        self.gateway = Gateway(
            world=self.world,
            voice=self.voice,
            violations=self.violations,
            faults=self.faults,
            bus=self.bus,
            own_endpoint=lambda: self.secure_address,
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
        self._page = Page(world=self.world, voice=self.voice, bus=self.bus)
        self._discord = DiscordSite(
            world=self.world,
            gateway=self.gateway,
            voice=self.voice,
            interactions=self.interactions,
            limits=self.limits,
            violations=self.violations,
            faults=self.faults,
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
        return self.world.account("bot").token

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

    def connect(self) -> Json:
        """Say how to connect: the bot's settings, the guest's, and the authority to trust."""
        guest = self.world.account(self.world.guest.id)
        return {
            **self.connect_environment(),
            "guest": {
                **user_shape(guest.user),
                "token": guest.token,
                "online": self.gateway.is_online(guest.user),
                "api": f"{self.url}{PREFIX}",
                "gateway": f"ws://{LOOPBACK}:{self.port}",
            },
            **({"ca": str(self._tls.ca_file), "tls": self.secure_address} if self._tls else {}),
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
            if self._wants_tls:
                await self._listen_secure(stack)
            stack.push_async_callback(self._close_connections)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._stack.aclose()

    async def reset(self) -> None:
        """Go back to the start; the bots stay connected and keep their commands."""
        self.interactions.clear()
        self._beginning.restore()
        await self.voice.reset()
        self.openai.reset()
        self.limits.clear()
        self.faults.clear()
        self.violations.clear()
        self.bus.publish("reset")

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await web.UnixSite(runner, self.socket_path).start()
        site = web.TCPSite(runner, LOOPBACK, self.port)
        await site.start()
        self.port = runner.addresses[-1][1]

    async def _listen_secure(self, stack: AsyncExitStack) -> None:
        self._tls = make_tls(self._folder)
        application = self._discord.under_tls()
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=self._tls.context).start()
        self.secure_address = f"localhost:{runner.addresses[0][1]}"

    async def _close_connections(self) -> None:
        self.interactions.clear()
        await self.gateway.aclose()
        await self._scripts.aclose()
        await self._page.aclose()

    def _announce(self, violation: Violation) -> None:
        self.bus.publish("violation", rule=violation.rule, detail=violation.detail)

    def _announce_fault(self, fault: Fault, call: str) -> None:
        self.bus.publish("fault", target=fault.target, fault=fault.kind, call=call)

    def _application(self) -> web.Application:
        guard = own_callers_only(lambda: self.port)
        middlewares = [guard, gateway_at_root(self.gateway.handle)]
        application = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
        self._discord.add_to(application)
        control = web.Application(middlewares=[errors_in_words])
        control.add_routes(self._control_routes())
        application.add_subapp("/sandbox", control)
        application.add_routes(self.openai.routes())
        application.add_routes(self._page.routes())
        return application

    def _control_routes(self) -> list[web.RouteDef]:
        world = self.world
        people = WorldControl(
            world=world,
            gateway=self.gateway,
            voice=self.voice,
            connect=self.connect,
            reset=self.reset,
        )
        interactions = InteractionControl(world=world, interactions=self.interactions)
        voice = VoiceControl(world=world, voice=self.voice)
        moderation = ModerationControl(world=world, gateway=self.gateway, voice=self.voice)
        parts = (people, interactions, voice, moderation, self._scripts)
        return [route for part in parts for route in part.routes()]
