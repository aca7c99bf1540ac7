from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.core.errors import BotError
from services.core.types import Author
from services.persona import Persona
from services.persona_choice import (
    MAX_CHANNELS,
    TOO_MANY,
    PersonaChoices,
    Scene,
    chosen_names,
    with_channel,
)
from services.persona_library import GuildPersonas, PersonaLibrary
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences

ANA = Author(7, "Ana \n B")
FULL = GuildPreferences(persona="G", channel_personas={10: "C", 11: "T"})


@pytest.mark.parametrize(
    ("guild", "user", "channel_ids", "names"),
    [
        (GuildPreferences(), "", [10], []),
        (FULL, "", [12], ["G"]),
        (FULL, "", [10], ["C", "G"]),
        (FULL, "", [11, 10], ["T", "C", "G"]),
        (FULL, "", [12, 10], ["C", "G"]),
        (FULL, "U", [10], ["U", "C", "G"]),
        (GuildPreferences(persona="G", own_personas=False), "U", [10], ["G"]),
        (None, "U", [10], ["U"]),
        (None, "", [10], []),
    ],
)
def test_the_choice_that_is_closest_counts(
    guild: GuildPreferences | None, user: str, channel_ids: list[int], names: list[str]
) -> None:
    kept = UserPreferences(persona=user)
    assert chosen_names(guild=guild, user=kept, channel_ids=channel_ids) == names


def test_a_channel_is_chosen_for_and_forgotten() -> None:
    one = with_channel(GuildPreferences(), 10, "A")
    assert with_channel(one, 10, "B").channel_personas == {10: "B"}
    assert with_channel(one, 10, "") == with_channel(GuildPreferences(), 9, "")
    full = GuildPreferences(channel_personas=dict.fromkeys(range(MAX_CHANNELS), "A"))
    assert with_channel(full, 3, "B").channel_personas[3] == "B"
    with pytest.raises(BotError) as refusal:
        with_channel(full, MAX_CHANNELS, "B")
    assert refusal.value.user_message == TOO_MANY


SCENES = {10: Scene("Harbour", "general"), 11: Scene("Harbour", "a thread", 10)}


@pytest.fixture
def choices(tmp_path: Path) -> PersonaChoices:
    shipped = [
        Persona(name="Pirate", prompt="{user}/{guild}/{channel}/{date}/{odd}", greeting="{user}!"),
        Persona(name="Owl", prompt="Hoot.", temperature=0.5),
    ]
    own = PreferenceStore(GuildPersonas, directory=tmp_path / "own")
    return PersonaChoices(
        library=PersonaLibrary(prompt="Be kind to {user}.", shipped=shipped, own=own),
        users=PreferenceStore(UserPreferences, directory=tmp_path / "users"),
        guilds=PreferenceStore(GuildPreferences, directory=tmp_path / "guilds"),
        scene_of=lambda guild_id, channel_id: SCENES[channel_id] if guild_id else Scene(),
        now=lambda: datetime(2026, 11, 21, 23, 59, tzinfo=UTC),
    )


async def test_a_persona_is_met_with_names_and_day(choices: PersonaChoices) -> None:
    await choices.guilds.change(5, lambda kept: with_channel(kept, 10, "pirate"))
    met = choices.meet(guild_id=5, channel_id=11, author=ANA)
    assert met.prompt == "Ana B/Harbour/a thread/Saturday, 21 November 2026/{odd}"
    assert met.greeting == "Ana B!"
    assert choices.find(guild_id=5, channel_id=10, user_id=7).greeting == "{user}!"
    await choices.users.change(7, lambda _: UserPreferences(persona="Pirate"))
    alone = choices.meet(guild_id=None, channel_id=99, author=ANA)
    assert alone.prompt.startswith("Ana B/a private chat/a private chat/")


async def test_without_a_choice_the_settings_speak(choices: PersonaChoices) -> None:
    met = choices.meet(guild_id=5, channel_id=10, author=ANA)
    assert (met.prompt, met.temperature) == ("Be kind to Ana B.", None)


async def test_a_persona_that_is_gone_counts_as_not_chosen(choices: PersonaChoices) -> None:
    await choices.library.save(5, Persona(name="Own", prompt="x"))
    await choices.users.change(7, lambda _: UserPreferences(persona="Own"))
    await choices.guilds.change(5, lambda _: GuildPreferences(persona="Owl"))
    assert choices.find(guild_id=5, channel_id=10, user_id=7).name == "Own"
    assert choices.find(guild_id=6, channel_id=10, user_id=7).name == "Default"
    await choices.library.delete(5, "own")
    assert choices.find(guild_id=5, channel_id=10, user_id=7).name == "Owl"


async def test_the_default_can_be_chosen_over_a_channel_s(choices: PersonaChoices) -> None:
    await choices.guilds.change(5, lambda _: GuildPreferences(persona="Owl"))
    await choices.users.change(7, lambda _: UserPreferences(persona="Default"))
    assert choices.find(guild_id=5, channel_id=10, user_id=7) is choices.library.default
