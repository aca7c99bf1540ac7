import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from cogs.access import REFUSALS, Gate
from cogs.addressing import addressed_text, author_of, clean, overheard_text, revised_text
from cogs.enclosures import files_of, quotation, quote_of
from cogs.places import place_of
from cogs.text_channels import PING_ASKER, UNREACHABLE, InteractionText
from cogs.thinking import think
from services.access import Access
from services.chatter import NO_TEXT, NOT_TEXT, UNREADABLE
from services.conversations import Conversations
from services.core.errors import BusyError
from services.core.logs import new_turn_id
from services.core.types import ImagePart, IncomingMessage, UserTurn
from services.message_batcher import MessageBatcher
from services.rate_limiter import RateLimiter
from services.turn_material import asked_about
from services.voice.sessions import VoiceSessions

log = logging.getLogger(__name__)

LONGEST = 8000
"""Characters of a message that are answered; Discord allows 2000, some accounts 4000."""

TOO_LONG = f"That is too long for me. Please keep a message under {LONGEST} characters."


class Chat(commands.Cog):
    """Take messages and /ask to the conversations; /reset forgets one."""

    def __init__(
        self,
        *,
        bot_id: Callable[[], int],
        batcher: MessageBatcher,
        conversations: Conversations,
        sessions: VoiceSessions,
        images_of: Callable[[discord.Message], tuple[ImagePart, ...]],
        limiter: RateLimiter,
        notices: RateLimiter,
        gate: Gate,
        summon: Callable[[discord.Member, int], bool],
    ) -> None:
        self._bot_id = bot_id
        self._batcher = batcher
        self._conversations = conversations
        self._sessions = sessions
        self._summon = summon
        self._images_of = images_of
        self._limiter = limiter
        self._notices = notices
        self._gate = gate

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Hand a message that is for the bot to the batcher."""
        text = addressed_text(message, self._bot_id())
        addressed = text is not None
        if text is None and self._gate.is_free(message):
            text = overheard_text(message, self._bot_id())
        if text is None or not await self._may_ask(message, addressed=addressed):
            return
        try:
            self.admit(message.author.id)
        except BusyError as error:
            await self._notice(message, error.user_message)
            return
        asked = self.read(message, text, asker=message.author)
        if not _says_something(asked):
            await self._notice(message, _missing(message, asked))
            return
        if len(text) > LONGEST:
            await self._notice(message, TOO_LONG)
            return
        self._batcher.add(asked)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Let an unfinished answer follow the edit of its question, or go with its words."""
        text = revised_text(payload.data, self._bot_id())
        if text is None or len(text) > LONGEST:
            return
        if not (text or payload.data.get("attachments")):
            self._withdraw(payload.channel_id, {payload.message_id})
        elif not self._batcher.revise(payload.message_id, text):
            self._conversations.revise(payload.channel_id, payload.message_id, text)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Answer a deleted message no more."""
        self._withdraw(payload.channel_id, {payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Answer none of the messages that were deleted at once."""
        self._withdraw(payload.channel_id, payload.message_ids)

    @commands.Cog.listener()
    async def on_typing(
        self, channel: discord.abc.Snowflake, user: discord.abc.User, _when: object
    ) -> None:
        """Let the batcher wait for somebody who goes on typing."""
        self._batcher.typing(channel.id, user.id)

    @app_commands.command()
    @app_commands.describe(text="What you want to ask")
    async def ask(self, interaction: discord.Interaction, text: app_commands.Range[str, 1]) -> None:
        """Ask the bot something."""
        self.admit(interaction.user.id)
        question = clean(text)
        if not question or len(question) > LONGEST:
            sentence = TOO_LONG if question else NO_TEXT
            await interaction.response.send_message(sentence, ephemeral=True)
            return
        await think(interaction)
        turn = UserTurn(new_turn_id(), (self.read_command(interaction, question),))
        self._conversations.submit(turn, channel=InteractionText(interaction))

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Forget this channel's conversation."""
        await think(interaction, ephemeral=True)
        forgotten = await self._conversations.reset(interaction.channel_id or interaction.user.id)
        noun = "message" if forgotten == 1 else "messages"
        await interaction.edit_original_response(
            content=f"Done: I forgot {forgotten} {noun} of this channel."
        )

    def _withdraw(self, channel_id: int, message_ids: set[int]) -> None:
        for message_id in message_ids:
            self._batcher.discard(message_id)
        self._conversations.withdraw(channel_id, message_ids)

    async def _may_ask(self, message: discord.Message, *, addressed: bool) -> bool:
        """Ask the gate; silence in a channel that is not allowed, a sentence to a person."""
        access = self._gate.judge(message)
        if access is Access.WRONG_PERSON and addressed:
            await self._notice(message, REFUSALS[access])
        return access is Access.GRANTED

    def read(
        self, message: discord.Message, text: str, *, asker: discord.abc.User
    ) -> IncomingMessage:
        """Return a message as the core takes it; `asker` is who may listen to the answer."""
        return IncomingMessage(
            id=message.id,
            channel_id=message.channel.id,
            guild_id=message.guild.id if message.guild else None,
            author=author_of(asker),
            text=text,
            received=asyncio.get_running_loop().time(),
            speak=self._speaks(message.channel.id, asker),
            images=self._images_of(message),
            quote=quote_of(message, self._bot_id()),
            files=files_of(message),
            place=place_of(message.guild, message.channel.id),
        )

    def read_command(
        self, interaction: discord.Interaction, text: str, *, about: discord.Message | None = None
    ) -> IncomingMessage:
        """Return what a command asks as the core takes it, with the message it is about.

        Its place is not public: others see that the command was used, but not its words.
        """
        quote = quotation(about, self._bot_id()) if about else None
        sources = (quote.author_id, quote.message_id) if quote else ()
        channel_id = interaction.channel_id or interaction.user.id
        return IncomingMessage(
            id=interaction.id,
            channel_id=channel_id,
            guild_id=interaction.guild_id,
            author=author_of(interaction.user),
            text=asked_about(quote, text) if quote and quote.text else text,
            received=asyncio.get_running_loop().time(),
            speak=self._speaks(interaction.channel_id, interaction.user),
            images=self._images_of(about) if about else (),
            files=files_of(about) if about else (),
            about=tuple(each for each in sources if each),
            place=replace(place_of(interaction.guild, channel_id), public=False),
        )

    def admit(self, user_id: int) -> None:
        """Count a question of a person. Raises BusyError where they ask too fast."""
        wait = self._limiter.take(user_id)
        if wait > 0:
            seconds = math.ceil(wait)
            raise BusyError(
                retry_after=wait,
                user_message=f"You write faster than I can answer. Please wait {seconds} s.",
            )

    async def _notice(self, message: discord.Message, sentence: str) -> None:
        if self._notices.take(message.author.id) > 0:
            return
        try:
            await message.reply(sentence, allowed_mentions=PING_ASKER)
        except UNREACHABLE as error:
            log.info("A notice could not be posted: %s", error)

    def _speaks(self, channel_id: int | None, user: discord.abc.User) -> bool:
        """Tell whether an answer is spoken: its author listens, or it stands in the voice chat."""
        if not isinstance(user, discord.Member):
            return False
        session = self._sessions.get(user.guild.id)
        if session is None:
            return channel_id is not None and self._summon(user, channel_id)
        listening = user.voice.channel.id if user.voice and user.voice.channel else None
        return session.channel_id in (listening, channel_id)


def _says_something(asked: IncomingMessage) -> bool:
    """Tell whether a message asks something: in words, by what it shows, or by forwarding."""
    forwards = asked.quote is not None and not asked.quote.message_id and bool(asked.quote.text)
    readable = any(not file.problem for file in asked.files)
    return bool(asked.text or asked.images) or forwards or readable


def _missing(message: discord.Message, asked: IncomingMessage) -> str:
    if asked.files:
        return NOT_TEXT
    return NO_TEXT if message.mentions else UNREADABLE
