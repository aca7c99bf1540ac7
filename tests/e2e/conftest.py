import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.faulty import Faulty
from tests.e2e.processes import ROOT, commands, sandbox
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.world import World

SETTINGS = {
    "USER_RATE_BURST": "1000",
    "USER_RATE_PER_MINUTE": "10000",
    "SUMMARIES_ENABLED": "false",
}
"""All tests share one history: summaries would be asked for in the middle of any of them."""


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """Start the sandbox with the bot as its own processes, once for all tests."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT,
        env=os.environ | SETTINGS,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready "), f"the sandbox did not start: {line!r}"
        yield line.split()[1]
    finally:
        process.terminate()
        try:
            assert process.wait(timeout=15) == 0
        finally:
            process.kill()  # nothing to one that has ended
            process.stdout.close()


@pytest_asyncio.fixture
async def world(sandbox_url: str) -> AsyncIterator[World]:
    """Give a test a world at its start, and hold the bot to Discord's rules afterwards."""
    async with aiohttp.ClientSession() as session:
        made = World(sandbox_url, session)
        await made.start()
        await commands(made)
        yield made
        assert await made.violations() == []


@pytest_asyncio.fixture
async def empty_world() -> AsyncIterator[World]:
    """Give a test a world of its own without a bot."""
    async with sandbox() as (_, world):
        yield world


@pytest.fixture(scope="session")
def faulty_bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """Start a sandbox and an impatient bot, once for all tests that break things."""
    with running_bot(tmp_path_factory.mktemp("faulty")) as started:
        yield started


@pytest_asyncio.fixture
async def faulty(faulty_bot: RunningBot) -> AsyncIterator[Faulty]:
    """Give a test a world to break; afterwards all must work, within Discord's rules."""
    async with aiohttp.ClientSession() as session:
        made = Faulty(faulty_bot, session)
        await made.start()
        yield made
        await made.next_turn_works()
        assert {each["rule"] for each in await made.violations()} <= made.forced
