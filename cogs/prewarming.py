from collections.abc import Callable

import discord
from discord.ext import commands

from services.prewarmer import Prewarmer
from services.voice.sessions import VoiceSessions


class Prewarming(commands.Cog):
    """Tell the prewarmer who is about to speak to the bot."""

    def __init__(
        self, *, prewarmer: Prewarmer, sessions: VoiceSessions, bot_id: Callable[[], int]
    ) -> None:
        self._prewarmer = prewarmer
        self._sessions = sessions
        self._bot_id = bot_id

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Note where the bot writes."""
        if message.author.id == self._bot_id():
            self._prewarmer.answered(message.channel.id)

    @commands.Cog.listener()
    async def on_raw_typing(self, event: discord.RawTypingEvent) -> None:
        """Look whether what is being typed may be for the bot."""
        if event.user_id != self._bot_id():
            guild = event.guild_id
            in_voice = guild is not None and self._sessions.get(guild) is not None
            self._prewarmer.typing(event.channel_id, direct=guild is None, in_voice=in_voice)

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Look whether the bot enters a voice channel, or somebody enters the bot's."""
        if after.channel is None or before.channel == after.channel:
            return
        session = self._sessions.get(member.guild.id)
        with_bot = session is not None and session.channel_id == after.channel.id
        if with_bot or member.id == self._bot_id():
            self._prewarmer.joined()
