from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import aiohttp
import pytest

from cogs.presence import VoicePresence, teller

ME = 1


def cog() -> tuple[VoicePresence, Any]:
    presence = MagicMock(check_permissions=AsyncMock(), arrived=AsyncMock(), forget=AsyncMock())
    return VoicePresence(presence=presence, bot_id=lambda: ME), presence


def in_guild(**more: Any) -> Any:
    return SimpleNamespace(id=7, guild=SimpleNamespace(id=5), **more)


async def test_a_walk_between_channels_is_a_move_and_a_mute_is_none() -> None:
    made, presence = cog()
    lounge, cellar = SimpleNamespace(id=10), SimpleNamespace(id=11)
    states: list[Any] = [SimpleNamespace(channel=channel) for channel in (lounge, cellar, None)]
    await made.on_voice_state_update(in_guild(), states[0], states[0])
    presence.moved.assert_not_called()
    await made.on_voice_state_update(in_guild(), states[0], states[1])
    presence.moved.assert_called_once_with(5, 7, left=10)
    await made.on_voice_state_update(in_guild(), states[2], states[0])
    presence.moved.assert_called_with(5, 7, left=None)
    presence.arrived.assert_not_called()
    me: Any = SimpleNamespace(id=ME, guild=SimpleNamespace(id=5))
    await made.on_voice_state_update(me, states[0], states[1])
    presence.arrived.assert_awaited_once_with(5)


async def test_whatever_may_change_permissions_has_them_checked() -> None:
    made, presence = cog()
    await made.on_guild_channel_update(in_guild(), in_guild())
    await made.on_guild_role_update(in_guild(), in_guild())
    await made.on_member_update(in_guild(), in_guild())
    assert presence.check_permissions.await_count == 2
    me = SimpleNamespace(id=ME, guild=SimpleNamespace(id=5))
    await made.on_member_update(me, me)  # type: ignore[arg-type]
    assert presence.check_permissions.await_count == 3
    await made.on_guild_remove(SimpleNamespace(id=5))  # type: ignore[arg-type]
    presence.forget.assert_awaited_once_with(5)


@pytest.mark.parametrize("refusal", [None, aiohttp.ServerDisconnectedError()])
async def test_a_sentence_is_posted_where_that_is_possible(refusal: Exception | None) -> None:
    client = MagicMock()
    client.get_partial_messageable.return_value.send = AsyncMock(side_effect=refusal)
    assert await teller(client)(100, "Gone.") is (refusal is None)
    client.get_partial_messageable.assert_called_once_with(100)
