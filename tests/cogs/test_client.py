from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import discord
import pytest

from cogs.client import Client, connect


def client(outcome: Exception | None) -> Client:
    return cast("Client", SimpleNamespace(connect=AsyncMock(side_effect=outcome)))


def closed(code: int) -> discord.ConnectionClosed:
    socket: Any = SimpleNamespace(close_code=code)
    return discord.ConnectionClosed(socket, shard_id=None, code=code)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (closed(4004), "DISCORD_TOKEN is no longer valid"),
        (closed(4011), "too many servers"),
        (closed(4013), "4013"),
        (discord.PrivilegedIntentsRequired(None), "intents"),
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
