from aiohttp import web

from sandbox import interaction as kinds
from sandbox.discord_error import DiscordError
from sandbox.interaction import Interaction
from sandbox.interactions import Interactions
from sandbox.messages import Upload
from sandbox.modals import check_modal
from sandbox.model import EPHEMERAL, Json, Message
from sandbox.payloads import message_payload
from sandbox.rest import json_response, no_content
from sandbox.rest_bodies import parse_draft, parse_revision, read_message
from sandbox.rest_messages import check_pings
from sandbox.violations import Violations


class InteractionRoutes:
    """Serve how a bot responds to what people do with it."""

    def __init__(self, *, interactions: Interactions, violations: Violations) -> None:
        self._interactions = interactions
        self._violations = violations

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of responses and of the messages that follow them."""
        webhook = "/webhooks/{application}/{token}"
        message = webhook + "/messages/{message}"
        return [
            web.post("/interactions/{interaction}/{token}/callback", self.respond),
            web.post(webhook, self.follow),
            web.get(message, self.fetch),
            web.patch(message, self.edit),
            web.delete(message, self.delete),
        ]

    async def respond(self, request: web.Request) -> web.Response:
        """Take the first response."""
        payload, uploads = await read_message(request)
        found = request.match_info
        interaction = self._interactions.awaiting(found["interaction"], found["token"])
        response = int(payload["type"])
        self._interactions.check(interaction, response)
        self._take(interaction, response, payload.get("data") or {}, uploads)
        if request.query.get("with_response") in ("1", "true"):
            return json_response(self._callback(interaction))
        return no_content()

    async def follow(self, request: web.Request) -> web.Response:
        """Add a message to an answered interaction."""
        interaction = self._interactions.find(request.match_info["token"])
        draft = parse_draft(*await read_message(request))
        check_pings(draft, violations=self._violations)
        return json_response(_described(self._interactions.follow(interaction, draft)))

    async def fetch(self, request: web.Request) -> web.Response:
        """Return an answer."""
        interaction = self._interactions.find(request.match_info["token"])
        return json_response(_described(_answer(interaction, request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change an answer; a thinking one begins with it."""
        interaction = self._interactions.find(request.match_info["token"])
        payload, uploads = await read_message(request)
        message = _answer(interaction, request)
        revision = parse_revision(payload, uploads, message)
        self._interactions.edit(interaction, message, revision)
        return json_response(_described(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Take an answer back."""
        interaction = self._interactions.find(request.match_info["token"])
        self._interactions.delete(interaction, _answer(interaction, request))
        return no_content()

    def _take(
        self, interaction: Interaction, response: int, data: Json, uploads: list[Upload]
    ) -> None:
        desk = self._interactions
        match response:
            case kinds.REPLY:
                draft = parse_draft(data, uploads)
                check_pings(draft, violations=self._violations)
                desk.reply(interaction, draft)
            case kinds.DEFER:
                desk.defer(interaction, flags=int(data.get("flags") or 0) & EPHEMERAL)
            case kinds.DEFER_UPDATE:
                desk.update(interaction, None)
            case kinds.UPDATE if interaction.source is not None:
                desk.update(interaction, parse_revision(data, uploads, interaction.source))
            case kinds.CHOICES:
                desk.choose(interaction, list(data.get("choices") or []))
            case kinds.MODAL:
                check_modal(data)
                desk.show_modal(interaction, data)

    def _callback(self, interaction: Interaction) -> Json:
        message = interaction.message
        described: Json = {"id": str(interaction.id), "type": interaction.kind}
        if message is None:
            return {"interaction": described, "resource": {"type": interaction.response}}
        described |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": bool(message.flags & EPHEMERAL),
        }
        resource = {"type": interaction.response, "message": _described(message)}
        return {"interaction": described, "resource": resource}


def _answer(interaction: Interaction, request: web.Request) -> Message:
    reference = request.match_info["message"]
    candidates = [*([interaction.message] if interaction.message else []), *interaction.followups]
    for message in candidates:
        wanted = reference == str(message.id) or (
            reference == "@original" and message is interaction.message
        )
        if wanted and not message.deleted:
            return message
    raise DiscordError(404, 10008, "Unknown Message")


def _described(message: Message) -> Json:
    return message_payload(message, reader=message.author)
