import secrets

from aiohttp import web

from sandbox.control_http import BadRequestError, read, reply
from sandbox.gateway import Gateway
from sandbox.model import Channel, Guild, Json, User
from sandbox.permissions import Permission, may
from sandbox.ports import Voice
from sandbox.world import World

LONGEST_GAP = 60.0


class ModerationControl:
    """Let an outsider act as a moderator of voice channels, and change voice servers."""

    def __init__(self, *, world: World, gateway: Gateway, voice: Voice) -> None:
        self._world = world
        self._gateway = gateway
        self._voice = voice

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.post("/voice/{channel}/move", self.move),
            web.post("/voice/{channel}/kick", self.kick),
            web.post("/voice/{channel}/stage", self.stage),
            web.post("/voice/{channel}/region", self.region),
            web.get("/voice/{channel}/statuses", self.statuses),
        ]

    async def move(self, request: web.Request) -> web.Response:
        """Let a moderator drag somebody who is in this channel to the channel `to`."""
        channel, guild = self._channel(request)
        body = await read(request)
        target = self._target(body, channel, guild)
        goal = self._world.channel(body["to"])
        if goal.guild is not guild or not goal.is_vocal:
            raise BadRequestError(f"{goal.name} is not a voice channel of this server.")
        self._moderates(body, goal)
        if target.bot:
            self._gateway.move(target, goal)
        elif goal is not channel:
            await self._voice.human_leave(channel_id=channel.id, user_id=target.id)
            self._world.set_voice(goal, target, session_id=secrets.token_hex(16))
            await self._voice.human_join(guild_id=guild.id, channel_id=goal.id, user_id=target.id)
        return reply({})

    async def kick(self, request: web.Request) -> web.Response:
        """Let a moderator disconnect somebody from this channel."""
        channel, guild = self._channel(request)
        target = self._target(await read(request), channel, guild)
        if target.bot:
            self._gateway.disconnect(target, guild)
        else:
            self._world.leave_voice(guild, target)
            await self._voice.human_leave(channel_id=channel.id, user_id=target.id)
        return reply({})

    async def stage(self, request: web.Request) -> web.Response:
        """Let a moderator bring somebody on the stage, or with `audience` back down."""
        channel, guild = self._channel(request)
        body = await read(request)
        state = self._world.voice_state(guild, self._target(body, channel, guild))
        if channel.kind != "stage" or state is None:
            raise BadRequestError(f"{channel.name} is not a stage.")
        suppress = bool(body.get("audience", False))
        self._world.set_stage_part(state, suppress=suppress, requested=None)
        return reply({})

    async def statuses(self, request: web.Request) -> web.Response:
        """List what stood under this channel's name, in order."""
        channel, _ = self._channel(request)
        return reply(
            {"statuses": [{"t": each.t, "status": each.content} for each in channel.statuses]}
        )

    async def region(self, request: web.Request) -> web.Response:
        """Change the voice server of the bots in this channel; `gap` seconds there is none."""
        channel, guild = self._channel(request)
        gap = float((await read(request)).get("gap", 0.0))
        if not 0 <= gap <= LONGEST_GAP:
            raise BadRequestError(f"The gap lies between 0 and {LONGEST_GAP:.0f} seconds.")
        for state in list(guild.voice_states.values()):
            if state.channel is channel and state.user.bot:
                await self._gateway.change_server(state.user, guild, gap=gap)
        return reply({})

    def _channel(self, request: web.Request) -> tuple[Channel, Guild]:
        channel = self._world.channel(request.match_info["channel"])
        if not channel.is_vocal or channel.guild is None:
            raise BadRequestError(f"{channel.name} is not a voice channel.")
        return channel, channel.guild

    def _target(self, body: Json, channel: Channel, guild: Guild) -> User:
        """Return whom a moderator deals with here."""
        self._moderates(body, channel)
        target = self._world.user(body["target"])
        state = self._world.voice_state(guild, target)
        if state is None or state.channel is not channel:
            raise BadRequestError(f"{target.name} is not in {channel.name}.")
        return target

    def _moderates(self, body: Json, channel: Channel) -> None:
        user = self._world.person(body["user"])
        if not may(channel, user, Permission.MOVE_MEMBERS):
            raise BadRequestError(f"{user.name} may not move members in {channel.name}.")
