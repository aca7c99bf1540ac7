import asyncio
import secrets

from aiohttp import web

from sandbox.control_http import BadRequestError, number, read, reply
from sandbox.model import Channel, Guild, User
from sandbox.ports import Voice
from sandbox.world import World


class VoiceControl:
    """Let an outsider act as people in voice channels, and hear what they hear."""

    def __init__(self, *, world: World, voice: Voice) -> None:
        self._world = world
        self._voice = voice

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.post("/voice/{channel}/join", self.join),
            web.post("/voice/{channel}/leave", self.leave),
            web.post("/voice/{channel}/say", self.say),
            web.get("/voice/{channel}/recording.wav", self.recording),
            web.get("/voice/{channel}/frames", self.frames),
        ]

    async def join(self, request: web.Request) -> web.Response:
        """Let a person enter a voice channel, out of any other one of that server."""
        channel, guild = self._channel(request)
        user = self._world.person((await read(request))["user"])
        before = self._world.voice_state(guild, user)
        if before and before.channel is channel:
            return reply({})
        if before:
            await self._voice.human_leave(channel_id=before.channel.id, user_id=user.id)
        self._world.set_voice(channel, user, session_id=secrets.token_hex(16))
        await self._voice.human_join(guild_id=guild.id, channel_id=channel.id, user_id=user.id)
        return reply({})

    async def leave(self, request: web.Request) -> web.Response:
        """Let a person leave a voice channel."""
        channel, guild = self._channel(request)
        user = self._world.person((await read(request))["user"])
        self._present(channel, guild, user)
        self._world.leave_voice(guild, user)
        await self._voice.human_leave(channel_id=channel.id, user_id=user.id)
        return reply({})

    async def say(self, request: web.Request) -> web.Response:
        """Let a person speak the WAV in the body."""
        channel, guild = self._channel(request)
        user = self._world.person(request.query["user"])
        self._present(channel, guild, user)
        mode = request.query.get("mode", "ptt")
        if mode not in ("ptt", "open"):
            raise BadRequestError("mode is ptt or open.")
        said = await self._voice.say(
            channel_id=channel.id,
            user_id=user.id,
            wav=await request.read(),
            mode=mode,
            loss=number(request, "loss", 0.0),
            jitter_ms=number(request, "jitter_ms", 0.0),
            clear_fraction=number(request, "clear_fraction", 0.0),
        )
        return reply(said)

    async def recording(self, request: web.Request) -> web.Response:
        """Return what a person heard, as WAV."""
        channel, _ = self._channel(request)
        wav = await asyncio.to_thread(self._voice.recording, channel.id)
        return web.Response(body=wav, content_type="audio/wav")

    async def frames(self, request: web.Request) -> web.Response:
        """List the frames that arrived since a time, monotonic seconds."""
        channel, _ = self._channel(request)
        return reply(self._voice.frames(channel.id, since=number(request, "since", 0.0)))

    def _channel(self, request: web.Request) -> tuple[Channel, Guild]:
        channel = self._world.channel(request.match_info["channel"])
        if not channel.is_vocal or channel.guild is None:
            raise BadRequestError(f"{channel.name} is not a voice channel.")
        return channel, channel.guild

    def _present(self, channel: Channel, guild: Guild, user: User) -> None:
        state = self._world.voice_state(guild, user)
        if state is None or state.channel is not channel:
            raise BadRequestError(f"{user.name} is not in {channel.name}.")
