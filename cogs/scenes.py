import discord

from services.persona_choice import Scene


def scene_of(client: discord.Client, guild_id: int | None, channel_id: int) -> Scene:
    """Return the names of a guild and its channel or thread, as far as the client knows them."""
    guild = client.get_guild(guild_id) if guild_id is not None else None
    if guild is None:
        return Scene()
    channel = guild.get_channel_or_thread(channel_id)
    if channel is None:
        return Scene(guild.name)
    parent = channel.parent_id if isinstance(channel, discord.Thread) else 0
    return Scene(guild.name, channel.name, parent)
