"""What Discord's API says about the things of this world, in Discord's JSON."""

from datetime import UTC, datetime

from sandbox.model import (
    DISCORD_EPOCH_MS,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Overwrite,
    Role,
    User,
    VoiceState,
)
from sandbox.permissions import permissions_in

CHANNEL_TYPES = {"text": 0, "dm": 1, "voice": 2, "stage": 13, "thread": 11}
DEFAULT, REPLY, CHAT_INPUT_COMMAND = 0, 19, 20
"""Message types."""

NO_BODY: Json = {"content": "", "attachments": [], "embeds": [], "components": []}
"""What a bot without the Message Content intent gets of a message that is not meant for it."""


def user_payload(user: User) -> Json:
    """Describe an account."""
    return {
        "id": str(user.id),
        "username": user.name,
        "global_name": None if user.bot else user.name,
        "discriminator": "0001" if user.bot else "0",
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
    }


def member_payload(member: Member, *, user: bool = True) -> Json:
    """Describe a membership, with or without the account it belongs to."""
    payload: Json = {
        "roles": [str(role_id) for role_id in member.role_ids],
        "joined_at": member.joined,
        "nick": None,
        "avatar": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
    return {"user": user_payload(member.user), **payload} if user else payload


def role_payload(role: Role) -> Json:
    """Describe a role."""
    return {
        "id": str(role.id),
        "name": role.name,
        "permissions": str(int(role.permissions)),
        "position": role.position,
        "color": 0,
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def overwrite_payload(overwrite: Overwrite) -> Json:
    """Describe a channel's overwrite."""
    return {
        "id": str(overwrite.target_id),
        "type": int(overwrite.is_member),
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }


def channel_payload(channel: Channel) -> Json:
    """Describe a channel."""
    payload: Json = {
        "id": str(channel.id),
        "type": CHANNEL_TYPES[channel.kind],
        "last_message_id": str(next(reversed(channel.messages))) if channel.messages else None,
        "flags": 0,
    }
    if channel.guild is None:
        recipients = [user_payload(channel.recipient)] if channel.recipient else []
        return {**payload, "recipients": recipients}
    payload |= {"guild_id": str(channel.guild.id), "name": channel.name, "rate_limit_per_user": 0}
    if channel.parent is not None:
        return payload | _thread_payload(channel, channel.parent, channel.guild)
    payload |= {
        "position": list(channel.guild.channels).index(channel.id),
        "permission_overwrites": [overwrite_payload(each) for each in channel.overwrites],
        "nsfw": False,
        "parent_id": None,
    }
    if channel.is_vocal:
        payload |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    return payload


def _thread_payload(thread: Channel, parent: Channel, guild: Guild) -> Json:
    opened = datetime.fromtimestamp(((thread.id >> 22) + DISCORD_EPOCH_MS) / 1000, UTC).isoformat()
    return {
        "parent_id": str(parent.id),
        "owner_id": str(guild.owner_id),
        "message_count": len(thread.messages),
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": opened,
            "create_timestamp": opened,
            "locked": False,
        },
    }


def guild_payload(guild: Guild) -> Json:
    """Describe a guild as REST does: without channels and members."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "description": None,
        "owner_id": str(guild.owner_id),
        "roles": [role_payload(role) for role in guild.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "afk_timeout": 300,
        "afk_channel_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "preferred_locale": "en-US",
    }


def guild_create_payload(guild: Guild, *, members: list[Member]) -> Json:
    """Describe a guild as the gateway does: with all that a client keeps of it."""
    return {
        **guild_payload(guild),
        "large": False,
        "member_count": len(guild.members),
        "members": [member_payload(member) for member in members],
        "channels": [channel_payload(each) for each in guild.channels.values() if not each.parent],
        "voice_states": [voice_state_payload(state) for state in guild.voice_states.values()],
        "threads": [channel_payload(each) for each in guild.channels.values() if each.parent],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def voice_state_payload(state: VoiceState, *, left: bool = False) -> Json:
    """Describe where a member is in voice, or that it is no longer."""
    guild = state.channel.guild
    if guild is None:
        raise ValueError("There is no voice outside a server.")
    return {
        "guild_id": str(guild.id),
        "channel_id": None if left else str(state.channel.id),
        "user_id": str(state.user.id),
        "member": member_payload(guild.members[state.user.id]),
        "session_id": state.session_id,
        "deaf": False,
        "mute": False,
        "self_deaf": state.self_deaf,
        "self_mute": state.self_mute,
        "self_video": False,
        "suppress": state.suppress,
        "request_to_speak_timestamp": state.requested,
    }


def attachment_payload(attachment: Attachment) -> Json:
    """Describe an uploaded file."""
    return {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.data),
        "content_type": attachment.content_type,
        "url": attachment.url,
        "proxy_url": attachment.url.replace("cdn.discordapp.com", "media.discordapp.net"),
    }


def message_payload(message: Message, *, reader: User, all_content: bool = True) -> Json:
    """Describe a message to a bot; without `all_content` it reads only what is meant for it."""
    payload = _envelope(message)
    payload |= _body(message) if all_content or _meant_for(message, reader) else NO_BODY
    payload |= {"reactions": _reactions(message, reader)} if message.reactions else {}
    if message.forwarded is not None:
        payload |= _forwarded(message.forwarded, seen=all_content or _meant_for(message, reader))
    if message.reference_id is not None:
        payload |= _reference(message, message.reference_id, reader, all_content)
    return payload | (_answered(message.interaction, message) if message.interaction else {})


def interaction_channel_payload(channel: Channel, user: User) -> Json:
    """Describe a channel as an interaction does: with the user's permissions in it."""
    return {**channel_payload(channel), "permissions": str(permissions_in(channel, user))}


def _envelope(message: Message) -> Json:
    return {
        "id": str(message.id),
        "type": _message_type(message),
        "channel_id": str(message.channel.id),
        "author": user_payload(message.author),
        "timestamp": message.timestamp,
        "edited_timestamp": message.edited,
        "tts": False,
        "pinned": False,
        "flags": message.flags,
        "mention_everyone": message.mention_everyone,
        "mentions": [user_payload(user) for user in message.mentions],
        "mention_roles": [str(role.id) for role in message.mention_roles],
        **({"nonce": message.nonce} if message.nonce is not None else {}),
    }


def _body(message: Message) -> Json:
    return {
        "content": message.content,
        "attachments": [attachment_payload(each) for each in message.attachments],
        "embeds": message.embeds,
        "components": message.components,
    }


def _meant_for(message: Message, reader: User) -> bool:
    return message.channel.guild is None or message.author is reader or reader in message.mentions


def _message_type(message: Message) -> int:
    if message.interaction and message.interaction["type"] == 2:
        return CHAT_INPUT_COMMAND
    return REPLY if message.reference_id is not None else DEFAULT


def _reactions(message: Message, reader: User) -> list[Json]:
    return [
        {
            "emoji": {"id": None, "name": emoji},
            "count": len(users),
            "count_details": {"burst": 0, "normal": len(users)},
            "me": reader.id in users,
            "me_burst": False,
            "burst_colors": [],
        }
        for emoji, users in message.reactions.items()
    ]


def _forwarded(message: Message, *, seen: bool) -> Json:
    """Describe what a message forwards: a copy of it, as it was then, without its author."""
    parts = ("type", "timestamp", "edited_timestamp", "flags", "mentions", "mention_roles")
    envelope = _envelope(message)
    snapshot = {part: envelope[part] for part in parts} | (_body(message) if seen else NO_BODY)
    place = {"message_id": str(message.id), "channel_id": str(message.channel.id)}
    place |= {"guild_id": str(message.channel.guild.id)} if message.channel.guild else {}
    return {"message_reference": {"type": 1, **place}, "message_snapshots": [{"message": snapshot}]}


def _reference(message: Message, reference_id: int, reader: User, all_content: bool) -> Json:
    channel = message.channel
    reference = {"type": 0, "message_id": str(reference_id), "channel_id": str(channel.id)}
    reference |= {"guild_id": str(channel.guild.id)} if channel.guild else {}
    answered = channel.messages.get(reference_id)
    if answered is None or answered.deleted:
        return {"message_reference": reference, "referenced_message": None}
    payload = _envelope(answered)
    payload |= _body(answered) if all_content or _meant_for(answered, reader) else NO_BODY
    return {"message_reference": reference, "referenced_message": payload}


def _answered(interaction: Json, message: Message) -> Json:
    metadata = {key: interaction[key] for key in ("id", "type", "user")}
    application_id = str(message.author.id)
    return {
        "webhook_id": application_id,
        "application_id": application_id,
        "interaction": interaction,
        "interaction_metadata": {**metadata, "authorizing_integration_owners": {}},
    }
