"""What discord.py's voice connection does wrong, set right; all use of its private API is here."""

import asyncio
import contextlib
import logging
import selectors
import socket
from typing import TYPE_CHECKING, Any

import discord
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import ConnectionFlowState, SocketReader, VoiceConnectionState

from services.core.errors import VoiceConnectionError
from services.voice.ciphers import MODES

if TYPE_CHECKING:
    from services.voice.client import DiscordVoiceClient

log = logging.getLogger(__name__)

# poll() needs no descriptor of its own and has no limit of 1024 of them, as select() has.
_Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)

_CLASS_API: dict[type, tuple[str, ...]] = {
    VoiceConnectionState: (
        "_connect_websocket",
        "_create_socket",
        "_handshake_websocket",
        "_inner_connect",
        "_voice_connect",
        "_wait_for_state",
        "can_encrypt",
    ),
    SocketReader: ("_do_run", "register", "resume", "stop"),
    DiscordVoiceWebSocket: ("from_connection_state", "initial_connection", "received_message"),
    discord.VoiceClient: ("checked_add", "cleanup", "create_connection_state"),
}
_STATE_API = ("_runner", "_socket_reader", "_state_event", "dave_protocol_version", "dave_session")
_CLIENT_API = ("_incr_nonce", "sequence", "timestamp")


def check_class_api() -> None:
    """Raise VoiceConnectionError when discord.py no longer has what this file builds on."""
    missing = [
        f"{owner.__name__}.{name}"
        for owner, names in _CLASS_API.items()
        for name in names
        if not hasattr(owner, name)
    ]
    _report(missing)


def check_instance_api(client: "DiscordVoiceClient", state: VoiceConnectionState) -> None:
    """Raise VoiceConnectionError when an attribute that we read is gone."""
    missing = [f"VoiceConnectionState.{name}" for name in _STATE_API if not hasattr(state, name)]
    missing += [f"VoiceClient.{name}" for name in _CLIENT_API if not hasattr(client, name)]
    _report(missing)


def _report(missing: list[str]) -> None:
    if not missing:
        return
    names = ", ".join(missing)
    log.error("discord.py %s has changed, voice needs %s", discord.__version__, names)
    raise VoiceConnectionError(
        f"discord.py {discord.__version__} lacks {names}",
        user_message="Voice does not work with the installed version of discord.py.",
    )


class OneSocketReader(SocketReader):
    """Read one UDP socket while there are listeners, and end with it.

    discord.py's own reader sleeps up to 30 s on a closed socket before it sees the next one. What
    arrives before the first listener waits in the socket: the answer to IP discovery may.
    """

    def __init__(self, state: VoiceConnectionState, sock: socket.socket) -> None:
        super().__init__(state)
        self._socket = sock

    def run(self) -> None:
        """Read until the socket is closed or `stop` is called."""
        try:
            self._do_run()
        finally:
            self.stop()
            self._callbacks.clear()

    def _do_run(self) -> None:
        with _Selector() as selector:
            if self._socket.fileno() < 0:
                return
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._end.is_set() and self._socket.fileno() >= 0:
                self._running.wait()
                readable = selector.select(timeout=1.0)
                if readable and self._running.is_set() and not self._end.is_set():
                    self._receive()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(2048)
        except OSError:  # closed, or the peer's port is: the loop's condition tells which
            return
        for callback in tuple(self._callbacks):
            try:
                callback(data)
            except Exception:  # a listener's fault must not deafen the others
                log.exception("A listener failed on a voice packet")


class VoiceWebSocket(DiscordVoiceWebSocket):
    """Choose the cheaper cipher and tell the connection who else is there."""

    _connection: "VoiceConnection"

    async def initial_connection(self, data: dict[str, Any]) -> None:
        """Answer READY: discover our address and select the first of MODES that is offered."""
        modes = [mode for mode in MODES if mode in data["modes"]]
        if not modes:
            raise VoiceConnectionError(
                f"no common encryption among {data['modes']}", code=4016, user_message=None
            )
        await super().initial_connection({**data, "modes": modes})

    async def received_message(self, msg: dict[str, Any]) -> None:
        """Handle a JSON message, then note what it says about the channel's members."""
        await super().received_message(msg)
        await self._connection.observe(msg["op"], msg["d"])


class VoiceConnection(VoiceConnectionState):
    """Hold a voice connection that survives reconnects and moves.

    `others` are the ids of the members whom the voice server counts beside us.
    """

    voice_client: "DiscordVoiceClient"

    def __init__(self, voice_client: "DiscordVoiceClient") -> None:
        super().__init__(voice_client)
        self.others: set[int] = set()
        check_instance_api(voice_client, self)

    @property
    def websocket_open(self) -> bool:
        """Tell whether the voice websocket stands; any thread."""
        return bool(self.ws) and self.ws.ws.close_code is None

    async def observe(self, op: int, data: Any) -> None:
        """Keep `others` and the announcement of speech in step with the server's messages."""
        match op:
            case DiscordVoiceWebSocket.READY:
                self.others.clear()
            case DiscordVoiceWebSocket.SESSION_DESCRIPTION if self.voice_client.speaking:
                await self.voice_client.announce_speaking()
            case DiscordVoiceWebSocket.CLIENTS_CONNECT:
                self.others |= {int(user) for user in data.get("user_ids", ())} - {self.user.id}
            case DiscordVoiceWebSocket.CLIENT_CONNECT if int(data["user_id"]) != self.user.id:
                self.others.add(int(data["user_id"]))
            case DiscordVoiceWebSocket.CLIENT_DISCONNECT:
                self.others.discard(int(data["user_id"]))

    def _create_socket(self) -> None:
        """Open a UDP socket with a reader of its own; listeners move over."""
        listeners = tuple(self._socket_reader._callbacks)
        self._socket_reader.stop()
        if self.socket:
            with contextlib.suppress(OSError):  # wakes the reader; an unconnected socket has none
                self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        reader = OneSocketReader(self, self.socket)
        for callback in listeners:
            reader.register(callback)
        self._socket_reader = reader
        reader.start()

    async def _wait_for_state(
        self,
        state: ConnectionFlowState,
        *other_states: ConnectionFlowState,
        timeout: float | None = None,
    ) -> None:
        """Wait without a task in between: discord.py's can miss the change and sleep on."""
        async with asyncio.timeout(timeout):
            while self.state not in (state, *other_states):
                await self._state_event.wait()

    async def _inner_connect(
        self, reconnect: bool, self_deaf: bool, self_mute: bool, resume: bool
    ) -> None:
        """Shake hands; the first time only once, so that the caller sees the close code.

        The state is set before Discord is asked: its answer is ignored in any other.
        """
        if self._runner is not None:
            await super()._inner_connect(reconnect, self_deaf, self_mute, resume)
            return
        if self.state is ConnectionFlowState.disconnected:
            self.state = ConnectionFlowState.set_guild_voice_state
        await self._voice_connect(self_deaf=self_deaf, self_mute=self_mute)
        await self._wait_for_state(ConnectionFlowState.got_both_voice_updates)
        self.ws = await self._connect_websocket(resume)
        await self._handshake_websocket()

    async def _connect_websocket(self, resume: bool) -> DiscordVoiceWebSocket:
        """Open a voice websocket; only a resumed session goes on counting its messages."""
        sequence = self.ws.seq_ack if resume and self.ws else -1
        ws = await VoiceWebSocket.from_connection_state(
            self, resume=resume, hook=self.hook, seq_ack=sequence
        )
        self.state = ConnectionFlowState.websocket_connected
        return ws
