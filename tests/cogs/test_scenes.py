from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import discord

from cogs.scenes import scene_of
from services.persona_choice import Scene


def client_with(**channels: Any) -> Any:
    found = {int(key[1:]): channel for key, channel in channels.items()}
    guild = SimpleNamespace(name="Harbour", get_channel_or_thread=found.get)
    return SimpleNamespace(get_guild={5: guild}.get)


def test_a_channel_and_a_thread_in_it_have_names() -> None:
    thread = MagicMock(spec=discord.Thread, parent_id=10)
    thread.name = "knots"
    client = client_with(c10=SimpleNamespace(name="general"), c11=thread)
    assert scene_of(client, 5, 10) == Scene("Harbour", "general")
    assert scene_of(client, 5, 11) == Scene("Harbour", "knots", 10)


def test_what_is_not_known_has_no_name() -> None:
    assert scene_of(client_with(), 5, 10) == Scene("Harbour")
    assert scene_of(client_with(), 6, 10) == scene_of(client_with(), None, 10) == Scene()
