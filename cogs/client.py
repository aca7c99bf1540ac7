import aiohttp
import discord
from discord.ext import commands

from cogs.errors import on_command_error

INTENTS = discord.Intents(
    guilds=True,
    voice_states=True,
    guild_messages=True,
    dm_messages=True,
    guild_typing=True,
    dm_typing=True,
)
"""None of them is privileged: the content of mentions, replies and direct messages comes anyway."""


class Client(commands.Bot):
    """Connect to Discord with the least it needs: no message cache, members only while in voice."""

    def __init__(
        self, *, connector: aiohttp.BaseConnector | None, trace: aiohttp.TraceConfig
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=INTENTS,
            connector=connector,
            http_trace=trace,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags(voice=True, joined=False),
            chunk_guilds_at_startup=False,
        )
        self.tree.error(on_command_error)

    async def on_message(self, message: discord.Message) -> None:
        """Leave messages to the Chat cog: there are no prefix commands."""

    def id(self) -> int:
        """Return the bot's own user id; known from the login on."""
        if self.user is None:
            raise RuntimeError("the bot has not logged in yet")
        return self.user.id
