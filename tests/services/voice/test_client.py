import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import discord
import nacl.bindings
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from discord.voice_state import ConnectionFlowState

from services.core.errors import VoiceConnectionError
from services.voice import library_check
from services.voice.ciphers import AES_GCM, MODES, XCHACHA
from services.voice.client import DiscordVoiceClient
from services.voice.connection import VoiceWebSocket
from tests.services.voice.fakes import FakeTime

ME, OTHER = 7, 8
OPUS = b"\x78" + bytes(range(80))


class FakeWebSocket:
    """The little of a voice websocket that sending needs."""

    def __init__(self) -> None:
        self.ws = SimpleNamespace(close_code=None)
        self.spoken: list[discord.SpeakingState] = []
        self.broken = False
        self.secret_key: list[int] | None = [1]

    async def speak(self, state: discord.SpeakingState) -> None:
        if self.broken:
            raise ConnectionResetError
        self.spoken.append(state)


class Wire:
    """A voice client whose connection is made by hand to a UDP socket of the test."""

    def __init__(self) -> None:
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind(("127.0.0.1", 0))
        self.server.settimeout(5)
        self.time = FakeTime()
        self.removed: list[int] = []
        state = SimpleNamespace(
            loop=asyncio.get_running_loop(),
            user=SimpleNamespace(id=ME),
            _remove_voice_client=self.removed.append,
        )
        guild = SimpleNamespace(id=3, voice_client=None)
        channel = SimpleNamespace(id=5, guild=guild)
        channel._get_voice_client_key = lambda: (3, "guild_id")
        fake = cast("Any", SimpleNamespace(_connection=state))
        self.client = DiscordVoiceClient(fake, cast("Any", channel))
        guild.voice_client = self.client
        self.client.monotonic = self.time
        self.ws = FakeWebSocket()
        self.key = b""

    def connect(self, mode: str, key: bytes, *, ssrc: int = 42) -> None:
        state = self.client._connection
        state._create_socket()
        state.socket.connect(self.server.getsockname())
        state.mode = cast("Any", mode)
        state.secret_key, state.ssrc, self.key = list(key), ssrc, key
        state.ws = cast("Any", self.ws)
        state.state = ConnectionFlowState.connected

    def send(self, packet: bytes = OPUS) -> "Datagram":
        assert self.client.send_frame(packet)
        self.time.now += 0.02
        return self.receive()

    def receive(self) -> "Datagram":
        return Datagram(self.server.recv(2048))

    def close(self) -> None:
        self.client._connection._socket_reader.stop()
        if self.client._connection.socket:
            self.client._connection.socket.close()
        self.server.close()


class Datagram:
    def __init__(self, data: bytes) -> None:
        self.header, self.sealed, self.suffix = data[:12], data[12:-4], data[-4:]
        self.first, self.type, self.sequence, self.timestamp, self.ssrc = struct.unpack(
            ">BBHII", self.header
        )
        self.nonce = int.from_bytes(self.suffix, "big")

    def open(self, mode: str, key: bytes) -> bytes:
        if mode == AES_GCM:
            return AESGCM(key).decrypt(self.suffix + bytes(8), self.sealed, self.header)
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            self.sealed, self.header, self.suffix + bytes(20), key
        )


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.mark.parametrize("mode", MODES)
async def test_frames_are_rtp_sealed_with_the_session_key(wire: Wire, mode: str) -> None:
    wire.connect(mode, bytes(range(32)))
    datagrams = [wire.send() for _ in range(3)]
    for datagram in datagrams:
        assert (datagram.first, datagram.type, datagram.ssrc) == (0x80, 0x78, 42)
        assert datagram.open(mode, wire.key) == OPUS
    assert [d.sequence for d in datagrams] == [1, 2, 3]
    assert [d.timestamp for d in datagrams] == [0, 960, 1920]
    assert wire.client.frames_sent == 3


async def test_a_nonce_never_repeats_over_new_keys_reconnects_and_discord_py(wire: Wire) -> None:
    seen: list[Datagram] = []
    for number in range(4):
        wire.connect(XCHACHA, bytes([number // 2]) * 32, ssrc=42 + number)
        seen += [wire.send() for _ in range(3)]
        wire.client.send_audio_packet(OPUS, encode=False)
        seen.append(wire.receive())
        wire.client._connection.state = ConnectionFlowState.disconnected
        assert not wire.client.send_frame(OPUS)
    nonces = [datagram.nonce for datagram in seen]
    assert len(set(nonces)) == len(nonces) == 16
    assert [datagram.sequence for datagram in seen] == list(range(1, 17))
    assert [datagram.timestamp for datagram in seen] == [960 * n for n in range(16)]


async def test_counters_wrap_but_the_nonce_stops(wire: Wire) -> None:
    wire.connect(AES_GCM, bytes(32))
    wire.client.sequence, wire.client.timestamp = 0xFFFF, 0xFFFF_FFFF - 959
    wire.client._incr_nonce = 0xFFFF_FFFE
    assert wire.send().sequence == 0
    assert wire.client.timestamp == 0
    assert not wire.client.send_frame(OPUS)
    assert not wire.client.send_frame(OPUS)


async def test_the_timestamp_moves_on_over_silence(wire: Wire) -> None:
    wire.connect(AES_GCM, bytes(32))
    first = wire.send()
    wire.time.now += 2.0
    assert wire.send().timestamp - first.timestamp == 960 + 2 * 48_000
    wire.time.now += 0.04  # jitter is no silence
    assert wire.send().timestamp - first.timestamp == 2 * 960 + 2 * 48_000


async def test_nothing_is_sent_without_a_connection(wire: Wire) -> None:
    assert not wire.client.send_frame(OPUS)
    wire.connect(AES_GCM, bytes(32))
    wire.ws.ws.close_code = 4009
    assert not wire.client.send_frame(OPUS)
    wire.ws.ws.close_code = None
    wire.client._connection.socket.close()
    assert not wire.client.send_frame(OPUS)
    assert wire.client.frames_dropped == 1


async def test_frames_wait_for_the_handshake_with_the_members(wire: Wire) -> None:
    wire.connect(AES_GCM, bytes(32))
    state = wire.client._connection
    state.dave_protocol_version = 1
    assert wire.send().open(AES_GCM, wire.key) == OPUS  # alone
    await state.observe(11, {"user_ids": [str(OTHER), str(ME)]})
    assert not wire.client.send_frame(OPUS)
    await state.observe(13, {"user_id": str(OTHER)})
    assert wire.client.send_frame(OPUS)
    await state.observe(12, {"user_id": str(OTHER)})
    assert not wire.client.send_frame(OPUS)
    await state.observe(2, {})
    assert wire.client.send_frame(OPUS)


async def test_speech_is_announced_again_in_a_new_session(wire: Wire) -> None:
    wire.connect(AES_GCM, bytes(32))
    await wire.client._connection.observe(4, {})
    assert not wire.ws.spoken
    await wire.client.announce_speaking()
    await wire.client._connection.observe(4, {})
    assert wire.ws.spoken == [discord.SpeakingState.voice] * 2
    wire.ws.broken = True
    await wire.client.announce_speaking()
    assert wire.client.speaking


async def test_no_websocket_names_the_ssrc_of_the_one_before(wire: Wire) -> None:
    wire.connect(XCHACHA, bytes(range(32)))
    wire.ws.secret_key = None
    await wire.client.announce_speaking()
    assert wire.ws.spoken == []
    wire.ws.secret_key = [2]
    await wire.client._connection.observe(4, {})
    assert wire.ws.spoken == [discord.SpeakingState.voice]


async def test_each_socket_has_its_own_reader_and_listeners_move_over(wire: Wire) -> None:
    got: list[bytes] = []
    arrived = threading.Event()

    def listen(data: bytes) -> None:
        got.append(data)
        arrived.set()

    wire.client._connection.add_socket_listener(listen)
    readers = []
    for number in range(3):
        wire.connect(AES_GCM, bytes(32))
        readers.append(wire.client._connection._socket_reader)
        wire.client._connection.socket.send(b"hello")
        _, address = wire.server.recvfrom(64)
        arrived.clear()
        wire.server.sendto(bytes([number]), address)
        assert await asyncio.to_thread(arrived.wait, 5)
    assert got == [b"\0", b"\1", b"\2"]
    assert [reader._end.is_set() for reader in readers] == [True, True, False]


async def test_no_state_change_is_missed(wire: Wire) -> None:
    state = wire.client._connection
    waiting = asyncio.ensure_future(state._wait_for_state(ConnectionFlowState.connected, timeout=5))
    await asyncio.sleep(0)
    state.state = ConnectionFlowState.got_voice_state_update
    state.state = ConnectionFlowState.connected
    await asyncio.wait_for(waiting, 1)
    with pytest.raises(TimeoutError):
        await state._wait_for_state(ConnectionFlowState.disconnected, timeout=0.01)


async def test_aes_is_chosen_before_xchacha(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[list[str]] = []

    async def note(self: object, data: dict[str, Any]) -> None:
        chosen.append(data["modes"])

    monkeypatch.setattr("discord.gateway.DiscordVoiceWebSocket.initial_connection", note)
    ws = VoiceWebSocket(cast("Any", None), asyncio.get_running_loop())
    await ws.initial_connection({"modes": ["xsalsa20_poly1305", XCHACHA, AES_GCM]})
    await ws.initial_connection({"modes": [XCHACHA]})
    assert chosen == [[AES_GCM, XCHACHA], [XCHACHA]]
    with pytest.raises(VoiceConnectionError):
        await ws.initial_connection({"modes": ["xsalsa20_poly1305"]})


async def test_a_changed_library_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_check, "_CLASS_API", {discord.VoiceClient: ("no_such_method",)})
    with pytest.raises(VoiceConnectionError, match=r"VoiceClient\.no_such_method"):
        DiscordVoiceClient(cast("Any", None), cast("Any", None))


async def test_a_connection_is_forgotten_once(wire: Wire) -> None:
    gone: list[bool] = []
    wire.client.on_gone = lambda: gone.append(True)
    wire.client.cleanup()
    wire.client.cleanup()
    assert (wire.removed, gone) == ([3], [True])


async def test_a_connection_of_an_old_gateway_session_leaves_the_new_one_alone(wire: Wire) -> None:
    wire.connect(AES_GCM, bytes(32))
    assert wire.client.connected
    cast("Any", wire.client.guild).voice_client = object()
    assert not wire.client.connected
    assert not wire.client.send_frame(OPUS)
    wire.client.cleanup()
    assert wire.removed == []


@pytest.mark.parametrize("forgotten", [True, False])
async def test_nobody_waits_for_the_word_of_a_discord_that_was_not_told(
    wire: Wire, forgotten: bool
) -> None:
    wire.connect(AES_GCM, bytes(32))
    guild = cast("Any", wire.client.guild)
    guild.change_voice_state = AsyncMock(side_effect=ConnectionResetError())
    if forgotten:
        guild.voice_client = None
    await wire.client._connection._voice_disconnect()
    assert wire.client._connection._disconnected.is_set()
    assert not wire.client.connected
    assert guild.change_voice_state.await_count == (not forgotten)
