import asyncio
from dataclasses import dataclass, field

from sandbox.command_options import describe_user
from sandbox.model import Channel, Json, Message, User
from sandbox.payloads import interaction_channel_payload, message_payload
from sandbox.permissions import permissions_in
from sandbox.rest_bodies import MAX_UPLOAD

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
"""What a person did."""

REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
"""How a bot may respond."""

ALLOWED = {
    COMMAND: (REPLY, DEFER, MODAL),
    COMPONENT: (REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (REPLY, DEFER, DEFER_UPDATE, UPDATE),
}
"""The responses that suit what the person did."""


@dataclass(slots=True, eq=False)
class Interaction:
    """Hold one thing that a person did with the bot, and what came of it.

    `application` is the bot; `source` is the message whose button was pressed; `message` is the
    answer to be seen.
    """

    id: int
    token: str
    kind: int
    application: User
    user: User
    channel: Channel
    name: str
    opened: float
    source: Message | None = None
    response: int | None = None
    expired: bool = False
    message: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    modal_shown: float = 0.0
    choices: list[Json] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None

    @property
    def thinking(self) -> bool:
        """Tell whether the person still sees only that the bot is thinking."""
        message = self.message
        return self.response == DEFER and bool(message and message.loading and not message.deleted)


def interaction_payload(interaction: Interaction, data: Json) -> Json:
    """Describe to the bot what a person did; `data` belongs to the kind."""
    bot, channel = interaction.application, interaction.channel
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(bot.id),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "channel_id": str(channel.id),
        "channel": interaction_channel_payload(channel, interaction.user),
        "data": data,
        "locale": "en-US",
        "app_permissions": str(permissions_in(channel, bot)),
        "attachment_size_limit": MAX_UPLOAD,
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 0 if channel.guild else 1,
        **describe_user(interaction.user, channel),
    }
    if channel.guild:
        guild_id = str(channel.guild.id)
        guild = {"id": guild_id, "locale": "en-US", "features": []}
        payload |= {"guild_id": guild_id, "guild": guild, "guild_locale": "en-US"}
    if interaction.source:
        payload["message"] = message_payload(interaction.source, reader=bot)
    return payload
