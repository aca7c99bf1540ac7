from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from sandbox.server import Sandbox
from tests.sandbox.probe import Control, Probe, running


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(settle=0.3) as opened:
        yield opened


@pytest_asyncio.fixture
async def control(sandbox: Sandbox) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(f"{sandbox.url}/sandbox", session)


@pytest_asyncio.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Control]:
    headers = {"Authorization": f"Bot {sandbox.bot_token}"}
    connector = aiohttp.UnixConnector(sandbox.socket_path, limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield Control("https://discord.com/api/v10", session)


@pytest_asyncio.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Probe]:
    async with running(sandbox) as probe:
        yield probe


@pytest_asyncio.fixture
async def secure() -> AsyncIterator[Sandbox]:
    async with Sandbox(tls=True, settle=0.3) as opened:
        yield opened


@pytest_asyncio.fixture
async def secure_control(secure: Sandbox) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(f"{secure.url}/sandbox", session)
