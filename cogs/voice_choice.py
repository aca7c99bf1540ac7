from dataclasses import replace
from typing import Literal, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import guild_of
from cogs.thinking import think
from services.core.errors import BotError
from services.core.types import VoiceOption, VoiceStyle
from services.preferences import GuildPreferences, UserPreferences
from services.voice_catalogue import VoiceCatalogue
from services.voice_choice import FASTEST, SLOWEST, VoiceChoices

CHOICES = 25
"""Suggestions that Discord shows at most."""

Scope = Literal["me", "server"]
Chosen = TypeVar("Chosen", UserPreferences, GuildPreferences)

NOTHING_CHOSEN = "Choose something: a voice, a speed or a language."
NOT_FOR_ALL = "Only members with the permission Manage Server may choose for all."
WHOSE = "Whose answers: yours, or everybody's in this server who chose nothing"


@app_commands.guild_only()
class VoiceChoice(commands.GroupCog, group_name="voice"):
    """Let people choose how their answers sound."""

    def __init__(self, *, choices: VoiceChoices, catalogue: VoiceCatalogue) -> None:
        self._choices = choices
        self._catalogue = catalogue

    @app_commands.command(name="list")
    @app_commands.describe(language="Only the voices of this language")
    async def list_voices(self, interaction: discord.Interaction, language: str = "") -> None:
        """Show the voices that you can choose from."""
        listing = self._catalogue.listing(language.strip())
        await interaction.response.send_message(listing, ephemeral=True)

    @app_commands.command(name="set")
    @app_commands.rename(scope="for")
    @app_commands.describe(
        voice="One of /voice list",
        speed="1.0 is natural; from 0.5 to 2.0",
        language="The language of answers where their text does not tell",
        scope=WHOSE,
    )
    async def set_voice(
        self,
        interaction: discord.Interaction,
        voice: app_commands.Range[str, 1, 100] | None = None,
        speed: app_commands.Range[float, SLOWEST, FASTEST] | None = None,
        language: app_commands.Range[str, 1, 35] | None = None,
        scope: Scope = "me",
    ) -> None:
        """Choose how the bot's answers sound."""
        if not (voice or speed or language):
            raise BotError(user_message=NOTHING_CHOSEN)
        option = self._catalogue.voice(voice) if voice else None
        tag = self._catalogue.language(language) if language else ""
        check_scope(interaction, scope)
        await think(interaction, ephemeral=True)

        def change(kept: Chosen) -> Chosen:
            return self._changed(kept, voice=option, speed=speed or 0.0, language=tag)

        if scope == "server":
            await self._choices.guilds.change(guild_of(interaction), change)
        else:
            await self._choices.users.change(interaction.user.id, change)
        await interaction.edit_original_response(content="Chosen. " + self._shown(interaction))

    @set_voice.autocomplete("voice")
    async def suggest_voice(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest voices for what is typed so far."""
        return _suggestions(self._catalogue.suggest_voices(typed, limit=CHOICES))

    @set_voice.autocomplete("language")
    @list_voices.autocomplete("language")
    async def suggest_language(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest languages for what is typed so far."""
        return _suggestions(self._catalogue.suggest_languages(typed, limit=CHOICES))

    @app_commands.command(name="show")
    async def show(self, interaction: discord.Interaction) -> None:
        """Show how your answers sound."""
        await interaction.response.send_message(self._shown(interaction), ephemeral=True)

    @app_commands.command(name="reset")
    @app_commands.rename(scope="for")
    @app_commands.describe(scope=WHOSE)
    async def reset(self, interaction: discord.Interaction, scope: Scope = "me") -> None:
        """Go back to the usual voice."""
        check_scope(interaction, scope)
        await think(interaction, ephemeral=True)
        if scope == "server":
            await self._choices.guilds.change(guild_of(interaction), _usual)
        else:
            await self._choices.users.change(interaction.user.id, _usual)
        await interaction.edit_original_response(content="Done. " + self._shown(interaction))

    def _changed(
        self, kept: Chosen, *, voice: VoiceOption | None, speed: float, language: str
    ) -> Chosen:
        """Return choices in which voice and language go together."""
        name = voice.name if voice else kept.voice
        if voice is None and language and not self._speaks(kept.voice, language):
            name = ""
        own = voice.language if voice else ""
        return replace(
            kept, voice=name, speed=speed or kept.speed, language=language or own or kept.language
        )

    def _speaks(self, voice: str, language: str) -> bool:
        try:
            own = self._catalogue.voice(voice).language if voice else ""
        except BotError:
            return False
        return not own or own.partition("-")[0] == language.partition("-")[0]

    def _shown(self, interaction: discord.Interaction) -> str:
        style = self._choices.style(
            user_id=interaction.user.id,
            guild_id=guild_of(interaction),
            channel_id=interaction.channel_id,
        )
        return style_in_words(style)


def check_scope(interaction: discord.Interaction, scope: Scope) -> None:
    """Raise BotError where somebody may not choose for the server."""
    if scope == "server" and not interaction.permissions.manage_guild:
        raise BotError(user_message=NOT_FOR_ALL)


def _usual(kept: Chosen) -> Chosen:
    return replace(kept, voice="", speed=0.0, language="")


def style_in_words(style: VoiceStyle) -> str:
    """Say how answers sound."""
    voice = f"the voice `{style.voice}`" if style.voice else "my usual voice"
    return f"Your answers are spoken with {voice}, at speed {style.speed:g}, in `{style.language}`."


def _suggestions(options: list[VoiceOption]) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=_caption(option)[:100], value=option.name[:100])
        for option in options
    ]


def _caption(option: VoiceOption) -> str:
    about = option.label or (option.language if option.language != option.name else "")
    return f"{option.name} ({about})" if about else option.name
