from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from cogs.voice_choice import CHOICES, VoiceChoice
from services.core.errors import BotError
from services.core.protocols import SpeechEngine
from services.core.types import VoiceOffer, VoiceOption, VoiceStyle
from services.persona import DEFAULT
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences
from services.voice_catalogue import VoiceCatalogue
from services.voice_choice import VoiceChoices

VOICES = (VoiceOption("de", "de", "German"), VoiceOption("en-us", "en-us", "English (America)"))
ENGINE = SimpleNamespace(
    offer=lambda: VoiceOffer(VOICES, ("f3",)), accepts=lambda name: name in ("de", "en-us", "de+f3")
)


@pytest.fixture
def cog(tmp_path: Path) -> VoiceChoice:
    choices = VoiceChoices(
        default=VoiceStyle(language="en-us"),
        users=PreferenceStore(UserPreferences, directory=tmp_path / "users"),
        guilds=PreferenceStore(GuildPreferences, directory=tmp_path / "guilds"),
        personas=SimpleNamespace(find=lambda **_: DEFAULT),
    )
    catalogue = VoiceCatalogue([cast("SpeechEngine", ENGINE)])
    return VoiceChoice(choices=choices, catalogue=catalogue)


async def run(cog: VoiceChoice, command: str, *, manager: bool = False, **options: Any) -> str:
    made = MagicMock(guild_id=5, permissions=discord.Permissions(manage_guild=manager))
    made.user.id = 7
    made.response.defer = made.response.send_message = AsyncMock()
    made.edit_original_response = AsyncMock()
    await getattr(cog, command).callback(cog, made, **options)
    shown = made.edit_original_response.await_args
    said: str = shown.kwargs["content"] if shown else made.response.send_message.await_args.args[0]
    return said


def style(cog: VoiceChoice, user_id: int = 7) -> VoiceStyle:
    return cog._choices.style(user_id=user_id, guild_id=5, channel_id=9)


async def test_a_voice_is_chosen_together_with_its_language(cog: VoiceChoice) -> None:
    said = await run(cog, "set_voice", voice="de+f3", speed=1.5)
    assert said == "Chosen. Your answers are spoken with the voice `de+f3`, at speed 1.5, in `de`."
    assert style(cog) == VoiceStyle("de+f3", 1.5, "de")
    assert style(cog, 8) == VoiceStyle(language="en-us")


async def test_a_language_takes_away_a_voice_that_does_not_speak_it(cog: VoiceChoice) -> None:
    await run(cog, "set_voice", voice="de", speed=0.8)
    await run(cog, "set_voice", language="english")
    assert style(cog) == VoiceStyle("", 0.8, "en-us")
    await run(cog, "set_voice", voice="en-us", language="en-us")
    await run(cog, "set_voice", language="en-us")
    assert style(cog).voice == "en-us"


async def test_who_manages_the_server_chooses_for_all_who_chose_nothing(cog: VoiceChoice) -> None:
    await run(cog, "set_voice", voice="de", scope="server", manager=True)
    await run(cog, "set_voice", speed=2.0)
    assert style(cog) == VoiceStyle("de", 2.0, "de")
    assert style(cog, 8) == VoiceStyle("de", 1.0, "de")
    with pytest.raises(BotError, match="permission Manage Server"):
        await run(cog, "set_voice", scope="server", speed=1.0)
    with pytest.raises(BotError, match="permission Manage Server"):
        await run(cog, "reset", scope="server")


async def test_reset_leaves_what_is_no_voice(cog: VoiceChoice) -> None:
    await cog._choices.users.change(7, lambda _: UserPreferences(voice="de", persona="Pirate"))
    await run(cog, "reset")
    assert cog._choices.users.get(7) == UserPreferences(persona="Pirate")


async def test_reset_goes_back_to_the_usual(cog: VoiceChoice) -> None:
    await run(cog, "set_voice", voice="de", scope="server", manager=True)
    await run(cog, "set_voice", voice="en-us")
    assert "`de`" in await run(cog, "reset")
    assert "my usual voice" in await run(cog, "reset", scope="server", manager=True)
    assert "my usual voice" in await run(cog, "show")


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "Choose something"), ({"voice": "den"}, "Did you mean `de`"), ({"language": "x"}, "x")],
)
async def test_what_cannot_be_chosen_is_told_in_words(
    cog: VoiceChoice, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(BotError, match=words):
        await run(cog, "set_voice", **options)
    assert style(cog) == VoiceStyle(language="en-us")


async def test_voices_and_languages_are_listed_and_suggested(cog: VoiceChoice) -> None:
    assert "`en-us`" in await run(cog, "list_voices")
    suggesting = cast("Any", cog)
    found = await suggesting.suggest_voice(MagicMock(), "")
    assert [(each.name, each.value) for each in found] == [
        ("de (German)", "de"),
        ("en-us (English (America))", "en-us"),
    ]
    assert len(found) <= CHOICES
    assert [each.value for each in await suggesting.suggest_language(MagicMock(), "ger")] == ["de"]
