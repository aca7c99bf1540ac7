"""The voice gateway, version 8: what a client says on its websocket and what it is told."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.voice import dave
from sandbox.voice.client import ClientSession, Wire
from sandbox.voice.rtp import CIPHERS
from sandbox.voice.sessions import Refused, Sessions
from sandbox.voice.udp import HOST

log = logging.getLogger(__name__)

IDENTIFY, SELECT_PROTOCOL, READY, HEARTBEAT, SESSION_DESCRIPTION, SPEAKING = range(6)
HEARTBEAT_ACK, RESUME, HELLO, RESUMED = 6, 7, 8, 9
VIDEO = 12

UNKNOWN_OP, BAD_PAYLOAD, NOT_AUTHENTICATED, ALREADY_AUTHENTICATED = 4001, 4002, 4003, 4005
SESSION_TIMEOUT, UNKNOWN_PROTOCOL, UNKNOWN_MODE, DAVE_REQUIRED = 4009, 4012, 4016, 4017

HEARTBEAT_INTERVAL = 13.75
MISSED_HEARTBEATS = 2
CLOSING_TIMEOUT = 1.0
LARGEST_MESSAGE = 1 << 16


class VoiceGateway:
    """Serve the websockets of all clients; `port` returns the UDP port they are sent to."""

    def __init__(self, *, sessions: Sessions, port: Callable[[], int]) -> None:
        self._sessions = sessions
        self._port = port

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket until it is closed."""
        ws = web.WebSocketResponse(timeout=CLOSING_TIMEOUT, max_msg_size=LARGEST_MESSAGE)
        await ws.prepare(request)
        wire = Wire(ws)
        wire.send(_json(HELLO, {"v": 8, "heartbeat_interval": HEARTBEAT_INTERVAL * 1000}))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wire.run(), name="voice websocket writer")
            await VoiceConversation(self._sessions, self._port(), wire).run(ws)
        return ws


class VoiceConversation:
    """Follow one websocket from HELLO to its end."""

    def __init__(self, sessions: Sessions, port: int, wire: Wire) -> None:
        self._sessions = sessions
        self._port = port
        self._wire = wire
        self._session: ClientSession | None = None

    async def run(self, ws: web.WebSocketResponse) -> None:
        """Answer until either side closes."""
        try:
            await self._read(ws)
        except Refused as refusal:
            log.debug("Voice websocket closed with %s: %s", refusal.code, refusal)
            self._wire.close(refusal.code)
        finally:
            self._wire.close(1000)
            if self._session is not None:
                self._session.detach(self._wire)

    async def _read(self, ws: web.WebSocketResponse) -> None:
        patience = HEARTBEAT_INTERVAL * MISSED_HEARTBEATS
        while True:
            try:
                message = await ws.receive(timeout=patience)
            except TimeoutError:
                raise Refused(SESSION_TIMEOUT, "the client fell silent") from None
            if message.type is WSMsgType.TEXT:
                self._take_json(message.data)
            elif message.type is WSMsgType.BINARY:
                self._take_binary(message.data)
            else:
                return

    def _take_json(self, text: str) -> None:
        try:
            message = json.loads(text)
            op, data = int(message["op"]), message["d"]
            self._dispatch(op, data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refused(BAD_PAYLOAD, f"a message cannot be read: {error!r}") from error

    def _dispatch(self, op: int, data: Any) -> None:
        if op == HEARTBEAT:
            self._wire.send(_json(HEARTBEAT_ACK, {"t": data["t"]}))
        elif op == IDENTIFY:
            self._identify(data)
        elif op == RESUME:
            self._resume(data)
        else:
            self._converse(op, data)

    def _converse(self, op: int, data: Any) -> None:
        session = self._authenticated()
        if op == SELECT_PROTOCOL:
            self._select_protocol(session, data)
        elif op == SPEAKING:
            self._speaking(session, data)
        elif op == dave.TRANSITION_READY:
            session.channel.group.receive_ready(session.user_id, int(data["transition_id"]))
        elif op == dave.INVALID_COMMIT_WELCOME:
            session.channel.group.receive_invalid(session.user_id)
        elif op != VIDEO:
            raise Refused(UNKNOWN_OP, f"op {op} is unknown")

    def _take_binary(self, data: bytes) -> None:
        session = self._authenticated()
        group = session.channel.group
        op, body = data[:1], data[1:]
        try:
            if op == bytes([dave.KEY_PACKAGE]):
                group.receive_key_package(session.user_id, body)
            elif op == bytes([dave.COMMIT_WELCOME]):
                group.receive_commit(session.user_id, body)
            else:
                raise Refused(UNKNOWN_OP, f"binary op {op!r} is unknown")
        except ValueError as error:
            session.rules.breach("dave_commit", str(error))
            raise Refused(BAD_PAYLOAD, "a commit cannot be read") from error

    def _identify(self, data: Any) -> None:
        self._begin()
        if int(data.get("max_dave_protocol_version") or 0) < dave.PROTOCOL_VERSION:
            raise Refused(DAVE_REQUIRED, "the client cannot encrypt end to end")
        self._session = session = self._sessions.identify(
            token=str(data["token"]),
            guild_id=int(data["server_id"]),
            user_id=int(data["user_id"]),
            session_id=str(data["session_id"]),
        )
        session.attach(self._wire)
        session.send(
            READY,
            {"ssrc": session.ssrc, "ip": HOST, "port": self._port, "modes": list(CIPHERS)},
        )

    def _resume(self, data: Any) -> None:
        self._begin()
        self._session = session = self._sessions.resume(
            token=str(data["token"]),
            guild_id=int(data["server_id"]),
            session_id=str(data["session_id"]),
        )
        session.attach(self._wire)
        self._wire.send(_json(RESUMED, None))
        session.replay(int(data.get("seq_ack", -1)))

    def _select_protocol(self, session: ClientSession, data: Any) -> None:
        if data["protocol"] != "udp":
            raise Refused(UNKNOWN_PROTOCOL, "only udp is spoken here")
        choice = data["data"]
        if choice["mode"] not in CIPHERS:
            raise Refused(UNKNOWN_MODE, "the encryption mode is unknown")
        session.select(choice["mode"], (HOST, int(choice["port"])))
        session.send(
            SESSION_DESCRIPTION,
            {
                "mode": session.mode,
                "secret_key": list(session.key),
                "dave_protocol_version": dave.PROTOCOL_VERSION,
            },
        )
        session.channel.enter_client(session)

    def _speaking(self, session: ClientSession, data: Any) -> None:
        session.speaking = int(data["speaking"])
        session.rules.announce(bool(session.speaking))
        if int(data["ssrc"]) != session.ssrc:
            session.rules.breach("speaking_ssrc", "op 5 named another SSRC")
        if session.mode:
            session.channel.speaking(session.user_id, session.ssrc, session.speaking)

    def _begin(self) -> None:
        if self._session is not None:
            raise Refused(ALREADY_AUTHENTICATED, "the client identified twice")

    def _authenticated(self) -> ClientSession:
        if self._session is None:
            raise Refused(NOT_AUTHENTICATED, "the client has to identify first")
        return self._session


def _json(op: int, data: Any) -> str:
    return json.dumps({"op": op, "d": data})
