import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord
from discord.ext import commands

from cogs.access import Gate
from cogs.addressing import COMMAND, addressed_text, author_of, is_human, overheard_text, readable
from services.access import Access
from services.chat_reading import ChatReading
from services.core.errors import BotError
from services.core.tasks import TaskOwner
from services.preferences import GuildPreferences
from services.speaker import Speaker
from services.voice.sessions import VoiceSession, VoiceSessions
from services.voice_choice import VoiceChoices

log = logging.getLogger(__name__)

MOST_WAITING = 8
"""Utterances that may wait in a guild; what is written meanwhile is not read."""


class ReadAloud(commands.Cog):
    """Read what people write in the chat of the bot's voice channel, where that was chosen.

    What the bot answers is not read, nor what is meant for other bots.
    """

    def __init__(
        self,
        *,
        bot_id: Callable[[], int],
        choices: Callable[[int], GuildPreferences],
        gate: Gate,
        sessions: VoiceSessions,
        speaker: Speaker,
        voices: VoiceChoices,
    ) -> None:
        self._bot_id = bot_id
        self._choices = choices
        self._gate = gate
        self._sessions = sessions
        self._speaker = speaker
        self._voices = voices
        self._reading = ChatReading()
        self._tasks = TaskOwner("read aloud")

    async def cog_unload(self) -> None:
        """End what is still being read."""
        await self._tasks.aclose()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Read a message to those who listen."""
        session = self._session(message)
        if session is None or not self._is_read(message):
            return
        if len(session.output.in_order()) >= MOST_WAITING:
            log.info("A message is not read: too many wait to be said")
            return
        asker, guild_id = author_of(message.author), session.guild_id
        style = self._voices.style(user_id=asker.id, guild_id=guild_id, channel_id=None)
        words = self._reading.words(
            guild_id,
            asker,
            readable(message, self._bot_id()),
            pictures=any(_is_picture(each) for each in message.attachments),
            language=style.language,
            now=asyncio.get_running_loop().time(),
        )
        if words:
            reading = self._speaker.say(guild_id, words, asker=asker, style=style)
            self._tasks.start(_finished(reading), name=str(message.id))

    def _session(self, message: discord.Message) -> VoiceSession | None:
        """Return the session in whose channel's own chat a message stands, and somebody listens."""
        if message.guild is None or not self._choices(message.guild.id).read_chat_aloud:
            return None
        session = self._sessions.get(message.guild.id)
        if session is None or session.channel_id != message.channel.id or not session.listeners:
            return None
        return session

    def _is_read(self, message: discord.Message) -> bool:
        if not is_human(message) or self._gate.judge(message) is not Access.GRANTED:
            return False
        bot_id = self._bot_id()
        answered = addressed_text(message, bot_id) is not None or (
            self._gate.is_free(message) and overheard_text(message, bot_id) is not None
        )
        return not answered and not COMMAND.match(message.content)


async def _finished(reading: Awaitable[object]) -> None:
    try:
        await reading
    except BotError as error:
        log.info("A message was not read: %s", error.brief)


def _is_picture(attachment: discord.Attachment) -> bool:
    return (attachment.content_type or "").startswith("image/")
