"""A bot on the real, unpatched discord.py, and a caller of JSON APIs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands

from sandbox.server import Sandbox

PATIENCE = 5.0


class Control:
    """Call a JSON API."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        self.headers: dict[str, str] = {}

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, **options) as answer:
            self.headers = dict(answer.headers)
            content = await answer.read()
            return answer.status, await answer.json() if content else None

    async def get(self, path: str, **query: Any) -> Any:
        status, body = await self.call("GET", path, params=query)
        assert status == 200, body
        return body

    async def post(self, path: str, body: Any = None) -> Any:
        status, found = await self.call("POST", path, json=body or {})
        assert status == 200, found
        return found

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        status, found = await self.call(method, path, json=body)
        return status, found["error"]

    async def rules(self) -> list[str]:
        return [each["rule"] for each in (await self.get("/violations"))["violations"]]

    async def channel(self, name: str = "general") -> str:
        channels = (await self.get("/state"))["guilds"][0]["channels"]
        return next(str(channel["id"]) for channel in channels if channel["name"] == name)

    async def say(self, content: str, *, user: str = "ana", channel: str = "", **more: Any) -> Any:
        channel = channel or await self.channel()
        body = {"user": user, "content": content, **more}
        return await self.post(f"/channels/{channel}/messages", body)

    async def messages(self, channel: str = "") -> list[Any]:
        channel = channel or await self.channel()
        return list((await self.get(f"/channels/{channel}/messages"))["messages"])


class Probe(discord.Client):
    """Put everything that arrives into queues."""

    def __init__(self, intents: discord.Intents, connector: aiohttp.BaseConnector) -> None:
        super().__init__(intents=intents, connector=connector, guild_ready_timeout=0.02)
        self.tree = app_commands.CommandTree(self)
        self.logged_in = asyncio.Event()
        self.arrived: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.happened: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify anew without discord.py's pause of five seconds."""

    async def setup_hook(self) -> None:
        self.logged_in.set()

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.arrived.put_nowait(message)

    async def on_typing(self, channel: Any, user: Any, when: Any) -> None:
        self.happened.put_nowait(("typing", user))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.happened.put_nowait(("reaction", payload))

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self.happened.put_nowait(("edit", payload))

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.happened.put_nowait(("delete", payload))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        self.happened.put_nowait(("bulk delete", payload))

    async def on_voice_state_update(self, member: Any, before: Any, after: Any) -> None:
        self.happened.put_nowait(("voice", (member, after.channel)))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.happened.put_nowait(("guild", guild))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.happened.put_nowait(("guild remove", guild))

    async def on_resumed(self) -> None:
        self.happened.put_nowait(("resumed", None))

    async def message(self) -> discord.Message:
        return await asyncio.wait_for(self.arrived.get(), PATIENCE)

    async def event(self, kind: str) -> Any:  # type: ignore[override]
        async with asyncio.timeout(PATIENCE):
            while True:
                name, what = await self.happened.get()
                if name == kind:
                    return what


@asynccontextmanager
async def running(
    sandbox: Sandbox,
    *,
    intents: discord.Intents | None = None,
    token: str = "",
    connector: aiohttp.BaseConnector | None = None,
) -> AsyncIterator[Probe]:
    """Log in a bot, the sandbox's own one by its socket unless told otherwise."""
    connector = connector or aiohttp.UnixConnector(sandbox.socket_path, limit=0)
    probe = Probe(intents or discord.Intents.all(), connector)
    task = asyncio.create_task(probe.start(token or sandbox.bot_token))
    try:
        ready = asyncio.create_task(_ready(probe))
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            task.result()
        await ready
        yield probe
    finally:
        await probe.close()
        settling = probe._connection._ready_task
        await asyncio.wait([task, *([settling] if settling else [])])


async def _ready(probe: Probe) -> None:
    async with asyncio.timeout(PATIENCE):
        await probe.logged_in.wait()
        await probe.wait_until_ready()
