from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest
from discord import app_commands

from cogs.personas import CHOICES, FOR_MODERATORS, Personas
from services.core.errors import BotError
from services.core.protocols import SpeechEngine
from services.core.types import VoiceOffer, VoiceOption
from services.persona import LONGEST_NAME, Persona
from services.persona_choice import PersonaChoices, Scene
from services.persona_draft import PersonaDraft
from services.persona_library import GuildPersonas, PersonaLibrary
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences
from services.voice_catalogue import VoiceCatalogue

ENGINE = SimpleNamespace(
    offer=lambda: VoiceOffer((VoiceOption("onyx"),)), accepts=lambda name: name == "onyx"
)
DRAFT = PersonaDraft(prompt="Hoot.", voice="onyx", language="", temperature="1", greeting="")


class Room:
    """A guild (5) with a channel (10), where people use the commands."""

    def __init__(self, folder: Path) -> None:
        pirate = Persona(name="Pirate", prompt="Arr.", greeting="Ahoy, {user} of {guild}!")
        own = PreferenceStore(GuildPersonas, directory=folder / "own")
        self.choices = PersonaChoices(
            library=PersonaLibrary(prompt="Be kind.", shipped=[pirate], own=own),
            users=PreferenceStore(UserPreferences, directory=folder / "users"),
            guilds=PreferenceStore(GuildPreferences, directory=folder / "guilds"),
            scene_of=lambda guild_id, _: Scene("Harbour" if guild_id else ""),
            now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
        )
        catalogue = VoiceCatalogue([cast("SpeechEngine", ENGINE)])
        self.cog = Personas(choices=self.choices, catalogue=catalogue)

    def at(self, user_id: int = 7, *, channel_id: int = 10, guild_id: int | None = 5) -> str:
        """Return who the bot is for a person in a channel."""
        return self.choices.find(guild_id=guild_id, channel_id=channel_id, user_id=user_id).name

    async def use(self, command: str, *, asker: Any = None, **options: Any) -> str:
        """Use a subcommand and return the answer."""
        asked = asker or person()
        await getattr(self.cog, command).callback(self.cog, asked, **options)
        return answer_to(asked)

    async def make(self, name: str, draft: PersonaDraft = DRAFT, *, by: str = "create") -> str:
        """Open the form of a persona, fill it in and send it; return the answer."""
        asked, sent = person(manager=True), person(manager=True)
        await getattr(self.cog, by).callback(self.cog, asked, name)
        form = asked.response.send_modal.await_args.args[0]
        await form._submit(sent, draft)
        return answer_to(sent)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def person(*, manager: bool = False, guild_id: int | None = 5) -> Any:
    permissions = discord.Permissions(manage_guild=manager)
    made = MagicMock(guild_id=guild_id, channel_id=10, permissions=permissions)
    made.user = SimpleNamespace(id=7, display_name="Ana")
    for name in ("send_message", "send_modal", "defer"):
        setattr(made.response, name, AsyncMock())
    made.edit_original_response = made.followup.send = AsyncMock()
    return made


def answer_to(asked: Any) -> str:
    said = asked.edit_original_response.await_args or asked.response.send_message.await_args
    text: str = said.args[0] if said.args else said.kwargs["content"]
    assert len(text) <= 2000
    return text


async def refusal(room: Room, command: str, asker: Any = None, **options: Any) -> str:
    with pytest.raises(BotError) as refused:
        await room.use(command, asker=asker, **options)
    return refused.value.user_message


async def test_a_person_chooses_for_themselves_and_is_greeted(room: Room) -> None:
    said = await room.use("set_persona", name="pirate")
    assert said == "For you I am **Pirate** now.\n> Ahoy, Ana of Harbour!"
    assert (room.at(), room.at(8), room.at(guild_id=None)) == ("Pirate", "Default", "Pirate")
    assert "**Default** here" in await room.use("reset")
    assert room.choices.users.get(7) == UserPreferences()


async def test_moderators_choose_for_channel_and_server(room: Room) -> None:
    boss = person(manager=True)
    said = await room.use("set_persona", asker=boss, name="Pirate", scope="channel")
    assert said.startswith("In this channel I am **Pirate** now.")
    assert (room.at(8), room.at(8, channel_id=11)) == ("Pirate", "Default")
    said = await room.use("set_persona", asker=boss, name="Default", scope="server")
    assert "For you I stay **Pirate** here: your own choice comes first" in said.splitlines()[-1]
    await room.use("set_persona", asker=boss, name="Pirate", scope="server")
    await room.use("reset", asker=boss, scope="channel")
    assert (room.at(8), room.at(8, channel_id=11)) == ("Pirate", "Pirate")
    await room.use("reset", asker=boss, scope="server")
    assert room.choices.guilds.get(5) == GuildPreferences()


async def test_others_choose_for_nobody_else(room: Room) -> None:
    for scope in ("channel", "server"):
        assert await refusal(room, "set_persona", name="Pirate", scope=scope) == FOR_MODERATORS
        assert await refusal(room, "reset", scope=scope) == FOR_MODERATORS
    for command in ("create", "edit", "delete"):
        assert await refusal(room, command, name="Pirate") == FOR_MODERATORS
    alone = person(guild_id=None, manager=True)
    with pytest.raises(app_commands.NoPrivateMessage):
        await room.use("set_persona", asker=alone, name="Pirate", scope="server")


async def test_where_nobody_chooses_for_themselves_the_choice_counts_elsewhere(room: Room) -> None:
    await room.choices.guilds.change(5, lambda _: GuildPreferences(own_personas=False))
    said = await room.use("set_persona", name="Pirate")
    assert said.endswith("nobody chooses for themselves, so I stay **Default** here.")
    assert (room.at(), room.at(guild_id=None)) == ("Default", "Pirate")


async def test_a_persona_is_made_changed_and_deleted(room: Room) -> None:
    boss = person(manager=True)
    assert (
        await room.make(" Night\n  Owl ") == "Kept. `/persona set Night Owl` chooses **Night Owl**."
    )
    owl = Persona(name="Night Owl", prompt="Hoot.", voice="onyx", temperature=1.0)
    assert room.choices.library.own_of(5) == [owl]
    worse = PersonaDraft(prompt="Hoo.", voice="onix", language="", temperature="hot", greeting="")
    said = await room.make("night owl", worse, by="edit")
    assert "`onix`. Did you mean `onyx`?" in said
    assert "The temperature is a number" in said
    kept = room.choices.library.get("night owl", 5)
    assert (kept.prompt, kept.voice, kept.temperature) == ("Hoo.", "onyx", 1.0)
    assert "made in this server" in await room.use("list_personas")
    assert await room.use("delete", asker=boss, name="Night owl") == "Deleted."
    assert room.choices.library.own_of(5) == []


async def test_a_server_s_version_of_what_came_along_can_be_taken_back(room: Room) -> None:
    await room.make("pirate", by="edit")
    assert room.choices.library.get("pirate", 5).prompt == "Hoot."
    said = await room.use("delete", asker=person(manager=True), name="pirate")
    assert "**Pirate** that I brought along" in said
    assert "so there is nothing to delete" in await refusal(
        room, "delete", person(manager=True), name="pirate"
    )


@pytest.mark.parametrize(
    ("command", "name", "words"),
    [
        ("create", "pirate", "There is a persona `Pirate` already"),
        ("create", "default", "Please choose another name"),
        ("create", "a`b", "without backticks"),
        ("create", "\x00", "without backticks"),
        ("edit", "Default", "my owner's settings"),
        ("edit", "pirates", "Did you mean `Pirate`?"),
        ("delete", "zzz", "I know no persona"),
        ("show", "zzz", "I know no persona"),
        ("set_persona", "zzz", "I know no persona"),
    ],
)
async def test_what_cannot_be_done_is_told_in_words(
    room: Room, command: str, name: str, words: str
) -> None:
    assert words in await refusal(room, command, person(manager=True), name=name)


async def test_who_the_bot_is_can_be_seen(room: Room) -> None:
    assert await room.use("show") == "For you I am here:\n**Default**: as my owner made me."
    assert "> Arr." in await room.use("show", name="PIRATE")
    assert "- **Pirate**: Arr." in await room.use("list_personas", asker=person(guild_id=None))


async def test_many_personas_are_shown_on_pages(room: Room) -> None:
    for number in range(40):
        name = f"{number:02}" + "n" * (LONGEST_NAME - 2)
        await room.choices.library.save(5, Persona(name=name, prompt="long " * 30))
    asked = person()
    await room.use("list_personas", asker=asked)
    assert asked.followup.send.await_count >= 2


async def test_names_are_suggested(room: Room) -> None:
    suggesting = cast("Any", room.cog)
    for number in range(CHOICES + 1):
        await room.choices.library.save(5, Persona(name=f"own {number}", prompt="x"))
    assert len(await suggesting.suggest(person(), "")) == CHOICES
    assert [each.value for each in await suggesting.suggest(person(), "PIR")] == ["Pirate"]
    assert await suggesting.suggest_own(person(), "pir") == []
    assert len(await suggesting.suggest_own(person(), "OWN")) == CHOICES


async def test_what_belongs_to_a_place_goes_with_it(room: Room, tmp_path: Path) -> None:
    await room.use("set_persona", asker=person(manager=True), name="Pirate", scope="channel")
    await room.make("Owl")
    for channel_id in (11, 10):
        gone: Any = SimpleNamespace(id=channel_id, guild=SimpleNamespace(id=5))
        await room.cog.on_guild_channel_delete(gone)
    assert room.choices.guilds.get(5) == GuildPreferences()
    await room.use("set_persona", asker=person(manager=True), name="Pirate", scope="channel")
    thread: Any = SimpleNamespace(thread_id=10, guild_id=5)
    await room.cog.on_raw_thread_delete(thread)
    assert room.choices.guilds.get(5) == GuildPreferences()
    left: Any = SimpleNamespace(id=5)
    await room.cog.on_guild_remove(left)
    assert not (tmp_path / "own" / "5.json").exists()


@pytest.mark.parametrize("name", ["`Owl`", "Owl`", "O`wl"])
async def test_a_name_has_no_backticks(room: Room, name: str) -> None:
    with pytest.raises(BotError, match="without backticks"):
        await room.use("create", asker=person(manager=True), name=name)


async def test_a_disk_that_refuses_to_forget_is_told_to_the_log(
    room: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await room.use("set_persona", asker=person(manager=True), name="Pirate", scope="channel")
    for folder in ("own", "guilds"):
        (tmp_path / folder / "5.json").unlink(missing_ok=True)
        (tmp_path / folder / "5.json").mkdir(parents=True)
    gone: Any = SimpleNamespace(id=10, guild=SimpleNamespace(id=5))
    await room.cog.on_guild_channel_delete(gone)
    left: Any = SimpleNamespace(id=5)
    await room.cog.on_guild_remove(left)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
