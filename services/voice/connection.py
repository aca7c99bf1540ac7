"""What discord.py's voice connection does wrong, set right.

All use of its private API is here, but for the thread that reads its socket (socket_reader);
library_check tells whether that API is still there.
"""

import asyncio
import contextlib
import logging
import random
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from services.core.errors import VoiceConnectionError
from services.voice.ciphers import MODES
from services.voice.close_codes import CRASHED_CODE, FINAL_CODES, MOVED_CODES, PUT_OUT, closed
from services.voice.library_check import check_instance_api
from services.voice.socket_reader import OneSocketReader

if TYPE_CHECKING:
    from services.voice.client import DiscordVoiceClient

log = logging.getLogger(__name__)

RECONNECT_PAUSES = (0.2, 1.0, 2.0, 4.0, 8.0, *[15.0] * 4, *[30.0] * 8)
"""Seconds before each attempt to bring a lost connection back, up to a half less: five minutes."""

_NETWORK = (discord.DiscordException, aiohttp.ClientError, OSError)
# Whatever else discord.py or davey make of what comes is a loss, too: a connection that nobody
# follows any more stands, and the bot is in its channel without a voice.
_LOST = Exception

VERDICT_SECONDS = 1.0
"""After 4014, the time in which Discord tells whether we were moved or put out."""

CLOSE_SECONDS = 0.5
"""Longest time in which a voice server may answer our closing; less than the verdict takes."""

_NORMAL, _ABNORMAL = 1000, 1006
_ENTERING = {
    ConnectionFlowState.set_guild_voice_state,
    ConnectionFlowState.got_voice_state_update,
    ConnectionFlowState.got_voice_server_update,
}
_SHAKING_HANDS = {
    ConnectionFlowState.websocket_connected,
    ConnectionFlowState.got_websocket_ready,
    ConnectionFlowState.got_ip_discovery,
}
_KNOWING_BOTH = {ConnectionFlowState.got_both_voice_updates} | _SHAKING_HANDS
_KNOWING_PLACE = {ConnectionFlowState.got_voice_state_update} | _KNOWING_BOTH
_KNOWING_SERVER = {ConnectionFlowState.got_voice_server_update} | _KNOWING_BOTH


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

    async def send_as_json(self, data: Any) -> None:
        """Send a message; on a closing connection nothing, as the next read tells of its end."""
        with contextlib.suppress(ConnectionResetError):
            await super().send_as_json(data)

    async def send_binary(self, opcode: int, data: bytes) -> None:
        """Send an encryption message; on a closing connection nothing."""
        with contextlib.suppress(ConnectionResetError):
            await super().send_binary(opcode, data)

    async def close(self, code: int = _NORMAL) -> None:
        """Close; discord.py would wait 30 s for the word of a server that has died."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close(code)

    async def received_message(self, msg: dict[str, Any]) -> None:
        """Handle a JSON message, then note what it says about the channel's members."""
        await super().received_message(msg)
        if msg["op"] == self.RESUMED:
            self.secret_key = self._connection.secret_key
        await self._connection.observe(msg["op"], msg["d"])


class VoiceConnection(VoiceConnectionState):
    """Hold a voice connection that survives reconnects and moves.

    `others` are the ids of the members whom the voice server counts beside us. `end_code` is why
    it ended for good other than by our own wish: a close code, PUT_OUT when somebody did it.
    `suppressed_since` is when Discord stopped letting us be heard, as in the audience of a stage.
    """

    voice_client: "DiscordVoiceClient"

    def __init__(self, voice_client: "DiscordVoiceClient") -> None:
        super().__init__(voice_client)
        self.others: set[int] = set()
        self.end_code: int | None = None
        self.suppressed_since: float | None = None
        self._homeless = False
        check_instance_api(voice_client, self)

    @property
    def websocket_open(self) -> bool:
        """Tell whether the voice websocket stands; any thread."""
        return bool(self.ws) and self.ws.ws.close_code is None

    @property
    def _still_listed(self) -> bool:
        """Tell whether Discord still shows us in a voice channel: then nobody put us out."""
        return not self._has_left and self.self_voice_state is not None

    @property
    def _has_left(self) -> bool:
        return self.state is ConnectionFlowState.disconnected

    async def observe(self, op: int, data: Any) -> None:
        """Keep `others` and the announcement of speech in step with the server's messages."""
        match op:
            case DiscordVoiceWebSocket.READY:
                self.others.clear()
            case DiscordVoiceWebSocket.SESSION_DESCRIPTION | DiscordVoiceWebSocket.RESUMED:
                if self.voice_client.speaking:
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
        """Shake hands once, so that the caller sees the close code and may try again.

        The state is set before Discord is asked: its answer is ignored in any other.
        """
        if self.state is ConnectionFlowState.disconnected:
            self.state = ConnectionFlowState.set_guild_voice_state
        await self._voice_connect(self_deaf=self_deaf, self_mute=self_mute)
        await self._wait_for_state(ConnectionFlowState.got_both_voice_updates)
        self.ws = await self._connect_websocket(resume)
        try:
            await self._handshake_websocket()
        except discord.ConnectionClosed as error:
            if self.end_code == PUT_OUT:
                raise closed(PUT_OUT) from error
            raise

    async def _poll_voice_ws(self, reconnect: bool) -> None:
        """Follow the websocket and bring the connection back until it is over for good.

        discord.py's own way dies of a broken network, cannot resume, and tries for ever.
        """
        while True:
            code = await self._follow()
            if self._has_left or self.voice_client.forgotten:
                return
            log.info("Voice in guild %s is lost: %s", self.guild.id, closed(code))
            if not await self._bring_back(code):
                break
        if self.voice_client.forgotten:
            return
        log.warning("Voice in guild %s is over: %s", self.guild.id, closed(code))
        leaving = code in MOVED_CODES and self._has_left
        self.end_code = self.end_code or code
        if not leaving:
            await self.disconnect()

    async def voice_state_update(self, data: Any) -> None:
        """Take Discord's word where we are, but not a late one that we left where we enter.

        Of a move while we are connecting the voice server's name tells the rest.
        """
        entering = self.state in _ENTERING and not self._expecting_disconnect
        if data["channel_id"] is None and entering:
            log.info("Guild %s still told of our leaving before", self.guild.id)
            return
        self._note_suppression(bool(data.get("suppress")))
        if data["channel_id"] is None and not self._expecting_disconnect:
            self.end_code = PUT_OUT
        if data["channel_id"] is not None and self.state in _KNOWING_PLACE:
            self.session_id = data["session_id"]
            self._update_voice_channel(int(data["channel_id"]))
            return
        await super().voice_state_update(data)

    def _update_voice_channel(self, channel_id: int | None) -> None:
        """Follow into a channel that we know; with none at all we would not know our guild."""
        channel = self.guild.get_channel(channel_id) if channel_id else None
        if channel is not None:
            self.voice_client.channel = channel  # type: ignore[assignment]  # none but a vocal one

    def _note_suppression(self, suppressed: bool) -> None:
        if not suppressed:
            self.suppressed_since = None
        elif self.suppressed_since is None:
            self.suppressed_since = self.voice_client.monotonic()

    async def voice_server_update(self, data: Any) -> None:
        """Take the voice server that Discord names; it may take ours away before it has another.

        In mid-handshake another one fails the attempt, and its maker makes the next. discord.py
        would begin one beside it, which nobody awaits, and which may enter after we have left.
        """
        self._homeless = data.get("endpoint") is None
        if self._homeless or self.state not in _KNOWING_SERVER:
            await super().voice_server_update(data)
            return
        named = data["token"], data["endpoint"].removeprefix("wss://")
        if named != (self.token, self.endpoint):
            self.token, self.endpoint = named
            if self.state in _SHAKING_HANDS:
                await self.ws.close()

    async def _follow(self) -> int:
        """Take the websocket's messages until it is lost, and return the close code."""
        try:
            while True:
                await self.ws.poll_event()
        except discord.ConnectionClosed as error:
            return error.code
        except _NETWORK as error:
            log.info("The voice websocket failed: %r", error)
            return _ABNORMAL
        except _LOST:
            log.exception("A message of the voice server can't be taken")
            return _ABNORMAL
        finally:
            if self.ws._keep_alive is not None:
                self.ws._keep_alive.stop()

    async def _bring_back(self, code: int) -> bool:
        """Mend a lost connection; False where that is not wanted, or failed for five minutes."""
        if code in FINAL_CODES or code == _NORMAL:
            return False
        if code in MOVED_CODES:
            return await self._moved() or (self._still_listed and await self._come_again())
        return (code == CRASHED_CODE and await self._resumed()) or await self._come_again()

    async def _come_again(self) -> bool:
        for pause in RECONNECT_PAUSES:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            try:
                await self.disconnect(cleanup=False)
                if self.voice_client.forgotten:  # somebody sent us away meanwhile
                    return False
                await self._enter_again()
            except (discord.ConnectionClosed, VoiceConnectionError) as error:
                if error.code in FINAL_CODES:
                    self.end_code = error.code
                    return False
            except _LOST as error:
                log.info("Voice in guild %s is not back yet: %r", self.guild.id, error)
            else:
                return True
        return False

    async def _moved(self) -> bool:
        """Follow to the place that Discord names; False where it names none: we were put out."""
        known = (
            ConnectionFlowState.got_voice_server_update,
            ConnectionFlowState.got_both_voice_updates,
            ConnectionFlowState.disconnected,
        )
        try:
            if not self._homeless and not self._disconnected.is_set():
                await self._wait_for_state(*known, timeout=VERDICT_SECONDS)
            if self._disconnected.is_set():
                return False
            async with asyncio.timeout(self.timeout):
                return await self._potential_reconnect()
        except _LOST as error:
            log.info("The move in guild %s failed: %r", self.guild.id, error)
            return False

    async def _resumed(self) -> bool:
        """Take the session up again on a new websocket, as Discord allows after a crash."""
        crashed = self.ws
        try:
            async with asyncio.timeout(self.timeout):
                await crashed.close()
                self.ws = await self._connect_websocket(True)
                await self._handshake_websocket()
        except _LOST as error:
            log.info("Voice in guild %s is not resumed: %r", self.guild.id, error)
            return False
        return True

    async def _enter_again(self) -> None:
        """Enter the channel that was left."""
        await self._connect(
            reconnect=self.reconnect,
            timeout=self.timeout,
            self_deaf=False,
            self_mute=False,
            resume=False,
        )
        self._disconnected.clear()  # Discord's word that we left; a move would be taken for a kick

    async def _voice_disconnect(self) -> None:
        """Tell Discord that we leave, unless another connection of ours may be there already.

        Where Discord is not told, nobody is to wait for its word.
        """
        try:
            if not self.voice_client.forgotten:
                await super()._voice_disconnect()
                return
        except _LOST as error:
            log.info("Discord was not told that we leave guild %s: %r", self.guild.id, error)
        self.state = ConnectionFlowState.disconnected
        self._disconnected.set()

    async def _connect_websocket(self, resume: bool) -> DiscordVoiceWebSocket:
        """Open a voice websocket; only a resumed session goes on counting its messages."""
        sequence = self.ws.seq_ack if resume and self.ws else -1
        ws = await VoiceWebSocket.from_connection_state(
            self, resume=resume, hook=self.hook, seq_ack=sequence
        )
        self.state = ConnectionFlowState.websocket_connected
        return ws
