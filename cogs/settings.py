import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import guild_of
from cogs.settings_report import (
    describe,
    describe_access,
    describe_free_chat,
    describe_personas,
    describe_reading_aloud,
    pages,
)
from cogs.thinking import think
from services.access import Action, edit_lists
from services.core.errors import BotError, StorageError
from services.languages import LANGUAGES, name_of
from services.preferences import GuildPreferences, PreferenceStore

log = logging.getLogger(__name__)

Interaction = discord.Interaction[commands.Bot]
Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel
Change = Callable[[GuildPreferences], GuildPreferences]

NAME_SOMETHING = "Name a person, a role or a channel."
DEFAULT = "default"
LANGUAGE_CHOICES = [
    app_commands.Choice(name=name, value=code) for code, name in LANGUAGES.items()
] + [app_commands.Choice(name="the bot's default", value=DEFAULT)]

access_options = app_commands.describe(
    action="clear empties the whole list",
    person="Whom",
    role="Whose members",
    channel="Where, with its threads",
)


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class GuildSettings(commands.GroupCog, group_name="settings"):
    """Choose where and for whom the bot works in this server."""

    def __init__(
        self,
        *,
        guilds: PreferenceStore[GuildPreferences],
        reads_everything: Callable[[], bool],
    ) -> None:
        self._guilds = guilds
        self._reads_everything = reads_everything

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Let nobody in but members who may manage the server, whatever Discord's list says."""
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget the choices of a guild that the bot is no longer in; an outage is none."""
        try:
            if await self._guilds.forget(guild.id):
                log.info("Forgot the settings of a server that I left")
        except StorageError as error:
            log.error("The settings of a server that I left are still there: %s", error)

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show everything that was chosen for this server."""
        await think(interaction, ephemeral=True)
        choices = self._guilds.get(guild_of(interaction))
        await _answer(interaction, describe(choices, reads_everything=self._reads_everything()))

    @app_commands.command()
    @app_commands.describe(
        action="clear leaves no such channel",
        channel="The channel, with its threads and posts; this one if you leave it out",
    )
    async def chat(
        self, interaction: Interaction, action: Action, channel: Place | None = None
    ) -> None:
        """Choose channels in which the bot answers everything, without being mentioned."""
        here = _listed(interaction.channel)
        ids = {"channels": {channel.id if channel else here}}
        choices = await self._change(interaction, lambda now: edit_lists(now, "free", action, ids))
        lines = describe_free_chat(choices, reads_everything=self._reads_everything())
        await _answer(interaction, ["Done.", *lines])

    @app_commands.command()
    @access_options
    async def allow(
        self,
        interaction: Interaction,
        action: Action,
        person: discord.User | None = None,
        role: discord.Role | None = None,
        channel: Place | None = None,
    ) -> None:
        """Choose who alone may use the bot, and where alone."""
        await self._edit_access(interaction, "allowed", action, person, role, channel)

    @app_commands.command()
    @access_options
    async def deny(
        self,
        interaction: Interaction,
        action: Action,
        person: discord.User | None = None,
        role: discord.Role | None = None,
        channel: Place | None = None,
    ) -> None:
        """Choose who may not use the bot, and where not, even if allowed."""
        await self._edit_access(interaction, "denied", action, person, role, channel)

    @app_commands.command()
    @app_commands.describe(language="What the bot speaks here")
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def language(self, interaction: Interaction, language: str) -> None:
        """Choose the language of the bot's voice."""
        code = "" if language == DEFAULT else language
        await self._change(interaction, lambda now: _in_language(now, code))
        chosen = name_of(code) if code else "my default language"
        await _answer(interaction, [f"Done: I speak {chosen} here."])

    @app_commands.command(name="auto-join")
    @app_commands.describe(
        mode="Whether the bot comes into the voice channel of whoever writes to it"
    )
    async def auto_join(
        self, interaction: Interaction, mode: Literal["on", "off", "default"]
    ) -> None:
        """Choose whether the bot joins voice channels by itself."""
        chosen = {"on": True, "off": False, "default": None}[mode]
        await self._change(interaction, lambda now: replace(now, auto_join=chosen))
        await _answer(interaction, [f"Done: joining by myself is {_state(mode)}."])

    @app_commands.command(name="read-aloud")
    @app_commands.describe(mode="Whether the bot reads the text chat of its voice channel aloud")
    async def read_aloud(self, interaction: Interaction, mode: Literal["on", "off"]) -> None:
        """Choose whether what people write in a voice channel's chat is read aloud."""
        choices = await self._change(
            interaction, lambda now: replace(now, read_chat_aloud=mode == "on")
        )
        lines = describe_reading_aloud(choices, reads_everything=self._reads_everything())
        await _answer(interaction, ["Done.", *lines])

    @app_commands.command(name="own-personas")
    @app_commands.describe(mode="Whether people may choose a persona for the answers to them")
    async def own_personas(self, interaction: Interaction, mode: Literal["on", "off"]) -> None:
        """Choose whether people decide for themselves who the bot is."""
        choices = await self._change(
            interaction, lambda now: replace(now, own_personas=mode == "on")
        )
        await _answer(interaction, ["Done.", *describe_personas(choices)])

    async def _edit_access(
        self,
        interaction: Interaction,
        lists: Literal["allowed", "denied"],
        action: Action,
        person: discord.User | None,
        role: discord.Role | None,
        channel: Place | None,
    ) -> None:
        named = {"users": person, "roles": role, "channels": channel}
        ids = {kind: {each.id} for kind, each in named.items() if each is not None}
        if not ids and action != "clear":
            raise BotError(user_message=NAME_SOMETHING)
        choices = await self._change(interaction, lambda now: edit_lists(now, lists, action, ids))
        await _answer(interaction, ["Done.", *describe_access(choices)])

    async def _change(self, interaction: Interaction, change: Change) -> GuildPreferences:
        await think(interaction, ephemeral=True)
        return await self._guilds.change(guild_of(interaction), change)


def _in_language(now: GuildPreferences, code: str) -> GuildPreferences:
    """Choose a language; a voice that was chosen with another one goes with that."""
    return now if code == now.language else replace(now, language=code, voice="")


async def _answer(interaction: Interaction, lines: list[str]) -> None:
    first, *others = pages(lines)
    await interaction.edit_original_response(content=first)
    for page in others:
        await interaction.followup.send(page, ephemeral=True)


def _listed(channel: object) -> int:
    """Return the id under which a channel is listed: a thread is in its parent's list."""
    ids: tuple[int | None, ...] = (getattr(channel, "parent_id", None), getattr(channel, "id", 0))
    return next((each for each in ids if each), 0)


def _state(mode: str) -> str:
    return "as my owner set it" if mode == DEFAULT else mode
