from typing import Any
from unittest.mock import MagicMock

import discord
import pytest

from cogs.doctor import Doctor
from services.core.types import VoiceStyle
from services.preferences import GuildPreferences

FREE = GuildPreferences(free_channels=frozenset({7}))
ALOUD = GuildPreferences(read_chat_aloud=True)


@pytest.mark.parametrize(
    ("reads", "choices", "healthy"),
    [
        (True, FREE, True),
        (False, GuildPreferences(), True),
        (False, FREE, False),
        (False, ALOUD, False),
    ],
)
async def test_a_missing_intent_is_a_fault_where_something_needs_it(
    reads: bool, choices: GuildPreferences, healthy: bool
) -> None:
    parts: Any = {name: MagicMock(return_value="") for name in ("load_opus", "better")}
    doctor = Doctor(
        reads_everything=lambda: reads,
        choices=lambda _: choices,
        engines=[],
        style=VoiceStyle(),
        **parts,
    )
    asked: Any = MagicMock(guild_id=5, app_permissions=discord.Permissions.all())
    findings = {each.name: each for each in await doctor.examine(asked)}
    assert findings["Messages"].healthy is healthy
    assert ("Message Content Intent" in str(findings["Messages"])) is not healthy
    assert findings["Permissions here"].healthy
