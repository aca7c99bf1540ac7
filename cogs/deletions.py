import logging
from collections.abc import Callable

import discord
from discord.ext import commands

from cogs.addressing import revised_text
from services.conversations import Conversations
from services.core.errors import StorageError
from services.kept_copies import KeptCopies

log = logging.getLogger(__name__)


class Deletions(commands.Cog):
    """Let what is kept follow Discord: edited and deleted messages, channels, servers left."""

    def __init__(
        self, *, copies: KeptCopies, conversations: Conversations, bot_id: Callable[[], int]
    ) -> None:
        self._copies = copies
        self._conversations = conversations
        self._bot_id = bot_id

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Keep a person's message as it reads now; how our own ones change is ours to know."""
        if int(payload.data.get("author", {}).get("id", 0)) == self._bot_id():
            return
        text = revised_text(payload.data, self._bot_id())
        if text is not None:
            await self._copies.revise(payload.channel_id, payload.message_id, text)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Forget a message."""
        await self._copies.delete(payload.channel_id, {payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget messages that were deleted at once."""
        await self._copies.delete(payload.channel_id, payload.message_ids)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget the conversation of a channel that is no more."""
        await self._forget_channel(channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Forget the conversation of a thread; those of a deleted channel come one by one."""
        await self._forget_channel(payload.thread_id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget all conversations of a guild that the bot is no longer in; an outage is none."""
        self._conversations.disown_guild(guild.id)
        try:
            forgotten = await self._copies.delete_guild(guild.id)
        except StorageError as error:
            log.error("Conversations of a server that I left are still there: %s", error)
        else:
            log.info("Forgot %d conversations of a server that I left", forgotten)

    async def _forget_channel(self, channel_id: int) -> None:
        self._conversations.disown_channel(channel_id)
        await self._copies.delete_channel(channel_id)
