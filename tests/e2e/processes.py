"""The bot and the sandbox as processes of a test."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from tests.e2e.world import World, eventually

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a Python program of the project; kill it, and remove what it left, with the block.

    What it said on standard error is shown where the block fails.
    """
    with TemporaryDirectory() as folder:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=ROOT,
            env=os.environ | {"BOT_ENV_FILE": "", "TMPDIR": folder} | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        failed = True
        try:
            yield started
            failed = False
        finally:
            if started.returncode is None:
                started.kill()
            _, said = await started.communicate()
            if failed:
                sys.stderr.write(said.decode(errors="replace"))


async def end_of(started: asyncio.subprocess.Process) -> tuple[int, str]:
    """Wait for a program's end; return its status and what it said on standard error."""
    _, said = await started.communicate()
    assert started.returncode is not None
    return started.returncode, said.decode()


@asynccontextmanager
async def sandbox() -> AsyncIterator[tuple[asyncio.subprocess.Process, World]]:
    """Run a sandbox without a bot."""
    async with (
        process("-m", "sandbox", "--no-bot", "--port", "0") as started,
        aiohttp.ClientSession() as session,
    ):
        assert started.stdout is not None
        url = (await started.stdout.readline()).decode().split()[1]
        world = World(url, session)
        world.state = await world.call("GET", "state")
        yield started, world


@asynccontextmanager
async def bot(
    world: World, tmp_path: Path, **changes: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the bot in a world until the block ends, and the world has noticed its end."""
    folders = {"TEMP_DIR": str(tmp_path / "temp"), "HISTORY_DIR": str(tmp_path / "history")}
    connect = {name: value for name, value in world.state["connect"].items() if name.isupper()}
    async with process("bot.py", **{**connect, **folders, **changes}) as started:
        yield started

    async def look() -> bool | None:
        return None if await _is_online(world) else True

    await eventually(look, "end of the bot's connection")


async def online(world: World) -> None:
    """Wait until the bot is connected."""

    async def look() -> bool | None:
        return await _is_online(world) or None

    await eventually(look, "bot that is online")


async def _is_online(world: World) -> bool:
    try:
        return bool((await world.call("GET", "state"))["bot"]["online"])
    except aiohttp.ClientConnectionError:
        return False  # a test may have ended the world


async def commands(world: World) -> None:
    """Wait until the bot's commands are registered."""

    async def look() -> bool | None:
        return bool((await world.call("GET", "commands"))["commands"]) or None

    await eventually(look, "commands")
