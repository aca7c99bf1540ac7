import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import aiohttp
import pytest

from cogs.voice import Voice
from services.core.errors import ProviderError


def cog(**parts: Any) -> Voice:
    made = {
        name: MagicMock() for name in ("sessions", "speaker", "conversations", "voices", "personas")
    }
    return Voice(find_channel=MagicMock(), **(made | parts))


def interaction() -> Any:
    made = MagicMock(id=1, guild_id=5, user=SimpleNamespace(id=7, display_name="Ana"))
    made.response.defer = AsyncMock()
    made.edit_original_response = AsyncMock()
    return made


@pytest.mark.parametrize("refusal", [None, aiohttp.ServerDisconnectedError()])
async def test_a_text_that_could_not_be_said_is_told_where_that_is_possible(
    refusal: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = MagicMock(say=AsyncMock(side_effect=ProviderError("no", user_message="No voice.")))
    voice, asked = cog(speaker=speaker), interaction()
    asked.edit_original_response.side_effect = [None, refusal]
    await Voice.say.callback(voice, asked, "hello")  # type: ignore[arg-type, call-arg]
    await asyncio.sleep(0.01)
    told = [call.kwargs["content"] for call in asked.edit_original_response.await_args_list]
    assert told == ["I'm saying it.", "No voice."]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * bool(refusal)
    await voice.cog_unload()


async def test_a_new_session_of_the_gateway_restores_the_channels() -> None:
    sessions = MagicMock(restore=AsyncMock())
    voice = cog(sessions=sessions)
    await voice.on_ready()
    sessions.restore.assert_awaited_once_with(voice._find_channel)
