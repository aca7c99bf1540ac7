"""What the control API says about this world; outside checks read these shapes to the letter."""

from typing import Any

from sandbox.model import EPHEMERAL, Attachment, Change, Channel, Guild, Json, Message, User


def user_shape(user: User) -> Json:
    """Describe an account."""
    return {"id": str(user.id), "name": user.name}


def channel_shape(channel: Channel) -> Json:
    """Describe a channel: `text`, `voice`, `stage`, `dm`, or a `thread` of its `parent`."""
    shape = {"id": str(channel.id), "name": channel.name, "type": channel.kind}
    return shape | ({"parent": str(channel.parent.id)} if channel.parent else {})


def guild_shape(guild: Guild) -> Json:
    """Describe a server with its channels."""
    channels = [channel_shape(channel) for channel in guild.channels.values()]
    return {"id": str(guild.id), "name": guild.name, "channels": channels}


def attachment_shape(attachment: Attachment) -> Json:
    """Describe an uploaded file."""
    return {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.data),
        "content_type": attachment.content_type,
        "url": attachment.url,
    }


def message_shape(message: Message) -> Json:
    """Describe a message; `edits` leaves out the first content, times are monotonic seconds."""
    return {
        "id": str(message.id),
        "channel": str(message.channel.id),
        "author": {"name": message.author.name, "bot": message.author.bot},
        "content": message.content,
        "created": message.created,
        "edits": [{"t": edit.t, "content": edit.content} for edit in message.edits],
        "reply_to": str(message.reference_id) if message.reference_id is not None else None,
        "mentions": [user.name for user in message.mentions],
        "reactions": {emoji: len(users) for emoji, users in message.reactions.items()},
        "embeds": message.embeds,
        "attachments": [attachment_shape(each) for each in message.attachments],
        "components": message.components,
        "deleted": message.deleted,
        "interaction": _interaction_shape(message.interaction),
    }


def messages_shape(channel: Channel, *, after: int = 0) -> Json:
    """List what everyone sees of a channel after a message, oldest first; deleted ones too."""
    shown = [each for each in channel.messages.values() if each.id > after and _shown(each)]
    return {"messages": [message_shape(message) for message in shown]}


def answer_shape(message: Message | None) -> Json:
    """Describe what a person sees as the answer to a command or button."""
    if message is None or message.deleted:
        return {
            "id": None,
            "content": "",
            "ephemeral": False,
            "embeds": [],
            "attachments": [],
            "components": [],
        }
    return {
        "id": str(message.id),
        "content": message.content,
        "ephemeral": bool(message.flags & EPHEMERAL),
        "embeds": message.embeds,
        "attachments": [attachment_shape(each) for each in message.attachments],
        "components": message.components,
    }


def change_shape(change: Change) -> dict[str, Any]:
    """Describe a change on the bus: messages as this API shows them, the rest as Discord does."""
    if change.message:
        return {"message": message_shape(change.message)}
    return {"data": change.payload}


def _interaction_shape(answered: Json | None) -> Json | None:
    return {"name": answered["name"], "user": answered["user"]["username"]} if answered else None


def _shown(message: Message) -> bool:
    return not message.loading and not message.flags & EPHEMERAL
