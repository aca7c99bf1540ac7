import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from cogs.access import Gate
from cogs.read_aloud import MOST_WAITING, ReadAloud
from services.core.errors import BusyError
from services.core.types import VoiceStyle
from services.preferences import GuildPreferences

BOT, HERE = 99, 10


def message(content: str = "Hello.", **more: Any) -> Any:
    parts = {
        "guild": SimpleNamespace(id=5),
        "channel": SimpleNamespace(id=HERE),
        "author": SimpleNamespace(id=1, display_name="Ana", bot=False),
        "content": content,
        "type": discord.MessageType.default,
        "webhook_id": None,
        "mentions": [],
        "role_mentions": [],
        "mention_everyone": False,
        "attachments": [],
        "reference": None,
        "id": 3,
    }
    return SimpleNamespace(**(parts | more))


async def read(
    posted: Any,
    *,
    waiting: int = 0,
    listeners: frozenset[int] = frozenset({1}),
    failure: Exception | None = None,
    **chosen: Any,
) -> list[str]:
    """Return what is said of a message."""
    session = MagicMock(channel_id=HERE, guild_id=5, listeners=listeners)
    session.output.in_order.return_value = [object()] * waiting
    choices = GuildPreferences(**({"read_chat_aloud": True} | chosen))
    speaker = MagicMock(say=AsyncMock(side_effect=failure))
    cog = ReadAloud(
        bot_id=lambda: BOT,
        choices=lambda _: choices,
        gate=Gate(choices=lambda _: choices),
        sessions=MagicMock(get=lambda _: session),
        speaker=speaker,
        voices=MagicMock(style=lambda **_: VoiceStyle()),
    )
    await cog.on_message(posted)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cog.cog_unload()
    return [call.args[1] for call in speaker.say.await_args_list]


async def test_a_message_is_read_with_its_author_s_name() -> None:
    picture = SimpleNamespace(content_type="image/png")
    said = await read(message("Look!", attachments=[picture]))
    assert said == ["Ana says:\nLook!\na picture"]


@pytest.mark.parametrize(
    "posted",
    [
        message("<@99> hello", mentions=[SimpleNamespace(id=BOT, display_name="Bot")]),
        message("!play music"),
        message("", author=SimpleNamespace(id=1, display_name="Ana", bot=True)),
        message("elsewhere", channel=SimpleNamespace(id=11)),
        message("in a direct message", guild=None),
        message(""),
        message("joined", type=discord.MessageType.new_member),
    ],
)
async def test_what_is_not_for_the_ears_is_not_read(posted: Any) -> None:
    assert await read(posted) == []


async def test_nothing_is_read_where_nobody_wants_or_may_or_hears_it() -> None:
    assert await read(message(), read_chat_aloud=False) == []
    assert await read(message(), denied_users=frozenset({1})) == []
    assert await read(message(), free_channels=frozenset({HERE})) == []
    assert await read(message(), listeners=frozenset()) == []
    assert await read(message(), waiting=MOST_WAITING) == []


async def test_a_message_that_could_not_be_read_is_let_go() -> None:
    assert await read(message(), failure=BusyError("too many")) == ["Ana says:\nHello."]
