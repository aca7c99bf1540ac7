from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import discord
import pytest
from discord import app_commands

from cogs.command_sync import sync_commands, tree_hash


def tree(*names: str, description: str = "does it") -> Any:
    client = discord.Client(intents=discord.Intents.none())
    made = app_commands.CommandTree(client)
    for name in names:

        async def callback(interaction: discord.Interaction) -> None: ...

        made.add_command(
            app_commands.Command(name=name, description=description, callback=callback)
        )
    return made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "commands.sha256"


def with_registered(made: Any, *names: str) -> Any:
    made.fetch_commands = AsyncMock(return_value=[SimpleNamespace(name=name) for name in names])
    made.sync = AsyncMock()
    return made


async def test_a_new_tree_is_registered_once(state: Path) -> None:
    assert await sync_commands(with_registered(tree("a", "b")), state=state)
    again = with_registered(tree("a", "b"), "b", "a")
    assert not await sync_commands(again, state=state)
    again.sync.assert_not_awaited()


async def test_a_changed_tree_is_registered_again(state: Path) -> None:
    await sync_commands(with_registered(tree("a")), state=state)
    changed = with_registered(tree("a", description="does it better"), "a")
    assert await sync_commands(changed, state=state)
    changed.sync.assert_awaited_once()


async def test_a_state_that_cannot_be_kept_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert await sync_commands(with_registered(tree("a")), state=tmp_path / "file" / "state")


async def test_commands_that_vanished_on_discord_are_registered_again(state: Path) -> None:
    await sync_commands(with_registered(tree("a")), state=state)
    assert await sync_commands(with_registered(tree("a")), state=state)


def test_the_hash_does_not_depend_on_the_order_of_commands() -> None:
    assert tree_hash(tree("a", "b")) == tree_hash(tree("b", "a"))
    assert tree_hash(tree("a")) != tree_hash(tree("a", description="other"))
