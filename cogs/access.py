from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from services.access import Access, Visitor, is_free_chat, judge
from services.preferences import GuildPreferences

REFUSALS = {
    Access.WRONG_PLACE: "Sorry, the moderators of this server don't let me work in this channel.",
    Access.WRONG_PERSON: "Sorry, the moderators of this server don't let me work for you.",
}

OPEN_TO_ALL = frozenset({"memory", "privacy"})
"""Commands that no list can forbid: what is kept of people stays theirs to see and delete."""


class AccessRefusedError(app_commands.CheckFailure):
    """Refuse a command by the guild's lists; the text is the sentence for its user."""


class Gate:
    """Decide by a guild's choices whom the bot listens to; everybody may in direct messages."""

    def __init__(self, *, choices: Callable[[int], GuildPreferences]) -> None:
        self._choices = choices

    def judge(self, message: discord.Message) -> Access:
        """Tell whether the author of a message may use the bot there."""
        if message.guild is None:
            return Access.GRANTED
        visitor = _visitor(message.author, places_of(message.channel))
        return judge(self._choices(message.guild.id), visitor)

    def is_free(self, message: discord.Message) -> bool:
        """Tell whether a message stands where all that people write is for the bot."""
        if message.guild is None:
            return False
        return is_free_chat(self._choices(message.guild.id), places_of(message.channel))

    def refusal(self, interaction: discord.Interaction[Any]) -> str:
        """Return the sentence for somebody who may not use a command or button; "" who may."""
        if interaction.guild_id is None:
            return ""
        places = places_of(interaction.channel) | {interaction.channel_id or 0}
        access = judge(self._choices(interaction.guild_id), _visitor(interaction.user, places))
        return REFUSALS.get(access, "")

    def check(self, interaction: discord.Interaction[commands.Bot]) -> None:
        """Raise AccessRefusedError for a command that the lists forbid.

        Those by which moderators open the bot again are never forbidden, nor those of privacy.
        """
        typing = interaction.type is discord.InteractionType.autocomplete
        if typing or _is_always_open(interaction.command):
            return
        if sentence := self.refusal(interaction):
            raise AccessRefusedError(sentence)


def places_of(channel: object) -> frozenset[int]:
    """Return the ids under which a channel is listed: its own, and a thread's parent's."""
    ids = (getattr(channel, "id", None), getattr(channel, "parent_id", None))
    return frozenset(place for place in ids if place is not None)


def _visitor(user: discord.User | discord.Member, places: frozenset[int]) -> Visitor:
    roles = user.roles if isinstance(user, discord.Member) else []
    return Visitor(user.id, frozenset(role.id for role in roles), places)


def _is_always_open(
    command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | None,
) -> bool:
    """Tell whether a command is nobody's but the moderators', or everybody's by right."""
    if command is None:
        return False
    root = getattr(command, "root_parent", None) or command
    permissions = root.default_permissions
    return root.name in OPEN_TO_ALL or bool(permissions and permissions.manage_guild)
