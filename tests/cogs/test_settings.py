from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cogs.settings import GuildSettings
from services.preferences import GuildPreferences, PreferenceStore

GUILD: Any = SimpleNamespace(id=5)


@pytest.fixture
def guilds(tmp_path: Path) -> Iterator[PreferenceStore[GuildPreferences]]:
    yield PreferenceStore(GuildPreferences, directory=tmp_path / "guilds")


async def test_a_guild_that_was_left_is_forgotten(
    guilds: PreferenceStore[GuildPreferences], tmp_path: Path
) -> None:
    await guilds.change(5, lambda now: replace(now, language="de"))
    await GuildSettings(guilds=guilds).on_guild_remove(GUILD)
    assert guilds.get(5) == GuildPreferences()
    assert not (tmp_path / "guilds" / "5.json").exists()


async def test_a_disk_that_refuses_to_forget_is_told_to_the_log(
    guilds: PreferenceStore[GuildPreferences], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "guilds" / "5.json").mkdir(parents=True)
    await GuildSettings(guilds=guilds).on_guild_remove(GUILD)
    assert "still there" in caplog.text
