"""One Chromium and one sandbox with its bot for all tests of the page; each test a fresh world."""

import shutil
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e import conftest as e2e
from tests.e2e.world import World
from tests.sandbox.page.visitor import Visitor

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("the page's tests need a Chromium (Debian: apt install chromium)")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()


sandbox_url = e2e.sandbox_url


@pytest.fixture(scope="session")
def page_url(browser: Browser, request: pytest.FixtureRequest) -> str:
    """Start a sandbox with its bot, once there is a browser to look at it."""
    return str(request.getfixturevalue("sandbox_url"))


@pytest_asyncio.fixture(loop_scope="session")
async def world(page_url: str) -> AsyncIterator[World]:
    """Give a test a world at its start, and hold the bot to Discord's rules afterwards."""
    async with aiohttp.ClientSession() as session:
        made = World(page_url, session)
        await made.start()
        yield made
        assert await made.violations() == []


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, world: World, page_url: str) -> AsyncIterator[Visitor]:
    """Open the page; it may neither complain nor ask anybody but the sandbox."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    opened = Visitor(await context.new_page(), page_url)
    try:
        await opened.arrive()
        yield opened
        assert opened.complaints == []
        assert opened.outside == []
    finally:
        await context.close()
