from datetime import UTC, datetime

from aiohttp import web

from sandbox.discord_error import DiscordError, invalid_form, missing_permission
from sandbox.model import Json, VoiceState
from sandbox.permissions import Permission, may
from sandbox.rest import caller, no_content
from sandbox.rest_bodies import read_object
from sandbox.world import World

MAX_STATUS = 500
"""Characters of a voice channel's status."""


class VoiceRoutes:
    """Serve what a bot may change in voice by REST: its part on a stage, a channel's status."""

    def __init__(self, *, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.patch("/guilds/{guild}/voice-states/@me", self.change_own_state),
            web.put("/channels/{channel}/voice-status", self.set_status),
        ]

    async def change_own_state(self, request: web.Request) -> web.Response:
        """Let a bot enter or leave the stage, or ask for it."""
        body = await read_object(request)
        state = self._own_state(request, body)
        suppress, asked = state.suppress, state.requested
        if "suppress" in body:
            suppress = bool(body["suppress"])
            if not suppress:
                _need(state, Permission.MUTE_MEMBERS, "MUTE_MEMBERS")
        if "request_to_speak_timestamp" in body:
            asked = body["request_to_speak_timestamp"]
            if asked is not None:
                _need(state, Permission.REQUEST_TO_SPEAK, "REQUEST_TO_SPEAK")
                asked = datetime.now(UTC).isoformat()
        self._world.set_stage_part(state, suppress=suppress, requested=asked)
        return no_content()

    async def set_status(self, request: web.Request) -> web.Response:
        """Write a line under a voice channel's name."""
        channel, user = (
            self._world.channel(request.match_info["channel"]),
            caller(request, self._world).user,
        )
        status = str((await read_object(request)).get("status") or "")
        if channel.kind != "voice" or channel.guild is None:
            raise DiscordError(400, 50024, "Cannot execute action on this channel type")
        if len(status) > MAX_STATUS:
            raise invalid_form(f"Must be {MAX_STATUS} or fewer in length.", rule="status")
        here = self._world.voice_state(channel.guild, user)
        needed = Permission.SET_VOICE_CHANNEL_STATUS
        if here is None or here.channel is not channel:
            needed |= Permission.MANAGE_CHANNELS
        if not may(channel, user, needed):
            raise missing_permission("SET_VOICE_CHANNEL_STATUS")
        self._world.set_status(channel, status)
        return no_content()

    def _own_state(self, request: web.Request, body: Json) -> VoiceState:
        guild = self._world.guild(request.match_info["guild"])
        state = self._world.voice_state(guild, caller(request, self._world).user)
        if state is None or str(body.get("channel_id", state.channel.id)) != str(state.channel.id):
            raise DiscordError(400, 10065, "Unknown Voice State")
        if state.channel.kind != "stage":
            raise DiscordError(400, 50024, "Cannot execute action on this channel type")
        return state


def _need(state: VoiceState, permission: Permission, name: str) -> None:
    if not may(state.channel, state.user, permission):
        raise missing_permission(name)
