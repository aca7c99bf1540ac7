import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.addresses import own_gateway
from sandbox.events import EventBus
from sandbox.faults import Faults
from sandbox.gateway_session import INVALID_SESSION, RESUMABLE, Connection, Session
from sandbox.gateway_sessions import GOING_AWAY, GatewayError, GatewaySessions
from sandbox.gateway_voice import VoiceEntry
from sandbox.model import Channel, Guild, Json, Member, UnknownError, User
from sandbox.payloads import member_payload
from sandbox.ports import Voice
from sandbox.violations import Violations
from sandbox.world import World

log = logging.getLogger(__name__)

HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, MEMBERS = 1, 2, 3, 4, 6, 8
HELLO, HEARTBEAT_ACK = 10, 11
"""The gateway's opcodes."""

HEARTBEAT_INTERVAL = 41.25
SILENCE = 2 * HEARTBEAT_INTERVAL
"""Seconds between heartbeats, and after which a silent client is closed with 4009."""

ACK_DELAY = 0.02
"""Seconds: clients that send from a thread note the time only after the send has returned."""

SENDS, SENDS_WINDOW = 120, 60.0
"""Frames that a client may send in so many seconds."""

MAX_FRAME = 1 << 16
MAX_PAYLOAD = 4096
"""Bytes of one frame: that are read at all, and that Discord takes."""

CLOSE_TIMEOUT = 0.5
FOREVER = 3600.0
"""Seconds that a client has to answer a close, and that a zombie stays one."""


class Gateway:
    """Speak Discord's gateway v10 to bots: identify, heartbeats, events and resume.

    `own_endpoint` returns the voice server's address for clients of this server's own address.
    """

    def __init__(
        self,
        *,
        world: World,
        voice: Voice,
        violations: Violations,
        faults: Faults,
        bus: EventBus,
        own_endpoint: Callable[[], str],
    ) -> None:
        self._world = world
        self._entry = VoiceEntry(
            world=world, voice=voice, violations=violations, own_endpoint=own_endpoint
        )
        self._violations = violations
        self._faults = faults
        self._bus = bus
        self._sessions = GatewaySessions(world=world, entry=self._entry, bus=bus)
        self._connections: set[Connection] = set()
        world.listeners.append(self._sessions.deliver)

    @property
    def online(self) -> asyncio.Event:
        """Return the event that is set while the world's own bot is connected."""
        return self._sessions.online

    def is_online(self, user: User) -> bool:
        """Tell whether a bot is connected."""
        session = self._sessions.of(user)
        return session is not None and session.connection is not None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one gateway websocket."""
        socket = web.WebSocketResponse(
            compress=False, timeout=CLOSE_TIMEOUT, max_msg_size=MAX_FRAME
        )
        await socket.prepare(request)
        compressed = request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, compressed=compressed, own_url=own_gateway(request))
        self._connections.add(connection)
        try:
            await self._serve(connection)
        finally:
            self._connections.discard(connection)
            self._sessions.lose(connection)
        return socket

    def drop(self, code: int = RESUMABLE) -> None:
        """Close every connection with a close code; the sessions can be resumed."""
        for connection in self._connections:
            connection.close(code)

    async def aclose(self) -> None:
        """Close every connection: this gateway goes away."""
        for connection in list(self._connections):
            connection.dropped = True
            await connection.socket.close(code=GOING_AWAY)

    def move(self, bot: User, channel: Channel) -> None:
        """Put a bot that is in voice into another channel of that server."""
        session = self._sessions.of(bot)
        if session is not None and channel.guild is not None:
            self._entry.move(session, channel.guild, channel)

    def disconnect(self, bot: User, guild: Guild) -> None:
        """Put a bot out of voice."""
        self._entry.leave(guild, bot)

    async def change_server(self, bot: User, guild: Guild, *, gap: float) -> None:
        """Give a bot in voice another voice server, after `gap` seconds without any."""
        session = self._sessions.of(bot)
        if session is not None:
            await self._entry.change_server(session, guild, gap=gap)

    def commit_faults(self) -> None:
        """Commit the ordered faults on the connection of the world's own bot, where it has one."""
        session = self._sessions.of(self._world.bot)
        connection = session.connection if session else None
        if connection is None:
            return
        if zombie := self._faults.take("gateway", "zombie"):
            seconds = FOREVER if zombie.seconds is None else zombie.seconds
            connection.silent_until = asyncio.get_running_loop().time() + seconds
        elif self._faults.take("gateway", "invalid-session"):
            connection.send_op(INVALID_SESSION, False)
            self._sessions.end(self._world.bot)
        elif self._faults.take("gateway", "drop"):
            connection.close(RESUMABLE)

    async def _serve(self, connection: Connection) -> None:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(connection.write(), name="sandbox:gateway-writer")
            connection.send_op(HELLO, {"heartbeat_interval": int(HEARTBEAT_INTERVAL * 1000)})
            try:
                await self._converse(connection)
            except GatewayError as error:
                if error.rule:
                    self._violations.record(error.rule, f"{error} (close {error.code})")
                await connection.socket.close(code=error.code, message=str(error).encode()[:120])
            writer.cancel()

    async def _converse(self, connection: Connection) -> None:
        arrivals: deque[float] = deque(maxlen=SENDS)
        while True:
            try:
                message = await connection.socket.receive(timeout=SILENCE)
            except TimeoutError:
                raise GatewayError(4009, "Session timed out", rule="") from None
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                return
            _hold_rate(arrivals)
            if connection.silent:
                continue
            try:
                if len(message.data) > MAX_PAYLOAD:
                    raise ValueError("the payload is larger than 4096 bytes")
                frame = json.loads(message.data)
                self._take(connection, int(frame["op"]), frame.get("d"))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise GatewayError(4002, "Decode error") from error

    def _take(self, connection: Connection, op: int, data: Any) -> None:
        loop = asyncio.get_running_loop()
        if op == HEARTBEAT:
            loop.call_later(ACK_DELAY, connection.send_op, HEARTBEAT_ACK, None)
        elif op in (IDENTIFY, RESUME):
            begin = self._sessions.identify if op == IDENTIFY else self._sessions.resume
            begin(connection, data)
            loop.call_soon(self.commit_faults)
        elif op not in (PRESENCE, VOICE_STATE, MEMBERS):
            raise GatewayError(4001, f"Unknown opcode {op}")
        elif (session := self._sessions.on(connection)) is None:
            raise GatewayError(4003, "Not authenticated")
        else:
            self._obey(session, op, data)

    def _obey(self, session: Session, op: int, data: Json) -> None:
        try:
            if op == VOICE_STATE:
                self._entry.change(session, data)
            elif op == MEMBERS:
                self._send_members(session, data)
            else:
                presence = {key: data.get(key) for key in ("status", "activities")}
                user_id = str(session.account.user.id)
                self._bus.publish("presence", user_id=user_id, **presence)
        except UnknownError as error:
            log.warning("Gateway: %s", error)

    def _send_members(self, session: Session, wish: Json) -> None:
        guild = self._world.guild(wish["guild_id"])
        members = _matching(guild, wish)
        session.push(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(guild.id),
                "members": [member_payload(member) for member in members],
                "chunk_index": 0,
                "chunk_count": 1,
                **({"nonce": wish["nonce"]} if "nonce" in wish else {}),
            },
        )


def _hold_rate(arrivals: deque[float]) -> None:
    now = asyncio.get_running_loop().time()
    if len(arrivals) == SENDS and now - arrivals[0] < SENDS_WINDOW:
        raise GatewayError(4008, "Rate limited", rule="gateway_rate_limit")
    arrivals.append(now)


def _matching(guild: Guild, wish: Json) -> list[Member]:
    members = list(guild.members.values())
    if wanted := wish.get("user_ids"):
        ids = {str(each) for each in (wanted if isinstance(wanted, list) else [wanted])}
        return [member for member in members if str(member.user.id) in ids]
    query = str(wish.get("query") or "").lower()
    found = [member for member in members if member.user.name.lower().startswith(query)]
    return found[: wish.get("limit") or None]
