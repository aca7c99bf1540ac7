import logging
from dataclasses import replace
from functools import partial
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import author_of, clean, guild_of
from cogs.persona_form import PersonaForm
from cogs.persona_report import description, quoted, summary
from cogs.settings_report import pages
from cogs.thinking import think
from services.core.errors import BotError, StorageError
from services.persona import LONGEST_NAME, Persona, checked
from services.persona_choice import PersonaChoices, with_channel
from services.persona_draft import PersonaDraft
from services.voice_catalogue import VoiceCatalogue

log = logging.getLogger(__name__)

CHOICES = 25
"""Suggestions that Discord shows at most."""

Scope = Literal["me", "channel", "server"]
Name = app_commands.Range[str, 1, LONGEST_NAME]

WHOSE = "Whose answers: yours, everybody's in this channel, or everybody's in this server"
FOR_MODERATORS = "Only members with the permission Manage Server may do that."
NOT_OWN = "This server has made no persona `{}`, so there is nothing to delete."
BAD_NAME = "A persona's name is one line without backticks. Please choose another one."
THERE = "There is a persona `{0}` already. `/persona edit {0}` changes what it is in this server."
DEFAULT_STAYS = "What `Default` is stands in my owner's settings. Make another persona."
NOT_HERE = "In this server nobody chooses for themselves, so I stay **{}** here."
STILL = (
    "For you I stay **{}** here: "
    "your own choice comes first, then the channel's, then the server's."
)

PLACES = {"me": "For you I am", "channel": "In this channel I am", "server": "In this server I am"}


class Personas(commands.GroupCog, group_name="persona"):
    """Let people choose who the bot is, and those who manage a server make personas."""

    def __init__(self, *, choices: PersonaChoices, catalogue: VoiceCatalogue) -> None:
        self._choices = choices
        self._library = choices.library
        self._catalogue = catalogue

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget the personas of a guild that the bot is no longer in."""
        try:
            await self._library.forget(guild.id)
        except StorageError as error:
            log.error("The personas of a server that I left are still there: %s", error)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget who the bot was in a channel that is gone."""
        await self._forget_place(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Forget who the bot was in a thread that is gone."""
        await self._forget_place(payload.guild_id, payload.thread_id)

    @app_commands.command(name="list")
    async def list_personas(self, interaction: discord.Interaction) -> None:
        """Show who the bot can be."""
        guild_id = interaction.guild_id
        own = set(self._library.own_of(guild_id)) if guild_id is not None else set()
        lines = [summary(each, own=each in own) for each in self._library.all_of(guild_id)]
        await _show(interaction, lines)

    @app_commands.command()
    @app_commands.describe(name="Which one; leave it out to see who I am for you here")
    async def show(self, interaction: discord.Interaction, name: Name | None = None) -> None:
        """Show who the bot is here, or what a persona is like."""
        if name is None:
            lines = ["For you I am here:", *description(self._found(interaction))]
        else:
            lines = description(self._library.get(name, interaction.guild_id))
        await _show(interaction, lines)

    @app_commands.command(name="set")
    @app_commands.rename(scope="for")
    @app_commands.describe(name="One of /persona list", scope=WHOSE)
    async def set_persona(
        self, interaction: discord.Interaction, name: Name, scope: Scope = "me"
    ) -> None:
        """Choose who the bot is."""
        persona = self._library.get(name, interaction.guild_id)
        _check_scope(interaction, scope)
        await think(interaction, ephemeral=True)
        await self._choose(interaction, scope, persona.name)
        met = self._choices.filled(
            persona,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id or 0,
            author=author_of(interaction.user),
        )
        lines = [f"{PLACES[scope]} **{persona.name}** now.", *quoted(met.greeting)]
        found = self._found(interaction)
        if found.key != persona.key:
            lines.append((NOT_HERE if scope == "me" else STILL).format(found.name))
        await interaction.edit_original_response(content="\n".join(lines))

    @app_commands.command()
    @app_commands.rename(scope="for")
    @app_commands.describe(scope=WHOSE)
    async def reset(self, interaction: discord.Interaction, scope: Scope = "me") -> None:
        """Go back to the usual persona."""
        _check_scope(interaction, scope)
        await think(interaction, ephemeral=True)
        await self._choose(interaction, scope, "")
        done = f"Done. For you I am **{self._found(interaction).name}** here."
        await interaction.edit_original_response(content=done)

    @app_commands.command()
    @app_commands.describe(name="Its name")
    async def create(self, interaction: discord.Interaction, name: Name) -> None:
        """Make a persona for this server."""
        guild_id = _managed(interaction)
        called = " ".join(clean(name).split())
        try:
            persona = checked({"name": called})
        except ValueError as error:
            raise BotError(user_message=BAD_NAME) from error
        if "`" in called:
            raise BotError(user_message=BAD_NAME)
        self._library.check_new(called, guild_id)
        if (there := self._library.find(called, guild_id)) is not None:
            raise BotError(user_message=THERE.format(there.name))
        await interaction.response.send_modal(PersonaForm(persona, partial(self._keep, persona)))

    @app_commands.command()
    @app_commands.describe(
        name="Which one; changing one that I brought along makes this server's own version of it"
    )
    async def edit(self, interaction: discord.Interaction, name: Name) -> None:
        """Change what a persona is in this server."""
        guild_id = _managed(interaction)
        persona = self._library.get(name, guild_id)
        if persona is self._library.default:
            raise BotError(user_message=DEFAULT_STAYS)
        self._library.check_new(persona.name, guild_id)
        await interaction.response.send_modal(PersonaForm(persona, partial(self._keep, persona)))

    @app_commands.command()
    @app_commands.describe(name="One that was made in this server")
    async def delete(self, interaction: discord.Interaction, name: Name) -> None:
        """Delete a persona of this server."""
        guild_id = _managed(interaction)
        await think(interaction, ephemeral=True)
        if not await self._library.delete(guild_id, name):
            found = self._library.get(name, guild_id)
            raise BotError(user_message=NOT_OWN.format(found.name))
        again = self._library.find(name, guild_id)
        rest = f" The **{again.name}** that I brought along is there again." if again else ""
        await interaction.edit_original_response(content=f"Deleted.{rest}")

    @show.autocomplete("name")
    @set_persona.autocomplete("name")
    @edit.autocomplete("name")
    async def suggest(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest personas for what is typed so far."""
        found = self._library.suggest(typed, interaction.guild_id, limit=CHOICES)
        return [app_commands.Choice(name=each.name, value=each.name) for each in found]

    @delete.autocomplete("name")
    async def suggest_own(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest personas that were made in the server."""
        own = self._library.own_of(guild_of(interaction))
        fitting = [each.name for each in own if typed.casefold() in each.key]
        return [app_commands.Choice(name=each, value=each) for each in fitting[:CHOICES]]

    async def _forget_place(self, guild_id: int, channel_id: int) -> None:
        if channel_id not in self._choices.guilds.get(guild_id).channel_personas:
            return
        try:
            await self._choices.guilds.change(
                guild_id, lambda kept: with_channel(kept, channel_id, "")
            )
        except StorageError as error:
            log.warning("The persona of a deleted channel is still kept: %s", error)

    async def _keep(
        self, before: Persona, interaction: discord.Interaction, draft: PersonaDraft
    ) -> None:
        guild_id = _managed(interaction)
        await think(interaction, ephemeral=True)
        persona, problems = draft.made_of(before, self._catalogue)
        await self._library.save(guild_id, persona)
        done = f"Kept. `/persona set {persona.name}` chooses **{persona.name}**."
        await interaction.edit_original_response(content="\n".join([done, *problems]))

    async def _choose(self, interaction: discord.Interaction, scope: Scope, name: str) -> None:
        """Keep a choice; "" is none."""
        channel_id = interaction.channel_id or 0
        if scope == "me":
            await self._choices.users.change(
                interaction.user.id, lambda kept: replace(kept, persona=name)
            )
        elif scope == "channel":
            await self._choices.guilds.change(
                guild_of(interaction), lambda kept: with_channel(kept, channel_id, name)
            )
        else:
            await self._choices.guilds.change(
                guild_of(interaction), lambda kept: replace(kept, persona=name)
            )

    def _found(self, interaction: discord.Interaction) -> Persona:
        return self._choices.find(
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id or 0,
            user_id=interaction.user.id,
        )


def _check_scope(interaction: discord.Interaction, scope: Scope) -> None:
    if scope != "me":
        _managed(interaction)


def _managed(interaction: discord.Interaction) -> int:
    """Return the guild's id. Raises BotError for somebody who may not manage it."""
    guild_id = guild_of(interaction)
    if not interaction.permissions.manage_guild:
        raise BotError(user_message=FOR_MODERATORS)
    return guild_id


async def _show(interaction: discord.Interaction, lines: list[str]) -> None:
    first, *others = pages(lines)
    await interaction.response.send_message(first, ephemeral=True)
    for page in others:
        await interaction.followup.send(page, ephemeral=True)
