import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.processes import ROOT, process
from tests.e2e.world import World


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """Start the sandbox with the bot as its own processes, once for all tests."""
    sandbox = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"USER_RATE_BURST": "1000", "USER_RATE_PER_MINUTE": "10000"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sandbox.stdout is not None
    try:
        line = sandbox.stdout.readline()
        assert line.startswith("ready "), f"the sandbox did not start: {line!r}"
        yield line.split()[1]
    finally:
        sandbox.terminate()
        assert sandbox.wait(timeout=15) == 0
        sandbox.stdout.close()


@pytest_asyncio.fixture
async def world(sandbox_url: str) -> AsyncIterator[World]:
    """Give a test a world at its start, and hold the bot to Discord's rules afterwards."""
    async with aiohttp.ClientSession() as session:
        made = World(sandbox_url, session)
        await made.start()
        yield made
        assert await made.violations() == []


@pytest_asyncio.fixture
async def empty_world() -> AsyncIterator[World]:
    """Run a sandbox without a bot."""
    async with (
        process("-m", "sandbox", "--no-bot", "--port", "0") as sandbox,
        aiohttp.ClientSession() as session,
    ):
        assert sandbox.stdout is not None
        url = (await sandbox.stdout.readline()).decode().split()[1]
        world = World(url, session)
        world.state = await world.call("GET", "state")
        yield world
