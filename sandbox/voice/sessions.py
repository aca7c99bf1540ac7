import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.events import EventBus
from sandbox.faults import Faults
from sandbox.violations import Violations
from sandbox.voice.channel import VoiceChannel
from sandbox.voice.client import Address, ClientSession

log = logging.getLogger(__name__)

ENDPOINTS = ("sandbox.discord.media", "sandbox-two.discord.media")
"""The names of the voice servers; they are one, but a client must not know that."""
MAX_CHANNELS = 1_000
"""Channels remembered; the first empty one is forgotten with its recording."""

AUTHENTICATION_FAILED, SESSION_INVALID, DISCONNECTED, SERVER_CRASHED = 4004, 4006, 4014, 4015
END_OF_GRANT = (SESSION_INVALID, DISCONNECTED, 4017, 4022)
"""Close codes after which the same token is worth nothing."""
LEAVE_GRACE = 0.2
"""Seconds in which a client that left may close its websocket itself."""


class Refused(Exception):  # noqa: N818 - a close code is an answer, not a fault of ours
    """Close the websocket with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class VoiceGrant:
    """Hold what VOICE_SERVER_UPDATE tells a client."""

    token: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Hold whom a token admits, and where."""

    token: str
    guild_id: int
    channel_id: int
    user_id: int
    session_id: str


class Sessions:
    """Know who may connect, who is connected, and the channels; one session per guild and user."""

    def __init__(
        self,
        *,
        violations: Violations,
        bus: EventBus,
        faults: Faults,
        send_rtp: Callable[[bytes, Address], None],
    ) -> None:
        self.channels: dict[int, VoiceChannel] = {}
        self._violations = violations
        self._bus = bus
        self._faults = faults
        self._send_rtp = send_rtp
        self._admissions: dict[tuple[int, int], Admission] = {}
        self._sessions: dict[tuple[int, int], ClientSession] = {}
        self._by_ssrc: dict[int, ClientSession] = {}
        self._ssrcs = itertools.count(1_001, 10)
        self._endpoints = itertools.cycle(ENDPOINTS)
        self._endpoint = next(self._endpoints)

    def admit(self, *, guild_id: int, channel_id: int, user_id: int, session_id: str) -> VoiceGrant:
        """Let a client connect to a channel; it leaves another one of the guild with 4014."""
        key = (guild_id, user_id)
        session = self._sessions.get(key)
        if session is not None and session.channel.channel_id != channel_id:
            self.end(guild_id=guild_id, user_id=user_id, code=DISCONNECTED)
        token = secrets.token_hex(8)
        self._admissions[key] = Admission(token, guild_id, channel_id, user_id, session_id)
        return VoiceGrant(token, self._endpoint)

    def change_server(self, *, guild_id: int, user_id: int) -> None:
        """Close a client's connection; the next grants name another server."""
        self._endpoint = next(self._endpoints)
        self.end(guild_id=guild_id, user_id=user_id, code=DISCONNECTED)

    def withdraw(self, *, guild_id: int, user_id: int) -> None:
        """Take a client out of voice; its websocket follows unless it closes it itself."""
        self._admissions.pop((guild_id, user_id), None)
        session = self._remove(guild_id, user_id)
        if session is not None:
            asyncio.get_running_loop().call_later(LEAVE_GRACE, session.close, DISCONNECTED)

    def end(self, *, guild_id: int, user_id: int, code: int) -> None:
        """Close a client's websocket; after 4015 it may resume, otherwise its session is over."""
        if code in END_OF_GRANT:
            self._admissions.pop((guild_id, user_id), None)
        if code == SERVER_CRASHED:
            session = self._sessions.get((guild_id, user_id))
        else:
            session = self._remove(guild_id, user_id)
        if session is not None:
            session.close(code)

    def end_all(self, code: int) -> None:
        """End every session and forget every channel."""
        for guild_id, user_id in list(self._sessions):
            self.end(guild_id=guild_id, user_id=user_id, code=code)
        for channel in self.channels.values():
            channel.group.close()
            channel.humans.clear()
        self.channels.clear()
        self._admissions.clear()

    def identify(
        self, *, token: str, guild_id: int, user_id: int, session_id: str
    ) -> ClientSession:
        """Begin a session; an earlier one of the same client ends. Raises Refused."""
        admission = self._admission(token)
        if (guild_id, user_id, session_id) != (
            admission.guild_id,
            admission.user_id,
            admission.session_id,
        ):
            raise Refused(SESSION_INVALID, "the token belongs to another session")
        earlier = self._remove(guild_id, user_id)
        if earlier is not None:
            earlier.close(SESSION_INVALID)
        session = ClientSession(
            channel=self.channel(guild_id, admission.channel_id),
            user_id=user_id,
            ssrc=self.new_ssrc(),
            record=self._violations.record,
            faults=self._faults,
            send_udp=self._send_rtp,
        )
        self._sessions[guild_id, user_id] = self._by_ssrc[session.ssrc] = session
        return session

    def resume(self, *, token: str, guild_id: int, session_id: str) -> ClientSession:
        """Return the session that a client takes up again. Raises Refused."""
        admission = self._admission(token)
        session = self._sessions.get((guild_id, admission.user_id))
        if session is None or admission.session_id != session_id or not session.mode:
            raise Refused(SESSION_INVALID, "there is no session to resume")
        return session

    def by_ssrc(self, ssrc: int) -> ClientSession | None:
        """Return the session that sends with an SSRC."""
        return self._by_ssrc.get(ssrc)

    def new_ssrc(self) -> int:
        """Return an SSRC that nobody has had."""
        return next(self._ssrcs)

    def channel(self, guild_id: int, channel_id: int) -> VoiceChannel:
        """Return a channel, made when it is entered for the first time."""
        if channel_id not in self.channels:
            if len(self.channels) >= MAX_CHANNELS:
                self._forget_empty_channel()
            self.channels[channel_id] = VoiceChannel(
                guild_id=guild_id, channel_id=channel_id, bus=self._bus
            )
        return self.channels[channel_id]

    def _admission(self, token: str) -> Admission:
        for admission in self._admissions.values():
            if secrets.compare_digest(admission.token, token):
                return admission
        raise Refused(AUTHENTICATION_FAILED, "the token is unknown")

    def _remove(self, guild_id: int, user_id: int) -> ClientSession | None:
        session = self._sessions.pop((guild_id, user_id), None)
        if session is not None:
            del self._by_ssrc[session.ssrc]
            session.channel.leave(user_id)
        return session

    def _forget_empty_channel(self) -> None:
        for channel_id, channel in self.channels.items():
            if channel.empty:
                del self.channels[channel_id]
                return
