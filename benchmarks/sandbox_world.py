"""A sandbox and a bot as processes of their own, and people in the sandbox."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.bot_process import bot_environment
from sandbox.control_client import ControlClient

ROOT = Path(__file__).parent.parent
ONLINE_SECONDS = 30.0
END_SECONDS = 10.0

Json = dict[str, Any]


class World:
    """Act in a sandbox at `url` as ana, and read what its bot did."""

    def __init__(self, url: str, control: ControlClient, state: Json) -> None:
        self.url = url
        self.control = control
        self.state = state
        self.general = self._channel("general")
        self.lounge = self._channel("Lounge")

    async def post(self, content: str, *, channel: str = "") -> Json:
        """Write a message that mentions the bot; returns it."""
        body = {"user": "ana", "content": f"<@{self.state['bot']['id']}> {content}"}
        return await self.control.post(f"channels/{channel or self.general}/messages", body)

    async def answers(self, asked: Json) -> list[Json]:
        """Return the bot's messages after one of ana's."""
        found = await self.control.get(f"channels/{asked['channel']}/messages", after=asked["id"])
        return [each for each in found["messages"] if each["author"]["bot"]]

    async def command(self, name: str) -> Json:
        """Run a slash command."""
        body = {"user": "ana", "channel": self.general, "name": name, "options": {}}
        return await self.control.post("commands", body)

    async def script(self, *replies: Json) -> None:
        """Queue the model's next answers."""
        await self.control.post("llm", {"replies": list(replies)})

    async def asked_model_at(self, since: float) -> float:
        """Return when the first request for an answer since a time came, monotonic seconds."""
        found = (await self.control.get("llm/requests"))["requests"]
        times = [each["t"] for each in found if each["path"].endswith("/chat/completions")]
        return float(min(t for t in times if t >= since))

    async def frames(self, since: float) -> Json:
        """Return what was heard in the voice channel since a time."""
        return await self.control.get(f"voice/{self.lounge}/frames", since=since)

    async def online(self) -> None:
        """Wait until the bot is connected. Raises TimeoutError."""
        async with asyncio.timeout(ONLINE_SECONDS):
            while not (await self.control.get("state"))["bot"]["online"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def check(self) -> None:
        """Raise RuntimeError when the bot broke Discord's rules."""
        if found := (await self.control.get("violations"))["violations"]:
            raise RuntimeError(f"Discord's rules were broken: {found}")

    def _channel(self, name: str) -> str:
        channels = self.state["guilds"][0]["channels"]
        return str(next(each["id"] for each in channels if each["name"] == name))


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    """Start a sandbox without a bot."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--no-bot", "--port", "0"), cwd=ROOT, stdout=PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the sandbox has no output")
        url = (await process.stdout.readline()).decode().split()[1]
        async with aiohttp.ClientSession() as session:
            control = ControlClient(url, session)
            yield World(url, control, await control.get("state"))
    finally:
        await end(process)


@asynccontextmanager
async def run_bot(world: World, *command: str, **settings: str) -> AsyncIterator[Process]:
    """Start a Python program as the sandbox's bot and end it at the exit.

    It writes compiled modules, as on any machine from the second start on. Raises RuntimeError
    with its last line when it has ended by itself.
    """
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-bot-") as folder,
        tempfile.TemporaryFile() as log,
    ):
        outer = {key: each for key, each in os.environ.items() if not key.startswith("PYTHON")}
        environment = bot_environment(
            outer | settings, world.state["connect"], folder=Path(folder), real_model=False
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *command), cwd=ROOT, env=environment, stdout=DEVNULL, stderr=log
        )
        try:
            yield process
        finally:
            died = process.returncode is not None
            await end(process)
            if died:
                log.seek(0)
                raise RuntimeError(f"the bot ended: {log.read().decode().splitlines()[-1:]}")


async def end(process: Process) -> None:
    """End a process, by force if need be."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
