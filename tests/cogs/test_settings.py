from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest
from discord import app_commands

from cogs.settings import NAME_SOMETHING, GuildSettings
from cogs.settings_report import LONGEST, UNREAD, describe, pages
from services.access import MAX_LISTED
from services.core.errors import BotError
from services.preferences import GuildPreferences, PreferenceStore

GUILD: Any = SimpleNamespace(id=5)


class Room:
    """A guild whose moderator uses the commands."""

    def __init__(self, folder: Path, *, reads_everything: bool = True) -> None:
        self.guilds = PreferenceStore(GuildPreferences, directory=folder / "guilds")
        self.cog = GuildSettings(guilds=self.guilds, reads_everything=lambda: reads_everything)

    @property
    def choices(self) -> GuildPreferences:
        return self.guilds.get(5)

    async def use(self, name: str, *, thread: bool = False, **options: Any) -> str:
        """Use a subcommand in channel 7, or in a thread of it, and return the answer."""
        channel = SimpleNamespace(id=8, parent_id=7) if thread else SimpleNamespace(id=7)
        asked = MagicMock(guild_id=5, channel=channel)
        asked.response.defer = asked.edit_original_response = asked.followup.send = AsyncMock()
        command: Any = getattr(GuildSettings, name.replace("-", "_"))
        await command.callback(self.cog, asked, **options)
        answers = asked.followup.send.await_args_list
        assert answers[0].kwargs == {"ephemeral": True, "thinking": True}
        texts = [call.args[0] if call.args else call.kwargs["content"] for call in answers[1:]]
        assert all(len(text) <= LONGEST for text in texts)
        return "\n".join(texts)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def thing(number: int) -> Any:
    return SimpleNamespace(id=number)


async def test_a_guild_that_was_left_is_forgotten(room: Room, tmp_path: Path) -> None:
    await room.guilds.change(5, lambda now: replace(now, language="de"))
    await room.cog.on_guild_remove(GUILD)
    assert room.choices == GuildPreferences()
    assert not (tmp_path / "guilds" / "5.json").exists()


async def test_a_disk_that_refuses_to_forget_is_told_to_the_log(
    room: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "guilds" / "5.json").mkdir(parents=True)
    await room.cog.on_guild_remove(GUILD)
    assert "still there" in caplog.text


async def test_the_commands_are_for_those_who_manage_the_server(room: Room) -> None:
    def asked(**permissions: bool) -> Any:
        return SimpleNamespace(permissions=discord.Permissions(**permissions))

    assert await room.cog.interaction_check(asked(manage_guild=True))
    with pytest.raises(app_commands.MissingPermissions):
        await room.cog.interaction_check(asked(manage_channels=True))
    group: Any = room.cog.app_command
    assert group.default_permissions.manage_guild
    assert group.guild_only


async def test_free_chat_is_for_this_channel_or_the_one_that_is_named(room: Room) -> None:
    assert "**Free chat**: <#7>" in await room.use("chat", action="add", thread=True)
    assert "<#7> <#9>" in await room.use("chat", action="add", channel=thing(9))
    assert room.choices.free_channels == {7, 9}
    await room.use("chat", action="remove")
    assert room.choices.free_channels == {9}
    assert "nowhere" in await room.use("chat", action="clear")
    assert room.choices.free_channels == frozenset()


async def test_free_chat_without_the_intent_says_where_to_switch_it_on(tmp_path: Path) -> None:
    room = Room(tmp_path, reads_everything=False)
    assert UNREAD in await room.use("chat", action="add")
    assert UNREAD in await room.use("show")
    assert UNREAD not in await room.use("chat", action="clear")
    assert UNREAD in await room.use("read-aloud", mode="on")
    assert UNREAD in await room.use("show")
    assert UNREAD not in await room.use("read-aloud", mode="off")


async def test_people_roles_and_channels_are_allowed_and_denied(room: Room) -> None:
    await room.use("allow", action="add", person=thing(1), role=thing(2), channel=thing(3))
    shown = await room.use("deny", action="add", person=thing(4), role=thing(6), channel=thing(8))
    assert "**For**: <@&2> <@1>\n**In**: <#3>\n**Not for**: <@&6> <@4>\n**Not in**: <#8>" in shown
    await room.use("allow", action="remove", person=thing(1))
    assert room.choices.allowed_users == frozenset()
    assert room.choices.allowed_roles == {2}
    await room.use("deny", action="clear")
    assert "**Not for**" not in await room.use("show")
    assert room.choices.allowed_channels == {3}


async def test_whom_to_allow_must_be_said(room: Room) -> None:
    with pytest.raises(BotError) as refusal:
        await room.use("allow", action="add")
    assert refusal.value.user_message == NAME_SOMETHING


async def test_the_other_choices_are_kept_too(room: Room) -> None:
    assert "I speak German here" in await room.use("language", language="de")
    assert "is on" in await room.use("auto-join", mode="on")
    assert "aloud**: on" in await room.use("read-aloud", mode="on")
    assert room.choices == GuildPreferences(language="de", auto_join=True, read_chat_aloud=True)
    await room.use("language", language="default")
    assert "as my owner set it" in await room.use("auto-join", mode="default")
    await room.use("read-aloud", mode="off")
    assert room.choices == GuildPreferences()


async def test_another_language_takes_another_voice(room: Room) -> None:
    await room.guilds.change(5, lambda now: replace(now, voice="bella", language="en"))
    await room.use("language", language="en")
    assert room.choices.voice == "bella"
    await room.use("language", language="fr")
    assert room.choices == GuildPreferences(language="fr")


async def test_show_tells_everything(room: Room) -> None:
    shown = await room.use("show")
    assert shown == (
        "**Free chat**: nowhere\n**For**: everybody\n**In**: all channels\n"
        "**Language**: the default\n**Voice**: the default\n"
        "**Join by myself**: the default\n**Read the chat aloud**: off\n"
        "**Persona**: the default\n**Personas of one's own**: on"
    )
    await room.guilds.change(5, lambda now: replace(now, voice="af_sky", speed=1.25, language="en"))
    shown = await room.use("show")
    assert "**Language**: English\n**Voice**: af_sky, speed 1.25" in shown


async def test_whether_people_choose_their_own_persona_is_the_moderators_choice(room: Room) -> None:
    await room.guilds.change(5, lambda now: replace(now, channel_personas={7: "Pirate"}))
    shown = await room.use("own-personas", mode="off")
    assert "the default, <#7> Pirate\n" in shown
    assert not room.choices.own_personas
    assert "one's own**: on" in await room.use("own-personas", mode="on")


async def test_full_lists_fit_into_messages(room: Room) -> None:
    ids = frozenset(range(10**18, 10**18 + MAX_LISTED))
    full = GuildPreferences(
        free_channels=ids,
        allowed_users=ids,
        denied_users=ids,
        allowed_roles=ids,
        denied_roles=ids,
        allowed_channels=ids,
        denied_channels=ids,
    )
    await room.guilds.change(5, lambda _: full)
    shown = await room.use("show")
    assert shown.split() == "\n".join(describe(full, reads_everything=True)).split()


def test_a_line_that_is_too_long_is_cut_between_its_words() -> None:
    made = pages([" ".join(["<@1234567890123456789>"] * 200), "last"])
    assert all(len(page) <= LONGEST for page in made)
    assert " ".join(made).split() == ["<@1234567890123456789>"] * 200 + ["last"]
