import re
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from services.core.types import Author

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff]")
"""What nobody types and no model needs: control characters but tab and newline, invisible marks."""

COMMAND = re.compile(r"(?:!!?|[/?.])[^\W\d_]")
"""How commands to other bots begin: a sign and at once a word ("!play", "?help"; not "...well")."""

EMOJI = re.compile(r"<a?:\w+:\d+>|[0-9#*]\ufe0f?\u20e3")
"""Emoji that are written with letters or digits: a server's own ones, and keycaps."""


def addressed_text(message: discord.Message, bot_id: int) -> str | None:
    """Return what a message says to the bot, or None where it is not for the bot.

    A message is for the bot in a direct message, by mention, or as a reply to the bot.
    """
    if not is_human(message):
        return None
    mentioned = any(user.id == bot_id for user in message.mentions)
    if message.guild is not None and not mentioned and not _replies_to(message, bot_id):
        return None
    return readable(message, bot_id)


def overheard_text(message: discord.Message, bot_id: int) -> str | None:
    """Return what a message in a free-chat channel says, or None where it wants no answer.

    No answer wants what bots or Discord write, what is said to others (by mention or reply) or to
    other bots, and what holds no word: emoji, stickers, pictures.
    """
    if not is_human(message) or _is_for_others(message):
        return None
    text = readable(message, bot_id)
    return text if has_words(text) and not COMMAND.match(text) else None


def has_words(text: str) -> bool:
    """Tell whether a text says anything beside emoji and punctuation."""
    return any(character.isalnum() for character in EMOJI.sub("", text))


def readable(message: discord.Message, bot_id: int) -> str:
    """Return a message's text with the bot's mention removed and the others' as names."""
    names = {user.id: user.display_name for user in message.mentions}
    return _in_words(message.content, names, bot_id)


def edited_text(data: Mapping[str, Any], bot_id: int) -> str | None:
    """Return what a message says after an edit, None where the event is no edit of its text.

    `data` is Discord's MESSAGE_UPDATE, which also tells of embeds and pins and may lack any part.
    """
    never_edited = "edited_timestamp" in data and data["edited_timestamp"] is None
    if never_edited or not data.get("content"):
        return None
    names = {int(user["id"]): _shown_name(user) for user in data.get("mentions", ())}
    return _in_words(data["content"], names, bot_id) or None


def revised_text(data: Mapping[str, Any], bot_id: int) -> str | None:
    """Return how a message is to be kept after an edit, None where the event is no edit.

    "" stands for one whose new text Discord does not show, or that has none any more.
    """
    if not data.get("edited_timestamp") or data.get("content") is None:
        return None
    return edited_text(data, bot_id) or ""


def _shown_name(user: Mapping[str, Any]) -> str:
    nick = user.get("member", {}).get("nick")
    return str(nick or user.get("global_name") or user["username"])


def _in_words(content: str, names: Mapping[int, str], bot_id: int) -> str:
    text = re.sub(rf"<@!?{bot_id}>", " ", content)
    text = re.sub(r"<@!?(\d+)>", lambda match: "@" + names.get(int(match[1]), "someone"), text)
    return clean(text)


def clean(text: str) -> str:
    """Return a text without control characters and outer white space."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def author_of(user: discord.abc.User) -> Author:
    """Return a person under the name that is shown here."""
    return Author(user.id, user.display_name)


def guild_of(interaction: discord.Interaction) -> int:
    """Return the id of a command's guild. Raises NoPrivateMessage in a direct message."""
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild_id


def is_human(message: discord.Message) -> bool:
    """Tell whether a person wrote a message, rather than a bot or Discord itself."""
    if message.author.bot or message.webhook_id is not None:
        return False
    return message.type in (discord.MessageType.default, discord.MessageType.reply)


def _is_for_others(message: discord.Message) -> bool:
    mentions = message.mentions or message.role_mentions or message.mention_everyone
    return bool(mentions) or message.type is discord.MessageType.reply


def _replies_to(message: discord.Message, bot_id: int) -> bool:
    reference = message.reference
    replied = reference.resolved if reference is not None else None
    return isinstance(replied, discord.Message) and replied.author.id == bot_id
