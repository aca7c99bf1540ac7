from collections.abc import Iterable

import discord

NEEDED = {
    "view_channel": "see this channel",
    "send_messages": "write here",
    "send_messages_in_threads": "write in threads",
    "read_message_history": "read the history (to reply)",
    "add_reactions": "put ⏳ under a message that waits",
    "connect": "connect to voice",
    "speak": "speak in voice",
    "request_to_speak": "ask to speak on stages",
}
"""What the bot's features need, by Discord's names; each in words after "I may not"."""

NEEDED_FOR_STATUS = {"set_voice_channel_status": "set a voice channel's status"}
"""What VOICE_STATUS_ENABLED needs besides."""


def needed_permissions(*, voice_status: bool) -> dict[str, str]:
    """Return what the bot needs as it is set up."""
    return NEEDED | (NEEDED_FOR_STATUS if voice_status else {})


def invite_link(application_id: int, needed: Iterable[str]) -> str:
    """Return the address that invites the bot with these permissions and no others."""
    permissions = discord.Permissions(**dict.fromkeys(needed, True))
    return discord.utils.oauth_url(application_id, permissions=permissions)
