import logging
from collections.abc import Awaitable, Callable

import discord
from discord.ext import commands

from cogs.text_channels import PING_NOBODY, UNREACHABLE
from services.voice.presence import Presence

log = logging.getLogger(__name__)


class VoicePresence(commands.Cog):
    """Tell the presence what happens in voice channels."""

    def __init__(self, *, presence: Presence, bot_id: Callable[[], int]) -> None:
        self._presence = presence
        self._bot_id = bot_id

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Look anew at who is where."""
        left = before.channel.id if before.channel else None
        if before.channel != after.channel:
            self._presence.moved(member.guild.id, member.id, left=left)
            if member.id == self._bot_id() and after.channel is not None:
                await self._presence.arrived(member.guild.id)

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """Look whether the bot may still be where it is."""
        await self._presence.check_permissions(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Look whether the bot may still be where it is."""
        await self._presence.check_permissions(after.guild.id)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Look whether the bot may still be where it is, when its own roles changed."""
        if after.id == self._bot_id():
            await self._presence.check_permissions(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server that the bot is no longer in."""
        await self._presence.forget(guild.id)


def teller(client: discord.Client) -> Callable[[int, str], Awaitable[bool]]:
    """Return what posts a sentence into a channel, and tells whether it could."""

    async def tell(channel_id: int, sentence: str) -> bool:
        channel = client.get_partial_messageable(channel_id)
        try:
            await channel.send(sentence, allowed_mentions=PING_NOBODY)
        except UNREACHABLE as error:
            log.info("Channel %s could not be told: %s", channel_id, error)
            return False
        return True

    return tell
