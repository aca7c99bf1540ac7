import asyncio
import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest
from aiohttp import web

from cogs.client import Client, connect, edit_limits, login
from sandbox.intents import parse_intents
from sandbox.server import Sandbox
from services.channel_pacer import ChannelPacers

REFUSED = discord.PrivilegedIntentsRequired(None)


def client(*outcomes: Exception | None, asked: bool = False) -> Client:
    connect, renounce = AsyncMock(side_effect=outcomes), MagicMock(return_value=asked)
    return cast("Client", SimpleNamespace(connect=connect, renounce_content=renounce))


def closed(code: int) -> discord.ConnectionClosed:
    socket: Any = SimpleNamespace(close_code=code)
    return discord.ConnectionClosed(socket, shard_id=None, code=code)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (closed(4004), "DISCORD_TOKEN is no longer valid"),
        (closed(4011), "too many servers"),
        (closed(4013), "4013"),
        (REFUSED, "intents"),
    ],
)
async def test_what_no_other_attempt_helps_against_is_one_sentence(
    outcome: Exception, words: str
) -> None:
    error = await connect(client(outcome))
    assert error is not None
    assert words in str(error)


async def test_a_connection_that_was_closed_is_no_error() -> None:
    assert await connect(client(None)) is None


async def test_an_intent_that_is_refused_after_all_is_done_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await connect(client(REFUSED, None, asked=True)) is None
    assert "Message Content" in caplog.text
    error = await connect(client(REFUSED, REFUSED, asked=True))
    assert "intents" in str(error)


@pytest.mark.virtual_time
@pytest.mark.parametrize("status", [403, 429, 502])
async def test_a_login_that_cloudflare_keeps_away_is_tried_again_in_one_line(
    caplog: pytest.LogCaptureFixture, status: int
) -> None:
    page = "<html>error code: 1015</html>\n" * 100
    kept_away = discord.HTTPException(MagicMock(status=status, reason="no"), page)
    log_in = AsyncMock(side_effect=[kept_away, kept_away, None])
    await login(cast("Client", SimpleNamespace(login=log_in, end_login=AsyncMock())), "token")
    assert log_in.await_count == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"Discord can't be reached (it answered {status}); next try in {pause} s"
        for pause in (1, 2)
    ]


async def test_tries_to_log_in_leave_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cogs.client.LOGIN_PAUSES", (0.0,))
    tries = asyncio.Queue[None]()

    async def refuse(_request: web.Request) -> web.Response:
        tries.put_nowait(None)
        return web.Response(status=429, text="<html>error code: 1015</html>")

    app = web.Application()
    app.router.add_get("/{path:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "s")).start()
    async with Client(socket=str(tmp_path / "s"), trace=edit_limits(ChannelPacers())) as client:
        trying = asyncio.create_task(login(client, "token"))
        for _ in range(3):
            await tries.get()
        trying.cancel()
        await asyncio.wait([trying])
    await runner.cleanup()
    gc.collect()
    assert "Unclosed" not in caplog.text


@pytest.mark.parametrize(("flags", "granted"), [(0, False), (1 << 18, True), (1 << 19, True)])
async def test_the_content_of_all_messages_is_asked_for_where_it_is_granted(
    flags: int, granted: bool
) -> None:
    async with Client(socket="", trace=edit_limits(ChannelPacers())) as made:
        made._connection.application_flags = discord.ApplicationFlags._from_value(flags)
        await made.setup_hook()
        assert made.reads_everything() is granted
        assert made._connection.intents.message_content is granted
        assert made.renounce_content() is granted
        assert not made.reads_everything()


async def test_the_bot_comes_online_without_an_intent_that_the_gateway_refuses() -> None:
    async with Sandbox() as sandbox:
        client = Client(socket=sandbox.socket_path, trace=edit_limits(ChannelPacers()))
        async with client:
            client._connection.guild_ready_timeout = 0.02
            await client.login(sandbox.bot_token)
            assert client.reads_everything()
            sandbox.world.account("bot").intents = parse_intents([])
            running = asyncio.create_task(connect(client))
            async with asyncio.timeout(10):
                await client.wait_until_ready()
            assert not client.reads_everything()
            assert len(client.guilds) == 2
        assert await running is None
        assert [each["rule"] for each in sandbox.violations.as_json()["violations"]] == ["intents"]
