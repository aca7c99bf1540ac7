import asyncio
import json
import logging
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.events import EventBus
from sandbox.faults import Faults
from sandbox.gateway_session import RESUMABLE, Connection, Session
from sandbox.gateway_voice import VoiceEntry
from sandbox.intents import Intent
from sandbox.model import Change, Guild, Json, Member, UnknownError
from sandbox.payloads import member_payload, user_payload
from sandbox.ports import Voice
from sandbox.violations import Violations
from sandbox.world import World

log = logging.getLogger(__name__)

(
    HEARTBEAT,
    IDENTIFY,
    PRESENCE,
    VOICE_STATE,
    RESUME,
    MEMBERS,
    INVALID_SESSION,
    HELLO,
    HEARTBEAT_ACK,
) = (1, 2, 3, 4, 6, 8, 9, 10, 11)
"""The gateway's opcodes."""

HEARTBEAT_INTERVAL = 41.25
SILENCE = 2 * HEARTBEAT_INTERVAL
"""Seconds between heartbeats, and after which a silent client is closed with 4009."""

ACK_DELAY = 0.02
"""Seconds: clients that send from a thread note the time only after the send has returned."""

SENDS, SENDS_WINDOW = 120, 60.0
"""Frames that a client may send in so many seconds."""

MAX_FRAME = 1 << 16
CLOSE_TIMEOUT = 0.5
FOREVER = 3600.0
"""Bytes of one frame; seconds that a client has to answer a close, and that a zombie stays one."""

RESUME_URL = "wss://gateway-resume.discord.gg"
GOING_AWAY = 1001
ENDING = (1000, GOING_AWAY)
"""The close codes with which a client ends its session."""


class GatewayError(Exception):
    """End a connection with a close code; `rule` names the breach to record, empty for none."""

    def __init__(self, code: int, detail: str, *, rule: str = "gateway_protocol") -> None:
        super().__init__(detail)
        self.code = code
        self.rule = rule


class Gateway:
    """Speak Discord's gateway v10 to the bot: identify, heartbeats, events and resume."""

    def __init__(
        self, *, world: World, voice: Voice, violations: Violations, faults: Faults, bus: EventBus
    ) -> None:
        self.online = asyncio.Event()
        self._world = world
        self._entry = VoiceEntry(world=world, voice=voice, violations=violations)
        self._violations = violations
        self._faults = faults
        self._bus = bus
        self._session: Session | None = None
        self._connections: set[Connection] = set()
        world.listeners.append(self._dispatch)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one gateway websocket."""
        socket = web.WebSocketResponse(
            compress=False, timeout=CLOSE_TIMEOUT, max_msg_size=MAX_FRAME
        )
        await socket.prepare(request)
        compressed = request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, compressed=compressed)
        self._connections.add(connection)
        try:
            await self._serve(connection)
        finally:
            self._connections.discard(connection)
            self._lose(connection)
        return socket

    def drop(self, code: int = RESUMABLE) -> None:
        """Close the bot's connections with a close code; its session can be resumed."""
        for connection in self._connections:
            connection.close(code)

    async def aclose(self) -> None:
        """Close every connection: this gateway goes away."""
        for connection in list(self._connections):
            connection.dropped = True
            await connection.socket.close(code=GOING_AWAY)

    def commit_faults(self) -> None:
        """Commit the ordered faults on the bot's connection, where there is one."""
        session = self._session
        connection = session.connection if session else None
        if connection is None:
            return
        if zombie := self._faults.take("gateway", "zombie"):
            seconds = FOREVER if zombie.seconds is None else zombie.seconds
            connection.silent_until = asyncio.get_running_loop().time() + seconds
        elif self._faults.take("gateway", "invalid-session"):
            connection.send_op(INVALID_SESSION, False)
            self._end_session()
        elif self._faults.take("gateway", "drop"):
            connection.close(RESUMABLE)

    def _dispatch(self, change: Change) -> None:
        if self._session:
            self._session.deliver(change)

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
                frame = json.loads(message.data)
                self._take(connection, int(frame["op"]), frame.get("d"))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise GatewayError(4002, "Decode error") from error

    def _take(self, connection: Connection, op: int, data: Any) -> None:
        session = self._session
        if op == HEARTBEAT:
            loop = asyncio.get_running_loop()
            loop.call_later(ACK_DELAY, connection.send_op, HEARTBEAT_ACK, None)
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif op not in (PRESENCE, VOICE_STATE, MEMBERS):
            raise GatewayError(4001, f"Unknown opcode {op}")
        elif session is None or session.connection is not connection:
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
                self._bus.publish("presence", **presence)
        except UnknownError as error:
            log.warning("Gateway: %s", error)

    def _identify(self, connection: Connection, data: Json) -> None:
        if self._session and self._session.connection is connection:
            raise GatewayError(4005, "Already authenticated")
        self._authenticate(data)
        if list(data.get("shard") or (0, 1)) != [0, 1]:
            raise GatewayError(4010, "Invalid shard")
        intents = Intent(int(data["intents"])) & Intent.ALL
        if intents & Intent.PRIVILEGED & ~self._world.intents:
            raise GatewayError(4014, "Disallowed intents", rule="intents")
        self._end_session()
        session = Session(world=self._world, intents=intents, connection=connection)
        self._session = session
        session.push("READY", self._ready(session))
        for guild in self._world.guilds.values() if intents & Intent.GUILDS else ():
            payload = {**session.guild_payload(guild), "unavailable": False}
            session.push("GUILD_CREATE", payload)
        self._go_online()

    def _resume(self, connection: Connection, data: Json) -> None:
        self._authenticate(data)
        session, sequence = self._session, int(data["seq"])
        if session and session.id == data["session_id"] and sequence > session.sequence:
            raise GatewayError(4007, "Invalid seq")
        if not (session and session.id == data["session_id"] and session.can_replay(sequence)):
            connection.send_op(INVALID_SESSION, False)
            return
        if session.connection and session.connection is not connection:
            session.connection.close(RESUMABLE)
        session.resume(connection, sequence)
        self._go_online()

    def _authenticate(self, data: Json) -> None:
        if str(data.get("token")).removeprefix("Bot ") != self._world.bot_token:
            raise GatewayError(4004, "Authentication failed", rule="token")

    def _ready(self, session: Session) -> Json:
        bot = self._world.bot
        return {
            "v": 10,
            "user": {**user_payload(bot), "verified": True, "mfa_enabled": False},
            "session_id": session.id,
            "resume_gateway_url": RESUME_URL,
            "guilds": [{"id": str(each), "unavailable": True} for each in self._world.guilds],
            "application": {"id": str(bot.id), "flags": 0},
            "shard": [0, 1],
        }

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

    def _go_online(self) -> None:
        self.online.set()
        self._bus.publish("bot_online")
        asyncio.get_running_loop().call_soon(self.commit_faults)

    def _lose(self, connection: Connection) -> None:
        session = self._session
        if session is None or session.connection is not connection:
            return
        session.connection = None
        self.online.clear()
        self._bus.publish("bot_offline")
        if not connection.dropped and connection.socket.close_code in ENDING:
            self._end_session()

    def _end_session(self) -> None:
        self._session = None
        self.online.clear()
        self._entry.leave_all()


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
