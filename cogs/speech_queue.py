import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import guild_of
from services.core.errors import BotError, NotInVoiceError
from services.core.types import Author
from services.voice.sessions import VoiceSession, VoiceSessions
from services.voice.utterance import Utterance

SHOWN = 10
"""Utterances that /queue lists; the rest are counted."""

WORDS = 60
"""Characters shown of each."""

NOTHING = "I'm saying nothing, and nothing waits."


class SpeechQueue(commands.Cog):
    """Show what is being said and what waits behind it; /skip ends the first of it."""

    def __init__(self, *, sessions: VoiceSessions) -> None:
        self._sessions = sessions

    @app_commands.command()
    @app_commands.guild_only()
    async def skip(self, interaction: discord.Interaction) -> None:
        """End what the bot is saying now; what waits goes on, and so does the text."""
        session = self._session(interaction)
        current = session.output.current()
        if current is None:
            await interaction.response.send_message("There is nothing to skip.", ephemeral=True)
            return
        check_may_skip(interaction, current.asker, session)
        current.clear()
        waiting = len(session.output.in_order())
        sentence = f"Skipped. {waiting} more to be said." if waiting else "Skipped."
        await interaction.response.send_message(sentence, ephemeral=True)

    @app_commands.command()
    @app_commands.guild_only()
    async def queue(self, interaction: discord.Interaction) -> None:
        """Show what the bot is saying and what waits to be said."""
        session = self._session(interaction)
        listens = interaction.user.id in session.listeners
        await interaction.response.send_message(
            queue_in_words(session.output.in_order(), show_words=listens), ephemeral=True
        )

    def _session(self, interaction: discord.Interaction) -> VoiceSession:
        session = self._sessions.get(guild_of(interaction))
        if session is None:
            raise NotInVoiceError
        return session


def check_may_skip(
    interaction: discord.Interaction, asker: Author | None, session: VoiceSession
) -> None:
    """Raise BotError unless the user asked for it, moderates voice, or its asker is gone."""
    user, listeners = interaction.user.id, session.listeners
    if interaction.permissions.mute_members or (asker is not None and user == asker.id):
        return
    if asker is not None and asker.id in listeners:
        name = discord.utils.escape_markdown(asker.name)
        rule = "only they, or members who may mute others, can skip it"
        raise BotError(user_message=f"That is for {name}: {rule}.")
    if user not in listeners:
        raise BotError(user_message=f"Only those in {session.channel_name} can skip that.")


def queue_in_words(utterances: list[Utterance], *, show_words: bool) -> str:
    """Return the list that /queue shows; what is said stays with those who hear it."""
    if not utterances:
        return NOTHING
    lines = [_line(each, show_words=show_words) for each in utterances[:SHOWN]]
    numbered = [f"**Now**: {lines[0]}", *(f"{n}. {line}" for n, line in enumerate(lines[1:], 1))]
    hidden = len(utterances) - len(lines)
    return "\n".join(numbered + [f"and {hidden} more"] * bool(hidden))


def _line(utterance: Utterance, *, show_words: bool) -> str:
    name = discord.utils.escape_markdown(utterance.asker.name) if utterance.asker else "everybody"
    text = " ".join(utterance.text.split())
    if not text:
        return f"for {name}, still being made"
    if not show_words:
        return f"for {name}"
    words = text if len(text) <= WORDS else text[:WORDS].rstrip() + "…"
    return f"for {name}: “{discord.utils.escape_markdown(words)}”"
