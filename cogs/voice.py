import asyncio
import logging
from collections.abc import Callable

import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import author_of, clean, guild_of
from cogs.errors import explain
from cogs.text_channels import UNREACHABLE
from cogs.thinking import think
from services.conversations import Conversations
from services.core.errors import BotError, NotInVoiceError
from services.core.tasks import TaskOwner
from services.persona_choice import PersonaChoices
from services.speaker import Speaker
from services.voice.presence import Presence
from services.voice.sessions import VoiceSession, VoiceSessions
from services.voice_choice import VoiceChoices

log = logging.getLogger(__name__)

Connectable = discord.VoiceChannel | discord.StageChannel

NOWHERE = "You are in no voice channel. Join one, or name one: /join channel."

SPEAKING = "I speak my answers to whoever is there."

STOPPED = "Stopped before I was there."


@app_commands.guild_only()
class Voice(commands.Cog):
    """Enter and leave voice channels, speak on request, fall silent at once."""

    def __init__(
        self,
        *,
        sessions: VoiceSessions,
        presence: Presence,
        find_channel: Callable[[int], object],
        speaker: Speaker,
        conversations: Conversations,
        voices: VoiceChoices,
        personas: PersonaChoices,
    ) -> None:
        self._sessions = sessions
        self._presence = presence
        self._find_channel = find_channel
        self._speaker = speaker
        self._conversations = conversations
        self._voices = voices
        self._personas = personas
        self._tasks = TaskOwner("say")
        self._entering: dict[int, int] = {}
        """Guilds entered to speak there, by the id of the interaction that asked for it."""

    async def cog_unload(self) -> None:
        """End what is still being said."""
        await self._tasks.aclose()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Enter again the channels that a new session of the gateway has taken the bot out of."""
        await self._sessions.restore(self._find_channel)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(channel="The voice channel; yours if you leave this out")
    async def join(
        self, interaction: discord.Interaction, channel: Connectable | None = None
    ) -> None:
        """Bring the bot into a voice channel."""
        target = channel or _channel_of(interaction.user)
        await think(interaction)
        before = self._sessions.get(guild_of(interaction))
        stays = before is not None and before.channel_id == target.id
        session = await self._bring(interaction, target)
        greeting = "" if session.notice or stays else self._greeting(interaction)
        said = session.notice or greeting or SPEAKING
        await interaction.edit_original_response(
            content=f"I'm in **{session.channel_name}**. {said}"
        )
        if greeting:
            self._tasks.start(self._greet(interaction, greeting), name=f"greet {interaction.id}")

    @app_commands.command()
    @app_commands.guild_only()
    async def leave(self, interaction: discord.Interaction) -> None:
        """Send the bot out of its voice channel."""
        await think(interaction, ephemeral=True)
        if not await self._sessions.leave(guild_of(interaction)):
            raise NotInVoiceError
        self._presence.sent_away(guild_of(interaction))
        await interaction.edit_original_response(content="I left the voice channel.")

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(text="What the bot should say")
    async def say(
        self, interaction: discord.Interaction, text: app_commands.Range[str, 1, 2000]
    ) -> None:
        """Have a text spoken in the voice channel; the bot joins yours first."""
        words = clean(text)
        if not words:
            raise BotError(user_message="There is nothing to say in that.")
        there = self._sessions.get(guild_of(interaction)) is not None
        told = asyncio.Event()
        if there:  # at once: what is asked for first is heard first, however long Discord takes
            self._tasks.start(self._say(interaction, words, told), name=str(interaction.id))
        try:
            await think(interaction, ephemeral=True)
            if not there:
                await self.enter(interaction)
                self._tasks.start(self._say(interaction, words, told), name=str(interaction.id))
            await interaction.edit_original_response(content="I'm saying it.")
        finally:
            told.set()

    @app_commands.command()
    @app_commands.guild_only()
    async def stop(self, interaction: discord.Interaction) -> None:
        """Stop everything the bot says and writes in this server."""
        guild_id = guild_of(interaction)
        stopped = self._sessions.stop(guild_id) + self._conversations.stop_guild(guild_id)
        stopped += self._stop_before_speaking(guild_id)
        sentence = "Stopped." if stopped else "There was nothing to stop."
        await interaction.response.send_message(sentence, ephemeral=True)

    def check_reach(self, interaction: discord.Interaction) -> None:
        """Raise BotError where the bot is in no voice channel and its user neither."""
        if self._sessions.get(guild_of(interaction)) is None:
            _channel_of(interaction.user)

    async def enter(self, interaction: discord.Interaction) -> None:
        """Join the user's voice channel, unless the bot is in one already.

        Raises BotError, also where /stop came meanwhile.
        """
        guild_id = guild_of(interaction)
        if self._sessions.get(guild_id) is not None:
            return
        self._entering[interaction.id] = guild_id
        try:
            await self._bring(interaction, _channel_of(interaction.user))
            if interaction.id not in self._entering:
                raise BotError(user_message=STOPPED)
        finally:
            self._entering.pop(interaction.id, None)

    async def speak(self, interaction: discord.Interaction, words: str) -> None:
        """Speak a text for the user and return when it was heard. Raises BotError."""
        guild_id, asker = guild_of(interaction), author_of(interaction.user)
        style = self._voices.style(
            user_id=asker.id, guild_id=guild_id, channel_id=interaction.channel_id
        )
        await self._speaker.say(guild_id, words, asker=asker, style=style)

    def _stop_before_speaking(self, guild_id: int) -> int:
        """Let what waits for the bot to enter a guild stay unsaid; return how much that is."""
        waiting = [asked for asked, guild in self._entering.items() if guild == guild_id]
        for asked in waiting:
            del self._entering[asked]
        return len(waiting)

    async def _bring(self, interaction: discord.Interaction, channel: Connectable) -> VoiceSession:
        session = await self._sessions.join(channel)
        place = interaction.channel_id or channel.id
        self._presence.summoned(channel.guild.id, interaction.user.id, place)
        return session

    def _greeting(self, interaction: discord.Interaction) -> str:
        """Return how the persona of the place where somebody wrote greets them."""
        persona = self._personas.meet(
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id or 0,
            author=author_of(interaction.user),
        )
        return persona.greeting

    async def _greet(self, interaction: discord.Interaction, greeting: str) -> None:
        try:
            await self.speak(interaction, greeting)
        except BotError as error:
            log.info("A greeting was not spoken: %s", error.brief)

    async def _say(self, interaction: discord.Interaction, words: str, told: asyncio.Event) -> None:
        """Speak a text; why it could not be spoken follows what was `told` before."""
        try:
            await self.speak(interaction, words)
        except BotError as error:
            await told.wait()
            await self._tell(interaction, explain(error))

    async def _tell(self, interaction: discord.Interaction, sentence: str) -> None:
        try:
            await interaction.edit_original_response(content=sentence)
        except UNREACHABLE as error:
            log.warning("A failure could not be told: %s", error)


def _channel_of(user: discord.User | discord.Member) -> Connectable:
    voice = user.voice if isinstance(user, discord.Member) else None
    if voice is None or voice.channel is None:
        raise BotError(user_message=NOWHERE)
    return voice.channel
