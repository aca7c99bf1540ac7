from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import discord
from cachetools import TTLCache
from discord import app_commands
from discord.ext import commands

from cogs.addressing import clean, revised_text
from cogs.chat import Chat
from cogs.client import Client
from cogs.enclosures import quotation
from cogs.errors import tell_failure
from cogs.text_channels import InteractionText
from cogs.thinking import think
from services.conversations import Conversations
from services.core.errors import BotError
from services.core.logs import new_turn_id
from services.core.types import UserTurn

NAME = "Ask about this"
DEFAULT = "Explain this."
TAKEN_BACK = "That message was changed or deleted meanwhile. Please ask again."
EMPTY = "There is nothing in that message that I can read."

FORM_SECONDS = 15 * 60
"""How long a form may lie open before it is forgotten."""
MAX_OPEN = 1000
"""Messages with open forms that are remembered; one more makes the oldest count as changed."""

Submit = Callable[[discord.Interaction, str], Awaitable[None]]


class QuestionForm(discord.ui.Modal, title=NAME):
    """Ask what somebody wants to know of a message; they may leave it open."""

    question: discord.ui.Label[Any] = discord.ui.Label(
        text="Your question",
        component=discord.ui.TextInput(
            custom_id="question",
            style=discord.TextStyle.paragraph,
            placeholder=DEFAULT,
            required=False,
            max_length=2000,
        ),
    )

    def __init__(self, submit: Submit) -> None:
        super().__init__(timeout=FORM_SECONDS)
        self._submit = submit

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Hand on what was asked."""
        field = cast("discord.ui.TextInput[Any]", self.question.component)
        await self._submit(interaction, clean(field.value) or DEFAULT)

    async def on_error(  # type: ignore[override]  # as discord.py's own Modal does
        self, interaction: discord.Interaction, error: Exception
    ) -> None:
        """Say in a sentence what went wrong."""
        await tell_failure(interaction, error, of=NAME)


class AskAbout(commands.Cog):
    """Answer questions about any message, chosen from its menu, while it stands as it was."""

    def __init__(self, client: Client, chat: Chat, conversations: Conversations) -> None:
        self._tree = client.tree
        self._bot_id = client.own_id
        self._chat = chat
        self._conversations = conversations
        self._open: TTLCache[int, bool] = TTLCache(maxsize=MAX_OPEN, ttl=FORM_SECONDS)
        self._menu = app_commands.ContextMenu(name=NAME, callback=self.open_form)

    async def cog_load(self) -> None:
        """Offer it in the menu of messages."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Offer it no more."""
        self._tree.remove_command(NAME, type=self._menu.type)

    async def open_form(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Ask what the question is; Discord sends the message along, whatever the bot may read."""
        if not (quotation(message, self._bot_id()).text or message.attachments):
            await interaction.response.send_message(EMPTY, ephemeral=True)
            return
        self._open[message.id] = True
        await interaction.response.send_modal(QuestionForm(partial(self._ask, message)))

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Read a deleted message no more."""
        self._open.pop(payload.message_id, None)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Read none of the messages that were deleted at once."""
        for message_id in payload.message_ids:
            self._open.pop(message_id, None)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Read an edited message no more as it was."""
        if revised_text(payload.data, self._bot_id()) is not None:
            self._open.pop(payload.message_id, None)

    async def _ask(
        self, message: discord.Message, interaction: discord.Interaction, question: str
    ) -> None:
        if message.id not in self._open:
            raise BotError(user_message=TAKEN_BACK)
        self._chat.admit(interaction.user.id)
        await think(interaction)
        asked = self._chat.read_command(interaction, question, about=message)
        turn = UserTurn(new_turn_id(), (asked,))
        self._conversations.submit(turn, channel=InteractionText(interaction))
