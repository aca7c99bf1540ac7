from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from cogs.thinking import ACKNOWLEDGED, think


def interaction(code: int) -> MagicMock:
    refusal = discord.HTTPException(MagicMock(status=400, reason="-"), {"code": code})
    made = MagicMock(spec=discord.Interaction)
    made.response.defer = AsyncMock(side_effect=refusal)
    return made


async def test_an_acknowledgement_whose_answer_was_lost_counts() -> None:
    asked = interaction(ACKNOWLEDGED)
    await think(asked, ephemeral=True)
    asked.response.defer.assert_awaited_once_with(ephemeral=True, thinking=True)


async def test_any_other_refusal_is_raised() -> None:
    with pytest.raises(discord.HTTPException):
        await think(interaction(10062))
