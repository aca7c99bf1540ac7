"""discord.py's own VoiceClient, unpatched, on the sandbox's voice server; no main gateway."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import discord
import numpy as np
from aiohttp import web
from discord.gateway import DiscordClientWebSocketResponse
from numpy.typing import NDArray

from sandbox.events import Event, EventBus
from sandbox.faults import Faults
from sandbox.violations import Violations
from sandbox.voice.server import VoiceServer

GUILD, CHANNEL, OTHER_CHANNEL = 10, 20, 21
BOT, ANA, BEN = 1, 2, 3


async def until(condition: Callable[[], Any], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - waits for sockets, which set no event
            await asyncio.sleep(0.005)


def tone(seconds: float, *, frequency: float = 440.0, rate: int = 48_000) -> NDArray[np.int16]:
    t = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * frequency * t) * 8000).astype(np.int16)


def wav(samples: NDArray[np.int16], *, rate: int = 48_000, channels: int = 1) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    return target.getvalue()


def read(recording: bytes) -> NDArray[np.int16]:
    with wave.open(io.BytesIO(recording)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 48_000)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")


class Place:
    """A voice channel as VoiceClient sees it."""

    def __init__(self, channel_id: int, guild: "Account") -> None:
        self.id = channel_id
        self.guild = guild

    def _get_voice_client_key(self) -> tuple[int, str]:
        return self.guild.id, "guild_id"


class Account:
    """One bot account in one guild: discord.py's Client, state, guild and main gateway in one."""

    def __init__(self, world: "World", user_id: int, guild_id: int) -> None:
        self.world = world
        self.id = guild_id
        self.loop = asyncio.get_running_loop()
        self.user = discord.Object(user_id)
        self.me = type("Me", (), {"voice": None})
        self.http = self
        self._connection = self
        self._events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.voice: discord.VoiceClient | None = None

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        return await self.world.http.ws_connect(url, compress=compress, max_msg_size=0)

    def get_channel(self, channel_id: int) -> Place:
        return Place(channel_id, self)

    def _remove_voice_client(self, guild_id: int) -> None:
        self.voice = None

    async def change_voice_state(
        self, *, channel: Place | None, self_mute: bool = False, self_deaf: bool = False
    ) -> None:
        session_id = f"session-{self.user.id}"
        state = {"guild_id": self.id, "user_id": self.user.id, "session_id": session_id}
        if channel is None:
            self.world.server.revoke(guild_id=self.id, user_id=self.user.id)
            self._events.put_nowait(("state", state | {"channel_id": None}))
            return
        grant = self.world.server.grant(
            guild_id=self.id, channel_id=channel.id, user_id=self.user.id, session_id=session_id
        )
        self._events.put_nowait(("state", state | {"channel_id": str(channel.id)}))
        server = {"token": grant.token, "guild_id": str(self.id), "endpoint": grant.endpoint}
        self._events.put_nowait(("server", server))

    async def run(self) -> None:
        while True:
            kind, data = await self._events.get()
            for _ in range(20):  # VoiceClient loses an event that follows in the next rounds
                await asyncio.sleep(0)
            if self.voice is not None and kind == "state":
                await self.voice.on_voice_state_update(data)  # type: ignore[arg-type]
            elif self.voice is not None:
                await self.voice.on_voice_server_update(data)  # type: ignore[arg-type]

    async def connect(
        self, channel_id: int, *, cls: type[discord.VoiceClient] = discord.VoiceClient
    ) -> discord.VoiceClient:
        self.voice = cls(self, self.get_channel(channel_id))  # type: ignore[arg-type]
        await self.voice.connect(reconnect=False, timeout=5.0)
        tolerate_poller(self.voice)
        return self.voice


def tolerate_poller(voice: discord.VoiceClient) -> None:
    """Look at how discord.py's poller ends: it dies when it answers a websocket that closes."""
    poller = voice._connection._runner
    assert poller is not None
    poller.add_done_callback(lambda ended: ended.cancelled() or ended.exception())


class World:
    """A voice server, its HTTP side on a UNIX socket, and accounts that connect to it."""

    def __init__(self, tasks: asyncio.TaskGroup, http: aiohttp.ClientSession) -> None:
        self.tasks = tasks
        self.http = http
        self.violations = Violations()
        self.bus = EventBus()
        self.faults = Faults()
        self.server = VoiceServer(violations=self.violations, bus=self.bus, faults=self.faults)
        self.events: list[Event] = []
        self._accounts: list[tuple[Account, asyncio.Task[None]]] = []

    def account(self, user_id: int = BOT, guild_id: int = GUILD) -> Account:
        account = Account(self, user_id, guild_id)
        self._accounts.append((account, self.tasks.create_task(account.run())))
        return account

    async def join(self, user_id: int, channel_id: int = CHANNEL, guild_id: int = GUILD) -> None:
        await self.server.human_join(guild_id=guild_id, channel_id=channel_id, user_id=user_id)

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    def rules(self) -> list[str]:
        return [breach["rule"] for breach in self.violations.as_json()["violations"]]

    async def collect(self) -> None:
        with self.bus.subscribe() as events:
            async for event in events:
                self.events.append(event)

    async def aclose(self) -> None:
        for account, task in self._accounts:
            if account.voice is not None:
                await account.voice.disconnect(force=True)
            task.cancel()


@asynccontextmanager
async def voice_world(folder: Path) -> AsyncIterator[World]:
    socket = str(folder / "v.sock")
    connector = aiohttp.UnixConnector(socket, limit=0)
    async with (
        aiohttp.ClientSession(
            connector=connector, ws_response_class=DiscordClientWebSocketResponse
        ) as http,
        asyncio.TaskGroup() as tasks,
    ):
        world = World(tasks, http)
        app = web.Application()
        app.router.add_get("/", world.server.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await world.server.start()
        await web.UnixSite(runner, socket).start()
        collector = tasks.create_task(world.collect())
        try:
            yield world
        finally:
            await world.aclose()
            await world.server.aclose()
            await runner.cleanup()
            collector.cancel()
