from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.command_options import parse_upload
from sandbox.control_http import BadRequestError, read, reply, taking_part
from sandbox.gateway import Gateway
from sandbox.intents import parse_intents
from sandbox.messages import Draft, Revision
from sandbox.model import Channel, ChannelKind, Guild, Json, Message, Overwrite, VoiceState
from sandbox.permissions import parse_permissions
from sandbox.ports import Voice
from sandbox.shapes import (
    channel_shape,
    guild_shape,
    message_shape,
    messages_shape,
    user_shape,
)
from sandbox.world import World

LONGEST = 200_000
"""Most characters of a person's message. Discord's own limit is 2000 (4000 for some); a bot must
bear more, so that this API lets more be tried."""

KINDS: dict[str, ChannelKind] = {
    "text": "text",
    "voice": "voice",
    "stage": "stage",
    "0": "text",
    "2": "voice",
    "13": "stage",
}


class WorldControl:
    """Let an outsider see the world, make more of it, and act as its people in text."""

    def __init__(
        self,
        *,
        world: World,
        gateway: Gateway,
        voice: Voice,
        connect: Callable[[], Json],
        reset: Callable[[], Awaitable[None]],
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._voice_server = voice
        self._connect = connect
        self._reset = reset

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        messages = "/channels/{channel}/messages"
        return [
            web.get("/state", self.state),
            web.post("/reset", self.reset),
            web.post("/guilds", self.add_guild),
            web.delete("/guilds/{guild}", self.remove_guild),
            web.post("/channels", self.add_channel),
            web.patch("/channels/{channel}", self.change_channel),
            web.delete("/channels/{channel}", self.delete_channel),
            web.post("/users", self.add_user),
            web.post("/users/{user}/dm", self.open_direct),
            web.post("/application", self.set_application),
            web.get(messages, self.messages),
            web.post(messages, self.post),
            web.patch(messages + "/{message}", self.edit),
            web.delete(messages + "/{message}", self.delete),
            web.delete(messages, self.delete_many),
            web.post("/channels/{channel}/typing", self.type),
        ]

    async def state(self, request: web.Request) -> web.Response:
        """Describe the whole world."""
        bot = {**user_shape(self._world.bot), "online": self._gateway.online.is_set()}
        people = [user for user in self._world.users.values() if not user.bot]
        return reply(
            {
                "bot": bot,
                "users": [user_shape(user) for user in people],
                "guilds": [guild_shape(guild) for guild in self._world.guilds.values()],
                "voice": self._voice(),
                "connect": self._connect(),
            }
        )

    async def reset(self, request: web.Request) -> web.Response:
        """Go back to the start."""
        await self._reset()
        return reply({})

    async def add_guild(self, request: web.Request) -> web.Response:
        """Create a server with a text and a voice channel."""
        body = await read(request)
        return reply(guild_shape(self._world.add_guild(str(body.get("name") or "New server"))))

    async def remove_guild(self, request: web.Request) -> web.Response:
        """Delete a server; for bots it is as if they were put out of it."""
        guild = self._world.guild(request.match_info["guild"])
        inside = list(guild.voice_states.values())
        self._world.remove_guild(guild)
        await self._put_out(guild, inside)
        return reply(guild_shape(guild))

    async def add_channel(self, request: web.Request) -> web.Response:
        """Create a channel, with permission overwrites if given, or a thread of a `parent`."""
        body = await read(request)
        if "parent" in body:
            parent = self._world.channel(body["parent"])
            return reply(channel_shape(self._world.open_thread(parent, str(body["name"]))))
        guild = self._world.guild(body["guild"]) if "guild" in body else self._first_guild()
        kind = KINDS.get(str(body.get("type", "text")))
        if kind is None:
            raise BadRequestError("The type of a channel is text, voice or stage.")
        overwrites = self._overwrites(guild, body)
        channel = self._world.add_channel(guild, str(body["name"]), kind, overwrites)
        return reply(channel_shape(channel))

    async def change_channel(self, request: web.Request) -> web.Response:
        """Replace a channel's permission overwrites."""
        channel, body = self._channel(request), await read(request)
        guild = channel.guild or self._first_guild()
        self._world.permit(channel, self._overwrites(guild, body))
        return reply(channel_shape(channel))

    async def delete_channel(self, request: web.Request) -> web.Response:
        """Delete a channel; those in its voice are put out."""
        channel = self._channel(request)
        states = list(channel.guild.voice_states.values()) if channel.guild else []
        self._world.remove_channel(channel)
        if channel.guild:
            inside = [state for state in states if state.channel is channel]
            await self._put_out(channel.guild, inside)
        return reply(channel_shape(channel))

    async def add_user(self, request: web.Request) -> web.Response:
        """Create a person who joins every server."""
        body = await read(request)
        return reply(user_shape(self._world.add_user(str(body["name"]))))

    async def open_direct(self, request: web.Request) -> web.Response:
        """Open the DM channel between a person and the bot, or another `bot`.

        With `closed` the person takes no messages of bots there, or takes them again.
        """
        user, body = self._world.person(request.match_info["user"]), await read(request)
        user.takes_direct = not body.get("closed", not user.takes_direct)
        bot = self._world.account(body.get("bot", "bot")).user
        return reply(channel_shape(self._world.open_direct(user, bot=bot)))

    async def set_application(self, request: web.Request) -> web.Response:
        """Withdraw or grant privileged intents of the bot, or of another `bot`."""
        body = await read(request)
        account = self._world.account(body.get("bot", "bot"))
        account.intents = parse_intents(body["intents"])
        return reply({"intents": int(account.intents)})

    async def messages(self, request: web.Request) -> web.Response:
        """List a channel's messages, oldest first."""
        after = request.query.get("after") or "0"
        if not after.isdecimal():
            raise BadRequestError("after is the id of a message.")
        return reply(messages_shape(self._channel(request), after=int(after)))

    async def post(self, request: web.Request) -> web.Response:
        """Post as a person."""
        channel, body = self._channel(request), await read(request)
        draft = Draft(
            content=_content(body),
            uploads=[parse_upload(each) for each in body.get("attachments") or []],
            reference=self._answered(channel, body),
            forwarded=self._forwarded(body),
        )
        if not (draft.content or draft.uploads or draft.forwarded):
            raise BadRequestError("A message needs content or attachments.")
        user = taking_part(self._world.person(body["user"]), channel)
        message = self._world.messages.post(channel, user, draft)
        return reply(message_shape(message))

    async def edit(self, request: web.Request) -> web.Response:
        """Edit a person's own message."""
        message, body = self._message(request), await read(request)
        if message.author.bot:
            raise BadRequestError("A person cannot edit the bot's message.")
        self._world.messages.edit(message, Revision(content=_content(body)))
        return reply(message_shape(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message, its author's or as an admin does."""
        message = self._message(request)
        self._world.messages.delete(message)
        return reply(message_shape(message))

    async def delete_many(self, request: web.Request) -> web.Response:
        """Delete several messages at once, as a moderator or another bot does."""
        channel, body = self._channel(request), await read(request)
        messages = [self._world.messages.get(channel, each) for each in body["messages"]]
        self._world.messages.delete_many(channel, messages)
        return reply({"messages": [message_shape(message) for message in messages]})

    async def type(self, request: web.Request) -> web.Response:
        """Let a person type."""
        channel, body = self._channel(request), await read(request)
        user = taking_part(self._world.person(body["user"]), channel)
        self._world.messages.type(channel, user)
        return reply({})

    async def _put_out(self, guild: Guild, inside: list[VoiceState]) -> None:
        """Let the voice service part from those who were in a channel that is no more."""
        for state in inside:
            if state.user.bot:
                self._voice_server.revoke(guild_id=guild.id, user_id=state.user.id)
            else:
                channel_id = state.channel.id
                await self._voice_server.human_leave(channel_id=channel_id, user_id=state.user.id)

    def _channel(self, request: web.Request) -> Channel:
        return self._world.channel(request.match_info["channel"])

    def _message(self, request: web.Request) -> Message:
        return self._world.messages.get(self._channel(request), request.match_info["message"])

    def _answered(self, channel: Channel, body: Json) -> Message | None:
        reference = body.get("reply_to")
        return self._world.messages.get(channel, reference) if reference else None

    def _forwarded(self, body: Json) -> Message | None:
        """Return the message that `forward` names: {"channel", "message"}."""
        if (given := body.get("forward")) is None:
            return None
        return self._world.messages.get(self._world.channel(given["channel"]), given["message"])

    def _first_guild(self) -> Guild:
        if not self._world.guilds:
            raise BadRequestError("There is no server left.")
        return next(iter(self._world.guilds.values()))

    def _voice(self) -> dict[str, list[str]]:
        voice: dict[str, list[str]] = {}
        for guild in self._world.guilds.values():
            for state in guild.voice_states.values():
                name = "bot" if state.user is self._world.bot else state.user.name
                voice.setdefault(str(state.channel.id), []).append(name)
        return voice

    def _overwrites(self, guild: Guild, body: Json) -> list[Overwrite]:
        given = body.get("permission_overwrites", body.get("overwrites")) or []
        return [self._overwrite(guild, each) for each in given]

    def _overwrite(self, guild: Guild, given: Json) -> Overwrite:
        """Read an overwrite; `id` is a role or user, by id or name ("@everyone", "bot")."""
        target = str(given["id"])
        allow, deny = (parse_permissions(given.get(key)) for key in ("allow", "deny"))
        is_member = str(given.get("type", "")) in ("1", "member", "user")
        for role in guild.roles.values():
            if not is_member and target in (str(role.id), role.name, role.name.strip("@")):
                return Overwrite(role.id, False, allow, deny)
        return Overwrite(self._world.user(target).id, True, allow, deny)


def _content(body: Json) -> str:
    content = str(body.get("content") or "")
    if len(content) > LONGEST:
        raise BadRequestError(f"A message has at most {LONGEST} characters.")
    return content
