"""Who can read what is said in a channel, as far as Discord's permissions tell."""

import discord

from services.core.types import Place

READING = ("view_channel", "read_message_history")
LISTENING = (*READING, "connect")
"""Permissions that it takes to read a channel; a voice channel's chat is for who may enter it."""


def place_of(guild: discord.Guild | None, channel_id: int) -> Place:
    """Return the place that a channel or thread is; one that is not known counts as private."""
    found = guild.get_channel_or_thread(channel_id) if guild else None
    if isinstance(found, discord.Thread) and not found.is_private():
        found = found.parent
    if guild is None or not isinstance(found, discord.abc.GuildChannel):
        return Place(channel_id, guild.id if guild else None)
    return Place(found.id, guild.id, public=_is_open(found))


def is_public(client: discord.Client, guild_id: int, channel_id: int) -> bool:
    """Tell whether every member of a guild may read one of its channels now."""
    guild = client.get_guild(guild_id)
    return guild is not None and place_of(guild, channel_id).public


def guild_name(client: discord.Client, guild_id: int) -> str:
    """Return what a guild is called, as far as the bot knows."""
    guild = client.get_guild(guild_id)
    return guild.name if guild is not None else "another server"


def _is_open(channel: discord.abc.GuildChannel) -> bool:
    """Tell whether everyone may read a channel: nobody is shut out, not by a role, not by age."""
    vocal = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    needed = LISTENING if vocal else READING
    granted = channel.permissions_for(channel.guild.default_role)
    if getattr(channel, "nsfw", False) or not all(getattr(granted, name) for name in needed):
        return False
    exceptions = channel.overwrites.values()
    return not any(getattr(each, name) is False for each in exceptions for name in needed)
