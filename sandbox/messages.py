import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from sandbox.mentions import find_mentions
from sandbox.model import (
    EPHEMERAL,
    LOADING,
    MAX_MESSAGES,
    Attachment,
    Change,
    Channel,
    Edit,
    Json,
    Message,
    Snowflakes,
    UnknownError,
    User,
)
from sandbox.payloads import member_payload, message_payload, user_payload

NONCES = 50
"""How many of a channel's latest messages are looked at for a nonce that may not come again."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Hold one file of a request."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """Hold what is to be posted; `allowed_mentions` None lets everything ping."""

    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    flags: int = 0
    reference: Message | None = None
    forwarded: Message | None = None
    allowed_mentions: Json | None = None
    nonce: str | int | None = None
    audience: User | None = None
    interaction: Json | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """Hold what is to be changed; None leaves a part as it is.

    `kept` are the ids of the attachments that stay.
    """

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    kept: set[int] | None = None
    allowed_mentions: Json | None = None
    uploads: list[Upload] = field(default_factory=list)


class Messages:
    """Post, change and delete messages, and tell of it; the one place where they change."""

    def __init__(self, *, ids: Snowflakes, announce: Callable[[Change], None]) -> None:
        self._ids = ids
        self._announce = announce

    def get(self, channel: Channel, reference: object) -> Message:
        """Return a message that exists. Raises UnknownError."""
        message = channel.messages.get(int(str(reference)) if str(reference).isdecimal() else 0)
        if message is None or message.deleted:
            raise UnknownError("message", reference)
        return message

    def posted(self, channel: Channel, author: User, nonce: str | int) -> Message | None:
        """Return the author's recent message with this nonce, which is not to be posted twice."""
        recent = islice(reversed(channel.messages.values()), NONCES)
        return next((m for m in recent if m.author is author and m.nonce == nonce), None)

    def post(self, channel: Channel, author: User, draft: Draft) -> Message:
        """Post a message; the channel's oldest is forgotten when it holds a thousand."""
        mentions = find_mentions(
            draft.content,
            channel,
            author,
            allowed=draft.allowed_mentions,
            answered=draft.reference,
        )
        message = Message(
            id=self._ids.next(),
            channel=channel,
            author=author,
            content=draft.content,
            created=time.monotonic(),
            timestamp=_now(),
            flags=draft.flags,
            embeds=draft.embeds,
            components=draft.components,
            attachments=[self._attachment(channel, upload) for upload in draft.uploads],
            mentions=mentions.users,
            mention_roles=mentions.roles,
            mention_everyone=mentions.everyone,
            reference_id=draft.reference.id if draft.reference else None,
            forwarded=draft.forwarded,
            nonce=draft.nonce,
            audience=draft.audience,
            interaction=draft.interaction,
        )
        self._keep(channel, message)
        self._tell("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Message, revision: Revision) -> None:
        """Change a message; the first content of a thinking one is no edit but its beginning."""
        if message.loading:
            message.flags &= ~LOADING
            message.created = time.monotonic()
            message.content = revision.content or ""
        elif revision.content is not None:
            message.content = revision.content
            message.edits.append(Edit(time.monotonic(), revision.content))
        message.edited = _now()
        if revision.content is not None:
            self._mention(message, revision.allowed_mentions)
        self._revise(message, revision)
        self._tell("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Delete a message; it stays known as deleted."""
        message.deleted = True
        if not message.flags & EPHEMERAL:
            payload = {**_place(message.channel), "id": str(message.id)}
            self._announce(Change("MESSAGE_DELETE", payload, channel=message.channel))

    def delete_many(self, channel: Channel, messages: list[Message]) -> None:
        """Delete several messages of a channel at once, as moderators do."""
        for message in messages:
            message.deleted = True
        payload = {**_place(channel), "ids": [str(message.id) for message in messages]}
        self._announce(Change("MESSAGE_DELETE_BULK", payload, channel=channel))

    def react(self, message: Message, user: User, emoji: str) -> None:
        """Put a reaction on a message; a second of the same changes nothing."""
        users = message.reactions.setdefault(emoji, [])
        if user.id not in users:
            users.append(user.id)
            self._tell_reaction("MESSAGE_REACTION_ADD", message, user, emoji)

    def unreact(self, message: Message, user: User, emoji: str) -> None:
        """Take a reaction back."""
        users = message.reactions.get(emoji, [])
        if user.id in users:
            users.remove(user.id)
            if not users:
                del message.reactions[emoji]
            self._tell_reaction("MESSAGE_REACTION_REMOVE", message, user, emoji)

    def type(self, channel: Channel, user: User) -> None:
        """Tell that someone types."""
        payload = {**_place(channel), **_who(channel, user), "timestamp": int(time.time())}
        self._announce(Change("TYPING_START", payload, channel=channel))

    def _attachment(self, channel: Channel, upload: Upload) -> Attachment:
        return Attachment(
            id=self._ids.next(),
            channel_id=channel.id,
            filename=upload.filename,
            content_type=upload.content_type,
            data=upload.data,
        )

    def _keep(self, channel: Channel, message: Message) -> None:
        channel.messages[message.id] = message
        if len(channel.messages) > MAX_MESSAGES:
            del channel.messages[next(iter(channel.messages))]

    def _mention(self, message: Message, allowed: Json | None) -> None:
        answered = message.channel.messages.get(message.reference_id or 0)
        mentions = find_mentions(
            message.content, message.channel, message.author, allowed=allowed, answered=answered
        )
        message.mentions, message.mention_roles = mentions.users, mentions.roles

    def _revise(self, message: Message, revision: Revision) -> None:
        if revision.embeds is not None:
            message.embeds = revision.embeds
        if revision.components is not None:
            message.components = revision.components
        if revision.kept is not None:
            message.attachments = [each for each in message.attachments if each.id in revision.kept]
        message.attachments += [
            self._attachment(message.channel, each) for each in revision.uploads
        ]

    def _tell(self, name: str, message: Message) -> None:
        if message.flags & EPHEMERAL:
            return
        payload = {**message_payload(message, reader=message.author), **_place(message.channel)}
        self._announce(Change(name, payload, channel=message.channel, message=message))

    def _tell_reaction(self, name: str, message: Message, user: User, emoji: str) -> None:
        payload = {
            **_place(message.channel),
            **_who(message.channel, user),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        self._announce(Change(name, payload, channel=message.channel))


def message_event_payload(message: Message, *, reader: User, all_content: bool) -> Json:
    """Describe a message as the gateway does: with its place and its author's membership."""
    payload = message_payload(message, reader=reader, all_content=all_content)
    payload |= _place(message.channel)
    guild = message.channel.guild
    if guild and message.author.id in guild.members:
        payload["member"] = member_payload(guild.members[message.author.id], user=False)
    if guild:
        payload["mentions"] = [
            {**user_payload(user), "member": member_payload(guild.members[user.id], user=False)}
            for user in message.mentions
        ]
    return payload


def _place(channel: Channel) -> Json:
    place = {"channel_id": str(channel.id)}
    return place | ({"guild_id": str(channel.guild.id)} if channel.guild else {})


def _who(channel: Channel, user: User) -> Json:
    if channel.guild is None:
        return {"user_id": str(user.id)}
    return {"user_id": str(user.id), "member": member_payload(channel.guild.members[user.id])}


def _now() -> str:
    return datetime.now(UTC).isoformat()
