import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from sandbox.discord_error import DiscordError, invalid_form
from sandbox.interaction import (
    ALLOWED,
    CHOICES,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    REPLY,
    UPDATE,
    Interaction,
    interaction_payload,
)
from sandbox.messages import Draft, Revision
from sandbox.model import EPHEMERAL, LOADING, Change, Channel, Json, Message, User
from sandbox.payloads import user_payload
from sandbox.violations import Violations
from sandbox.world import World

FIRST_RESPONSE = 3.0
TOKEN_LIFETIME = 15 * 60.0
PATIENCE = 15.0
"""Seconds: for a first response, of a token, and until a person's answer is given up."""

PRIVATE_SETTLE = 0.4
"""The settling time of answers that one person alone sees, seconds."""

REACTION = 0.3
"""The least time between the sight of a form or message and what one does with it, seconds."""

MAX_INTERACTIONS = 500
"""Interactions remembered; the oldest are forgotten."""


class Interactions:
    """Deliver what people do to bots, take their responses, and hold them to the three seconds."""

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
        application: User,
        name: str,
        source: Message | None,
    ) -> Interaction:
        """Send what a person did to a bot, and start its three seconds."""
        interaction = Interaction(
            id=self._world.ids.next(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            application=application,
            user=user,
            channel=channel,
            name=name,
            opened=time.monotonic(),
            source=source,
        )
        self._keep(interaction)
        loop = asyncio.get_running_loop()
        interaction.timer = loop.call_later(FIRST_RESPONSE, self._expire, interaction)
        payload = interaction_payload(interaction, data)
        self._world.announce(Change("INTERACTION_CREATE", payload, to=application))
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
        interaction.modal_shown = time.monotonic()
        self._respond(interaction, MODAL)

    async def react(self, seen: float) -> None:
        """Take the least time that a person needs for what they saw at that time.

        Libraries know a form or a button only when the call that shows it has returned.
        """
        await asyncio.sleep(seen + REACTION - time.monotonic())

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

        A deferred answer, and a message changed by its button, are taken as final when nothing has
        changed or followed for the settling time; what one person alone sees is hardly ever written
        bit by bit, and is taken as final sooner.
        """
        self._awaited.add(interaction)
        try:
            async with asyncio.timeout(PATIENCE):
                await _until(interaction, lambda: interaction.response is not None)
                await _until(interaction, lambda: not interaction.thinking)
                if interaction.response in (DEFER, DEFER_UPDATE, UPDATE):
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
        private = interaction.message is not None and bool(interaction.message.flags & EPHEMERAL)
        settle = min(self._settle, PRIVATE_SETTLE) if private else self._settle
        with suppress(TimeoutError):
            while True:
                interaction.changed.clear()
                async with asyncio.timeout(settle):
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
        return self._world.messages.post(interaction.channel, interaction.application, draft)


async def _until(interaction: Interaction, done: Callable[[], bool]) -> None:
    while not done() and not interaction.expired:
        interaction.changed.clear()
        await interaction.changed.wait()
