from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal, cast

import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import clean
from cogs.errors import tell_failure
from cogs.settings_report import pages
from cogs.thinking import think
from services.core.errors import BotError
from services.facts import LONGEST_FACT, Fact
from services.preferences import PreferenceStore, UserPreferences
from services.profiles import UNKNOWN, Profiles

CHOICES = 25
"""Suggestions that Discord shows at most."""

LONGEST_LABEL = 100
"""Characters of a suggestion."""

FORM_SECONDS = 15 * 60
"""How long a form may lie open before it is forgotten."""

ALL = "everything"

NOTHING = "I keep nothing about you."
ON = "I remember what you tell about yourself."
OFF = "I neither note nor use anything about you. `/memory forget` deletes what I noted before."

GuildName = Callable[[int], str]
Submit = Callable[[discord.Interaction, str], Awaitable[None]]


class FactForm(discord.ui.Modal, title="What I keep about you"):
    """Let somebody put a fact about themselves in other words."""

    fact: discord.ui.Label[Any] = discord.ui.Label(
        text="The fact, in your words",
        component=discord.ui.TextInput(custom_id="fact", max_length=LONGEST_FACT),
    )

    def __init__(self, now: str, submit: Submit) -> None:
        super().__init__(timeout=FORM_SECONDS)
        self._submit = submit
        self._field.default = now

    @property
    def _field(self) -> "discord.ui.TextInput[Any]":
        return cast("discord.ui.TextInput[Any]", self.fact.component)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Hand on the new words."""
        await self._submit(interaction, clean(self._field.value))

    async def on_error(  # type: ignore[override]  # as discord.py's own Modal does
        self, interaction: discord.Interaction, error: Exception
    ) -> None:
        """Say in a sentence what went wrong."""
        await tell_failure(interaction, error, of="/memory edit")


class Memory(commands.GroupCog, group_name="memory"):
    """See and change what I keep of what you told about yourself."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        users: PreferenceStore[UserPreferences],
        guild_name: GuildName,
    ) -> None:
        self._profiles = profiles
        self._users = users
        self._guild_name = guild_name

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show what I keep about you, wherever you said it; only you see it."""
        await think(interaction, ephemeral=True)
        facts = await self._profiles.export(interaction.user.id)
        lines = [f"- {fact.text} ({where(fact, self._guild_name)})" for fact in facts] or [NOTHING]
        if not self._profiles.may_remember(interaction.user.id):
            lines.append(OFF)
        first, *others = pages(lines)
        await interaction.edit_original_response(content=first)
        for page in others:
            await interaction.followup.send(page, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(fact="The one to put in other words")
    async def edit(self, interaction: discord.Interaction, fact: str) -> None:
        """Put something that I keep about you in other words."""
        known = await self._profiles.export(interaction.user.id)
        chosen = next((each for each in known if fact in (each.key, each.text)), None)
        if chosen is None:
            raise BotError(user_message=UNKNOWN)
        form = FactForm(chosen.text, partial(self._edit, chosen.key))
        await interaction.response.send_modal(form)

    @app_commands.command()
    @app_commands.describe(fact="The one to forget, or everything")
    async def forget(self, interaction: discord.Interaction, fact: str) -> None:
        """Forget something that I keep about you, or everything."""
        await think(interaction, ephemeral=True)
        user_id = interaction.user.id
        if fact == ALL:
            count = await self._profiles.forget(user_id)
            sentence = f"Done: I forgot all that you told me about yourself ({count})."
        else:
            gone = await self._profiles.forget_fact(user_id, fact)
            sentence = f"Done: I forgot “{gone.text}”"
        await interaction.edit_original_response(content=sentence)

    @app_commands.command()
    @app_commands.describe(mode="off: I note nothing about you, and use nothing that I noted")
    async def remember(self, interaction: discord.Interaction, mode: Literal["on", "off"]) -> None:
        """Choose whether I remember what you tell about yourself."""
        await think(interaction, ephemeral=True)
        user_id = interaction.user.id
        await self._users.change(user_id, lambda kept: replace(kept, remember=mode == "on"))
        on = self._profiles.may_remember(user_id)
        await interaction.edit_original_response(content=f"Done. {ON if on else OFF}")

    @edit.autocomplete("fact")
    async def suggest(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the asker's facts, newest first."""
        return await self._suggestions(interaction, typed)

    @forget.autocomplete("fact")
    async def suggest_or_all(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest everything, and the asker's facts."""
        suggested = [_choice(ALL, ALL), *await self._suggestions(interaction, typed)]
        return suggested[:CHOICES]

    async def _suggestions(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        facts = reversed(await self._profiles.export(interaction.user.id))
        found = [fact for fact in facts if typed.casefold() in fact.text.casefold()]
        return [_choice(fact.text, fact.key) for fact in found[:CHOICES]]

    async def _edit(self, key: str, interaction: discord.Interaction, text: str) -> None:
        await think(interaction, ephemeral=True)
        fact = await self._profiles.edit(interaction.user.id, key, text)
        place = where(fact, self._guild_name)
        await interaction.edit_original_response(content=f"Done: “{fact.text}” ({place})")


def where(fact: Fact, guild_name: GuildName) -> str:
    """Say where a fact was told, and so where it is recalled."""
    place = fact.place
    if place.guild_id is None:
        return "said in a direct message, recalled only there"
    guild = guild_name(place.guild_id)
    if place.public:
        return f"said in <#{fact.channel_id}>, recalled in all of {guild}"
    return f"said in <#{fact.channel_id}> of {guild}, recalled only there"


def _choice(name: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=name[:LONGEST_LABEL], value=value)
