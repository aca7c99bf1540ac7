import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sandbox.command_options import describe_user
from sandbox.discord_error import DiscordError, invalid_form
from sandbox.messages import Draft, Revision
from sandbox.model import EPHEMERAL, LOADING, Change, Channel, Json, Message, User
from sandbox.payloads import interaction_channel_payload, message_payload, user_payload
from sandbox.permissions import permissions_in
from sandbox.rest_bodies import MAX_UPLOAD
from sandbox.violations import Violations
from sandbox.world import World

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

FIRST_RESPONSE = 3.0
TOKEN_LIFETIME = 15 * 60.0
PATIENCE = 15.0
"""Seconds: for a first response, of a token, and until a person's answer is given up."""

MAX_INTERACTIONS = 500
"""Interactions remembered; the oldest are forgotten."""


@dataclass(slots=True, eq=False)
class Interaction:
    """Hold one thing that a person did with the bot, and what came of it.

    `source` is the message whose button was pressed; `message` is the answer to be seen.
    """

    id: int
    token: str
    kind: int
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
    choices: list[Json] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None

    @property
    def thinking(self) -> bool:
        """Tell whether the person still sees only that the bot is thinking."""
        message = self.message
        return self.response == DEFER and bool(message and message.loading and not message.deleted)


class Interactions:
    """Deliver what people do to the bot, take its responses, and hold it to the three seconds."""

    def __init__(self, *, world: World, violations: Violations, settle: float) -> None:
        self._world = world
        self._violations = violations
        self._settle = settle
        self._open: dict[str, Interaction] = {}
        self._awaited: set[Interaction] = set()
        world.listeners.append(self._notice)

    def deliver(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        name: str,
        source: Message | None,
    ) -> Interaction:
        """Send what a person did to the bot, and start its three seconds."""
        token = secrets.token_urlsafe(48)
        interaction = Interaction(
            self._world.ids.next(), token, kind, user, channel, name, time.monotonic(), source
        )
        self._keep(interaction)
        loop = asyncio.get_running_loop()
        interaction.timer = loop.call_later(FIRST_RESPONSE, self._expire, interaction)
        payload = self._payload(interaction, data)
        self._world.announce(Change("INTERACTION_CREATE", payload, to=self._world.bot))
        return interaction

    def find(self, token: str) -> Interaction:
        """Return an interaction whose token is still good. Raises DiscordError."""
        interaction = self._open.get(token)
        if interaction is None or interaction.response is None:
            raise DiscordError(404, 10015, "Unknown Webhook")
        if time.monotonic() - interaction.opened > TOKEN_LIFETIME:
            raise DiscordError(401, 50027, "Invalid Webhook Token", rule="interaction_token")
        return interaction

    def awaiting(self, interaction_id: str, token: str) -> Interaction:
        """Return an interaction that waits for its first response. Raises DiscordError."""
        interaction = self._open.get(token)
        if interaction is None or str(interaction.id) != interaction_id:
            raise DiscordError(404, 10062, "Unknown interaction", rule="unknown_interaction")
        if interaction.expired:
            raise DiscordError(404, 10062, "Unknown interaction")
        if interaction.response is not None:
            detail = "Interaction has already been acknowledged."
            raise DiscordError(400, 40060, detail, rule="second_response")
        return interaction

    def modal(self, user: User, custom_id: str) -> Interaction | None:
        """Return the interaction that last showed a person this form."""
        for interaction in reversed(self._open.values()):
            modal = interaction.modal
            if modal and interaction.user is user and modal.get("custom_id") == custom_id:
                return interaction
        return None

    def check(self, interaction: Interaction, response: int) -> None:
        """Refuse a response that does not suit what the person did. Raises DiscordError."""
        unsuited = response not in ALLOWED[interaction.kind]
        without_message = response in (DEFER_UPDATE, UPDATE) and interaction.source is None
        if unsuited or without_message:
            raise invalid_form(f"Invalid response type {response}", rule="interaction_response")

    def reply(self, interaction: Interaction, draft: Draft) -> None:
        """Answer with a message."""
        self._respond(interaction, REPLY)
        interaction.message = self._post(interaction, draft)

    def defer(self, interaction: Interaction, *, flags: int) -> None:
        """Show that the bot is thinking; the first edit or followup is the answer."""
        self._respond(interaction, DEFER)
        interaction.message = self._post(interaction, Draft(flags=flags | LOADING))

    def update(self, interaction: Interaction, revision: Revision | None) -> None:
        """Change the message whose button was pressed, at once or (None) later."""
        self._respond(interaction, UPDATE if revision else DEFER_UPDATE)
        interaction.message = interaction.source
        if revision and interaction.source:
            self._world.messages.edit(interaction.source, revision)

    def choose(self, interaction: Interaction, choices: list[Json]) -> None:
        """Offer choices for the option being typed."""
        if len(choices) > 25:
            raise invalid_form("Must be 25 or fewer in length.", rule="interaction_response")
        interaction.choices = choices
        self._respond(interaction, CHOICES)

    def show_modal(self, interaction: Interaction, modal: Json) -> None:
        """Show a form."""
        interaction.modal = modal
        self._respond(interaction, MODAL)

    def edit(self, interaction: Interaction, message: Message, revision: Revision) -> None:
        """Change an answer."""
        self._world.messages.edit(message, revision)
        interaction.changed.set()

    def follow(self, interaction: Interaction, draft: Draft) -> Message:
        """Add a message; while the bot is thinking, it becomes the answer."""
        answer = interaction.message
        if interaction.thinking and answer:
            revision = Revision(
                content=draft.content,
                embeds=draft.embeds,
                components=draft.components,
                uploads=draft.uploads,
            )
            self._world.messages.edit(answer, revision)
            message = answer
        else:
            message = self._post(interaction, draft)
            interaction.followups.append(message)
        interaction.changed.set()
        return message

    def delete(self, interaction: Interaction, message: Message) -> None:
        """Take an answer back."""
        self._world.messages.delete(message)
        interaction.changed.set()

    async def settled(self, interaction: Interaction) -> None:
        """Wait, at most 15 s, until what the person sees is final.

        A deferred answer is taken as final when it has not changed for the settling time.
        """
        self._awaited.add(interaction)
        try:
            async with asyncio.timeout(PATIENCE):
                await _until(interaction, lambda: interaction.response is not None)
                await _until(interaction, lambda: not interaction.thinking)
                if interaction.response in (DEFER, DEFER_UPDATE):
                    await self._quiet(interaction)
        except TimeoutError:
            return
        finally:
            self._awaited.discard(interaction)

    def clear(self) -> None:
        """Forget every interaction."""
        for interaction in self._open.values():
            if interaction.timer:
                interaction.timer.cancel()
        self._open.clear()

    def _notice(self, change: Change) -> None:
        """Take a bot's edit of its answer as a plain message for what it is."""
        for interaction in self._awaited:
            if change.message and change.message is interaction.message:
                interaction.changed.set()

    async def _quiet(self, interaction: Interaction) -> None:
        with suppress(TimeoutError):
            while True:
                interaction.changed.clear()
                async with asyncio.timeout(self._settle):
                    await interaction.changed.wait()

    def _keep(self, interaction: Interaction) -> None:
        self._open[interaction.token] = interaction
        if len(self._open) > MAX_INTERACTIONS:
            oldest = self._open.pop(next(iter(self._open)))
            if oldest.timer:
                oldest.timer.cancel()

    def _expire(self, interaction: Interaction) -> None:
        interaction.expired = True
        interaction.changed.set()
        detail = f"No response to {interaction.name} within {FIRST_RESPONSE:.0f} s."
        self._violations.record("interaction_timeout", detail)

    def _respond(self, interaction: Interaction, response: int) -> None:
        interaction.response = response
        interaction.changed.set()
        if interaction.timer:
            interaction.timer.cancel()

    def _post(self, interaction: Interaction, draft: Draft) -> Message:
        answered = {
            "id": str(interaction.id),
            "type": interaction.kind,
            "name": interaction.name,
            "user": user_payload(interaction.user),
        }
        audience = interaction.user if draft.flags & EPHEMERAL else None
        draft = replace(draft, interaction=answered, audience=audience)
        return self._world.messages.post(interaction.channel, self._world.bot, draft)

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        bot, channel = self._world.bot, interaction.channel
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


async def _until(interaction: Interaction, done: Callable[[], bool]) -> None:
    while not done() and not interaction.expired:
        interaction.changed.clear()
        await interaction.changed.wait()
