import asyncio
import gzip
import io
import logging
from collections.abc import Awaitable, Callable, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from cogs.errors import tell_failure
from cogs.privacy_report import describe, receipt
from cogs.settings_report import pages
from cogs.thinking import think
from services.core.errors import BotError
from services.personal_data import PersonalData

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 10 * 60
"""How long the question whether to forget may be answered."""

LARGEST_UPLOAD = 8_000_000
"""Bytes of a file that is sent plain; Discord takes 10 MiB."""

USES, USES_SECONDS = 3, 30.0
"""How often one person may use one command: each reads all that is kept of them."""

ASK = """\
I will forget what you said to me and what I answered, in all servers and in direct messages, what \
I learned from it, what I remember about you, and what you chose. Nobody can bring it back. What \
stands in Discord's channels stays there: delete that in Discord."""
FORGETTING = "I'm forgetting you…"
OPTED_OUT = """\
From now on I keep nothing of what you say. I still answer, but I won't remember your questions or \
my answers. What I kept before is still there: `/privacy forget` deletes it."""
OPTED_IN = "From now on I keep what we say again, as `/privacy show` tells."
SENT = "I sent you a direct message with a file of everything I keep about you."
DM_TEXT = "This is everything I keep about you."
DMS_CLOSED = "You don't take direct messages from me, so here is everything I keep about you."
TOO_LARGE = "What I keep about you is too large for a file in Discord. Please ask the bot's owner."

Forget = Callable[[discord.Interaction], Awaitable[None]]


class ConfirmForgetting(discord.ui.View):
    """Ask once more before a person is forgotten."""

    def __init__(self, forget: Forget) -> None:
        super().__init__(timeout=CONFIRM_SECONDS)
        self._forget = forget

    @discord.ui.button(label="Forget me", style=discord.ButtonStyle.danger)
    async def confirm(
        self, interaction: discord.Interaction, _button: discord.ui.Button["ConfirmForgetting"]
    ) -> None:
        """Forget the person."""
        self.stop()
        await self._forget(interaction)

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary)
    async def cancel(
        self, interaction: discord.Interaction, _button: discord.ui.Button["ConfirmForgetting"]
    ) -> None:
        """Leave everything as it is."""
        self.stop()
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)

    async def on_error(
        self,
        interaction: discord.Interaction,
        error: Exception,
        _item: discord.ui.Item["ConfirmForgetting"],
    ) -> None:
        """Say in a sentence what went wrong."""
        await tell_failure(interaction, error, of="Forgetting a person")


class Privacy(commands.GroupCog, group_name="privacy"):
    """See, have and delete what I keep about you."""

    def __init__(self, *, data: PersonalData, readers: Sequence[str]) -> None:
        """Offer the commands; `readers` are the servers, by name, that get what people say."""
        self._data = data
        self._readers = readers

    @app_commands.command()
    @app_commands.checks.cooldown(USES, USES_SECONDS)
    async def show(self, interaction: discord.Interaction) -> None:
        """Show what I keep about you, where, and how long."""
        await think(interaction, ephemeral=True)
        user_id = interaction.user.id
        holdings = await self._data.show(user_id)
        lines = describe(
            holdings, readers=self._readers, opted_out=self._data.is_opted_out(user_id)
        )
        first, *others = pages(lines)
        await interaction.edit_original_response(content=first)
        for page in others:
            await interaction.followup.send(page, ephemeral=True)

    @app_commands.command()
    @app_commands.checks.cooldown(USES, USES_SECONDS)
    async def export(self, interaction: discord.Interaction) -> None:
        """Get a file of everything I keep about you, by direct message."""
        await think(interaction, ephemeral=True)
        content = await self._data.export(interaction.user.id)
        name, content = await asyncio.to_thread(packed, content)
        try:
            await interaction.user.send(DM_TEXT, file=discord.File(io.BytesIO(content), name))
        except discord.Forbidden:
            file = discord.File(io.BytesIO(content), name)
            await interaction.edit_original_response(content=DMS_CLOSED, attachments=[file])
        else:
            await interaction.edit_original_response(content=SENT)

    @app_commands.command()
    async def forget(self, interaction: discord.Interaction) -> None:
        """Delete everything I keep about you."""
        view = ConfirmForgetting(self._forget)
        await interaction.response.send_message(ASK, view=view, ephemeral=True)

    @app_commands.command()
    async def optout(self, interaction: discord.Interaction) -> None:
        """Keep nothing more of what you say; I still answer."""
        await think(interaction, ephemeral=True)
        await self._data.opt_out(interaction.user.id)
        await interaction.edit_original_response(content=OPTED_OUT)

    @app_commands.command()
    async def optin(self, interaction: discord.Interaction) -> None:
        """Keep what you say again."""
        await think(interaction, ephemeral=True)
        await self._data.opt_in(interaction.user.id)
        await interaction.edit_original_response(content=OPTED_IN)

    async def _forget(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=FORGETTING, view=None)
        done = await self._data.forget(interaction.user.id)
        opted_out = self._data.is_opted_out(interaction.user.id)
        text = "\n".join(receipt(done, opted_out=opted_out))
        await interaction.edit_original_response(content=text)


def packed(content: bytes) -> tuple[str, bytes]:
    """Return a file's name and content for Discord, compressed where it is large.

    Raises BotError for one that is too large all the same.
    """
    if len(content) <= LARGEST_UPLOAD:
        return "about-you.json", content
    small = gzip.compress(content)
    if len(small) > LARGEST_UPLOAD:
        raise BotError("an export is too large", user_message=TOO_LARGE)
    return "about-you.json.gz", small
