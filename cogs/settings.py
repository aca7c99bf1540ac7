import logging

import discord
from discord.ext import commands

from services.core.errors import StorageError
from services.preferences import GuildPreferences, PreferenceStore

log = logging.getLogger(__name__)


class GuildSettings(commands.Cog):
    """Keep what the moderators of a guild chose for it."""

    def __init__(self, *, guilds: PreferenceStore[GuildPreferences]) -> None:
        self._guilds = guilds

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget the choices of a guild that the bot is no longer in; an outage is none."""
        try:
            if await self._guilds.forget(guild.id):
                log.info("Forgot the settings of a server that I left")
        except StorageError as error:
            log.error("The settings of a server that I left are still there: %s", error)
