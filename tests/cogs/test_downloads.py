from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from cogs.downloads import Downloads

CDN = "https://cdn.discordapp.com"


@pytest_asyncio.fixture
async def downloads(tmp_path: Path) -> AsyncIterator[Downloads]:
    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound(f"{CDN}/file")

    async def file(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 200_000)

    application = web.Application()
    application.add_routes([web.get("/moved", elsewhere), web.get("/file", file)])
    runner = web.AppRunner(application)
    await runner.setup()
    socket = str(tmp_path / "cdn.sock")
    await web.UnixSite(runner, socket).start()
    connector = aiohttp.UnixConnector(socket)
    made = Downloads(lambda: connector)
    yield made
    await made.aclose()
    await made.aclose()
    assert not connector.closed
    await connector.close()
    await runner.cleanup()


async def test_no_more_than_the_beginning_of_a_file_is_read(downloads: Downloads) -> None:
    assert await downloads.fetch(f"{CDN}/file", 1000) == b"x" * 1000
    assert len(await downloads.fetch(f"{CDN}/file", 1_000_000)) == 200_000


@pytest.mark.parametrize(
    "url",
    [
        f"{CDN}/moved",
        f"{CDN}/nothing",
        "http://cdn.discordapp.com/file",
        "https://example.com/file",
        "https://cdn.discordapp.com@example.com/file",
    ],
)
async def test_nothing_is_read_from_elsewhere(downloads: Downloads, url: str) -> None:
    with pytest.raises(OSError, match="Discord"):
        await downloads.fetch(url, 1000)
