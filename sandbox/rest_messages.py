from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from sandbox.discord_error import DiscordError, invalid_form, missing_access, missing_permission
from sandbox.mentions import mentions_everyone
from sandbox.messages import Draft
from sandbox.model import Channel, Json, Message, User
from sandbox.payloads import message_payload, user_payload
from sandbox.permissions import Permission, may
from sandbox.rest import caller, json_response, no_content
from sandbox.rest_bodies import parse_draft, parse_revision, read_message, read_object
from sandbox.violations import Violations
from sandbox.world import World

PAGE = 50
MAX_PAGE = 100
BULK = (2, 100)
"""Messages of one page of a channel's history; fewest and most that are deleted at once."""


class MessageRoutes:
    """Serve what a bot does with messages in channels."""

    def __init__(self, *, world: World, violations: Violations) -> None:
        self._world = world
        self._violations = violations

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under /channels."""
        messages = "/channels/{channel}/messages"
        one = messages + "/{message}"
        reaction = one + "/reactions/{emoji}"
        return [
            web.get(messages, self.history),
            web.post(messages, self.post),
            web.post(messages + "/bulk-delete", self.delete_many),
            web.get(one, self.fetch),
            web.patch(one, self.edit),
            web.delete(one, self.delete),
            web.post("/channels/{channel}/typing", self.type),
            web.get(reaction, self.reactions),
            web.put(reaction + "/@me", self.react),
            web.delete(reaction + "/@me", self.unreact),
        ]

    async def history(self, request: web.Request) -> web.Response:
        """List a channel's messages, newest first."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        messages = [each for each in channel.messages.values() if _public(each)]
        page = _page(messages, request.query)
        return json_response([self._payload(request, message) for message in page])

    async def post(self, request: web.Request) -> web.Response:
        """Post a message, whether or not it answers another."""
        channel, bot = self._channel(request, Permission.SEND_MESSAGES), self._bot(request)
        if channel.recipient is not None and not channel.recipient.takes_direct:
            raise DiscordError(403, 50007, "Cannot send messages to this user")
        payload, uploads = await read_message(request)
        draft = parse_draft(payload, uploads)
        draft = _answering(draft, payload, channel, bot)
        if uploads and not may(channel, bot, Permission.ATTACH_FILES):
            raise missing_permission(f"attach files in {channel.name}")
        check_pings(draft, violations=self._violations)
        message = None
        if draft.nonce is not None and payload.get("enforce_nonce"):
            message = self._world.messages.posted(channel, bot, draft.nonce)
        message = message or self._world.messages.post(channel, bot, draft)
        return json_response(self._payload(request, message))

    async def fetch(self, request: web.Request) -> web.Response:
        """Return one message."""
        message = self._message(request, Permission.READ_MESSAGE_HISTORY)
        return json_response(self._payload(request, message))

    async def edit(self, request: web.Request) -> web.Response:
        """Change one of the bot's own messages."""
        message = self._message(request)
        payload, uploads = await read_message(request)
        if message.author is not self._bot(request):
            detail = "Cannot edit a message authored by another user"
            raise DiscordError(403, 50005, detail, rule="permission")
        self._world.messages.edit(message, parse_revision(payload, uploads, message))
        return json_response(self._payload(request, message))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete one of the bot's messages, or anyone's with the permission to."""
        message = self._message(request)
        channel, bot = message.channel, self._bot(request)
        allowed = channel.guild and may(channel, bot, Permission.MANAGE_MESSAGES)
        if message.author is not bot and not allowed:
            raise missing_permission(f"delete others' messages in {channel.name}")
        self._world.messages.delete(message)
        return no_content()

    async def delete_many(self, request: web.Request) -> web.Response:
        """Delete several messages at once, with the permission to; unknown ones are passed over."""
        channel = self._channel(request, Permission.MANAGE_MESSAGES)
        wanted = [int(each) for each in (await read_object(request)).get("messages") or []]
        if not BULK[0] <= len(wanted) <= BULK[1]:
            raise invalid_form("Must be between 2 and 100 in length.", rule="bulk_delete")
        found = [channel.messages[each] for each in wanted if each in channel.messages]
        self._world.messages.delete_many(channel, [each for each in found if not each.deleted])
        return no_content()

    async def type(self, request: web.Request) -> web.Response:
        """Show that the bot types."""
        channel = self._channel(request, Permission.SEND_MESSAGES)
        self._world.messages.type(channel, self._bot(request))
        return no_content()

    async def reactions(self, request: web.Request) -> web.Response:
        """List who reacted with an emoji."""
        users = self._message(request).reactions.get(request.match_info["emoji"], [])
        return json_response([user_payload(self._world.user(user_id)) for user_id in users])

    async def react(self, request: web.Request) -> web.Response:
        """Put the bot's reaction on a message."""
        message = self._message(request, Permission.READ_MESSAGE_HISTORY | Permission.ADD_REACTIONS)
        self._world.messages.react(message, self._bot(request), request.match_info["emoji"])
        return no_content()

    async def unreact(self, request: web.Request) -> web.Response:
        """Take the bot's reaction back."""
        message = self._message(request)
        self._world.messages.unreact(message, self._bot(request), request.match_info["emoji"])
        return no_content()

    def _bot(self, request: web.Request) -> User:
        return caller(request, self._world).user

    def _channel(self, request: web.Request, needed: Permission) -> Channel:
        channel, bot = self._world.channel(request.match_info["channel"]), self._bot(request)
        if not may(channel, bot, Permission.VIEW_CHANNEL):
            raise missing_access(channel.name)
        if not may(channel, bot, needed):
            raise missing_permission(f"{needed.name} in {channel.name}")
        return channel

    def _message(
        self, request: web.Request, needed: Permission = Permission.VIEW_CHANNEL
    ) -> Message:
        channel = self._channel(request, needed)
        reference = request.match_info["message"]
        if not (reference.isdecimal() and int(reference) in channel.messages):
            raise DiscordError(404, 10008, "Unknown Message", rule="unknown_message")
        message = self._world.messages.get(channel, reference)
        if message.audience is not None:
            raise DiscordError(404, 10008, "Unknown Message", rule="unknown_message")
        return message

    def _payload(self, request: web.Request, message: Message) -> Json:
        account = caller(request, self._world)
        all_content = account.may_read_content
        return message_payload(message, reader=account.user, all_content=all_content)


def check_pings(draft: Draft, *, violations: Violations) -> None:
    """Record a bot's message that pings everyone because nothing forbade it."""
    if mentions_everyone(draft.content, draft.allowed_mentions):
        violations.record("mention", "A message of a bot pings everyone.")


def _answering(draft: Draft, payload: Json, channel: Channel, bot: User) -> Draft:
    reference = payload.get("message_reference")
    if not reference:
        return draft
    if not may(channel, bot, Permission.READ_MESSAGE_HISTORY):
        raise DiscordError(400, 160002, "Cannot reply without permission to read message history")
    answered = channel.messages.get(int(reference["message_id"]))
    if answered is None or not _public(answered):
        if reference.get("fail_if_not_exists", True):
            detail = "message_reference: Unknown message"
            raise DiscordError(400, 50035, detail)
        return draft
    return replace(draft, reference=answered)


def _public(message: Message) -> bool:
    return not message.deleted and message.audience is None


def _page(messages: list[Message], query: Mapping[str, str]) -> list[Message]:
    limit = min(max(int(query.get("limit", PAGE)), 1), MAX_PAGE)
    if "after" in query:
        later = [each for each in messages if each.id > int(query["after"])]
        return later[:limit][::-1]
    if "around" in query:
        around = int(query["around"])
        nearest = sorted(messages, key=lambda each: abs(each.id - around))[:limit]
        return sorted(nearest, key=lambda each: each.id, reverse=True)
    before = int(query.get("before", 0)) or None
    earlier = [each for each in messages if before is None or each.id < before]
    return earlier[::-1][:limit]
