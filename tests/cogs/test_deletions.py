from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, call

import pytest

from cogs.deletions import Deletions
from services.core.errors import StorageError


class Room:
    def __init__(self) -> None:
        self.copies, self.conversations = AsyncMock(), MagicMock()
        self.cog = Deletions(
            copies=self.copies, conversations=self.conversations, bot_id=lambda: 99
        )

    async def edit(self, **data: Any) -> list[Any]:
        payload: Any = SimpleNamespace(data=data, message_id=5, channel_id=6)
        await self.cog.on_raw_message_edit(payload)
        return list(self.copies.revise.await_args_list)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"content": "<@99> new", "edited_timestamp": "2026"}, "new"),
        ({"content": "", "edited_timestamp": "2026"}, ""),
        ({"content": "<@99>", "edited_timestamp": "2026"}, ""),
        ({"content": "same", "edited_timestamp": None}, None),
        ({"edited_timestamp": "2026"}, None),
        ({"embeds": []}, None),
        ({"content": "a", "edited_timestamp": "2026", "author": {"id": "98"}}, "a"),
        ({"content": "a", "edited_timestamp": "2026", "author": {"id": "99"}}, None),
    ],
    ids=["changed", "hidden", "emptied", "embeds", "no text", "pins", "a person's", "our own"],
)
async def test_an_edit_reaches_what_is_kept(data: dict[str, Any], text: str | None) -> None:
    assert await Room().edit(**data) == ([] if text is None else [call(6, 5, text)])


async def test_deleted_messages_reach_what_is_kept_alone_or_in_bulk() -> None:
    room = Room()
    one: Any = SimpleNamespace(message_id=5, channel_id=6)
    many: Any = SimpleNamespace(message_ids={7, 8}, channel_id=6)
    await room.cog.on_raw_message_delete(one)
    await room.cog.on_raw_bulk_message_delete(many)
    assert room.copies.delete.await_args_list == [call(6, {5}), call(6, {7, 8})]


async def test_channels_and_threads_that_are_gone_are_stopped_and_forgotten() -> None:
    room = Room()
    channel: Any = SimpleNamespace(id=6)
    thread: Any = SimpleNamespace(thread_id=7)
    await room.cog.on_guild_channel_delete(channel)
    await room.cog.on_raw_thread_delete(thread)
    assert room.conversations.disown_channel.call_args_list == [call(6), call(7)]
    assert room.copies.delete_channel.await_args_list == [call(6), call(7)]


async def test_a_server_that_was_left_is_stopped_and_forgotten(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = Room()
    guild: Any = SimpleNamespace(id=5)
    room.copies.delete_guild.side_effect = [3, StorageError("full")]
    await room.cog.on_guild_remove(guild)
    room.conversations.disown_guild.assert_called_once_with(5)
    await room.cog.on_guild_remove(guild)
    assert "still there" in caplog.text
