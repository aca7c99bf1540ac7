import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock, Mock

import aiohttp
import discord
import pytest
import pytest_asyncio
from aiohttp import ClientConnectionResetError
from discord.voice_state import ConnectionFlowState

from services.core.errors import VoiceConnectionError
from services.voice.close_codes import PUT_OUT
from services.voice.connection import VoiceConnection, VoiceWebSocket

pytestmark = pytest.mark.virtual_time


class Wire:
    """A voice websocket whose next messages are scripted errors; then it is silent till closed."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.ws = SimpleNamespace(close_code=None)
        self.closes_in = 0.0
        self.closed = asyncio.Event()
        self._keep_alive = None

    async def poll_event(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        await self.closed.wait()
        raise closed_with(1000)

    async def close(self, code: int = 1000) -> None:
        await asyncio.sleep(self.closes_in)
        self.ws.close_code = code
        self.closed.set()


def closed_with(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(Mock(), shard_id=None, code=code)


class Line:
    """A connection that stands, in a guild that notes what Discord is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.guild = SimpleNamespace(id=3, change_voice_state=self._tell)
        self.guild.me = SimpleNamespace(voice=SimpleNamespace(self_deaf=False, self_mute=False))
        self.guild.get_channel = lambda id: SimpleNamespace(id=id, guild=self.guild)
        channel = SimpleNamespace(id=5, guild=self.guild)
        self.client = Mock(guild=self.guild, channel=channel, forgotten=False)
        self.client._incr_nonce = self.client.sequence = self.client.timestamp = 0
        self.client.loop = asyncio.get_running_loop()
        self.connection = VoiceConnection(self.client)
        self.connection.timeout = 8.0
        self.connection.state = ConnectionFlowState.connected
        self.begins = 0

    async def _tell(self, *, channel: object, **_: object) -> None:
        self.told.append(channel)

    def lose(self, *failures: Exception) -> None:
        """Begin to follow a websocket that fails in this way."""
        self.follow(Wire(*failures))

    def follow(self, websocket: Any) -> None:
        """Begin to follow a websocket."""
        state, self.connection.ws = self.connection, websocket
        state._runner = asyncio.create_task(state._poll_voice_ws(True))

    async def connect(self, **_: object) -> bool:
        """Stand for the handshake."""
        self.begins += 1
        self.connection.ws = cast("Any", Wire())
        self.connection.state = ConnectionFlowState.connected
        return True

    async def aclose(self) -> None:
        if self.connection._runner:
            self.connection._runner.cancel()
            await asyncio.wait([self.connection._runner])
        self.connection._socket_reader.stop()
        if self.connection.socket:
            self.connection.socket.close()


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    yield made
    await made.aclose()


@pytest.mark.parametrize("nonsense", [KeyError("user_id"), ValueError("no such group")])
async def test_a_message_that_nobody_understands_is_a_loss_and_no_deafness(
    line: Line, nonsense: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line.connection, "_connect", line.connect)
    line.lose(nonsense)
    await asyncio.sleep(5)
    assert line.begins == 1
    assert line.connection.is_connected()


@pytest.mark.parametrize("failure", [KeyError("ip"), RuntimeError("MLS")])
async def test_an_attempt_that_fails_oddly_is_made_again(
    line: Line, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = AsyncMock(side_effect=[failure, failure, None])
    monkeypatch.setattr(line.connection, "_connect", connect)
    line.lose(OSError("gone"))
    await asyncio.sleep(20)
    assert connect.await_count == 3


async def test_encryption_that_is_not_shared_any_more_ends_the_connection(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = VoiceConnectionError("no common encryption", code=4016)
    monkeypatch.setattr(line.connection, "_connect", AsyncMock(side_effect=refusal))
    line.lose(OSError("gone"))
    await asyncio.sleep(5)
    line.client.cleanup.assert_called_once_with()
    assert line.connection.end_code == 4016


async def test_who_leaves_while_the_connection_is_sought_is_not_brought_back(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line.connection, "_connect", line.connect)
    line.lose(OSError("silence"))
    cast("Any", line.connection.ws).closes_in = 10.0  # the other side answers no more
    await asyncio.sleep(1)
    line.client.forgotten = True
    await asyncio.sleep(20)
    assert line.begins == 0
    assert line.connection._runner is not None
    assert line.connection._runner.done()


async def test_a_move_whose_handshake_hangs_is_begun_anew(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the answer to IP discovery is lost on its way."""
    monkeypatch.setattr(line.connection, "_connect", line.connect)
    monkeypatch.setattr(line.connection, "_connect_websocket", AsyncMock(return_value=Wire()))
    line.lose(closed_with(4014))
    line.connection.state = ConnectionFlowState.got_both_voice_updates
    await asyncio.sleep(15)
    assert line.begins == 1
    assert line.connection.is_connected()


async def test_a_kick_in_mid_handshake_is_told_as_one(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = line.connection

    async def connect(resume: bool) -> Any:
        connection.state = ConnectionFlowState.websocket_connected
        return Wire()

    monkeypatch.setattr(connection, "_connect_websocket", connect)
    connection.state = ConnectionFlowState.got_both_voice_updates
    how = dict.fromkeys(("reconnect", "self_deaf", "self_mute", "resume"), False)
    joining = asyncio.create_task(connection.connect(timeout=8.0, **how))
    await asyncio.sleep(1)
    await connection.voice_state_update({"channel_id": None, "suppress": False})
    await asyncio.wait([joining])
    failure = joining.exception()
    assert isinstance(failure, VoiceConnectionError)
    assert failure.code == PUT_OUT, "then nobody tries again"


@pytest.mark.parametrize(
    ("news", "place", "token"),
    [(("place 5", "place 6", "server 1"), 6, "1"), (("server 1", "server 2", "place 5"), 5, "2")],
)
async def test_the_last_word_before_the_handshake_counts_and_begins_no_other(
    line: Line, monkeypatch: pytest.MonkeyPatch, news: tuple[str, ...], place: int, token: str
) -> None:
    wires: list[Wire] = []

    async def connect(resume: bool) -> Any:
        wires.append(Wire())
        connection.state = ConnectionFlowState.websocket_connected
        return wires[-1]

    connection = line.connection
    monkeypatch.setattr(connection, "_connect_websocket", connect)
    connection.state = ConnectionFlowState.disconnected
    how = dict.fromkeys(("reconnect", "self_deaf", "self_mute", "resume"), False)
    joining = asyncio.create_task(connection.connect(timeout=8.0, **how))
    await asyncio.sleep(1)
    for kind, name in map(str.split, news):
        if kind == "place":
            here = {"channel_id": name, "session_id": "s", "suppress": False}
            await connection.voice_state_update(here)
        else:
            named = {"token": name, "guild_id": "3", "endpoint": "a.discord.media"}
            await connection.voice_server_update(named)
        await asyncio.sleep(0.1)
    assert not joining.done()
    assert len(line.told) == len(wires) == 1
    assert (line.client.channel.id, connection.token) == (place, token)
    await wires[0].close()
    await asyncio.wait([joining])
    assert isinstance(joining.exception(), discord.ConnectionClosed)


@pytest.mark.parametrize("cause", ["another server", "a drag"])
async def test_news_in_mid_handshake_fail_the_attempt_and_begin_no_other(
    line: Line, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    wires: list[Wire] = []

    async def connect(resume: bool) -> Any:
        wires.append(Wire())
        connection.state = ConnectionFlowState.websocket_connected
        return wires[-1]

    async def news(channel: int, server: str) -> None:
        place = {"channel_id": str(channel), "session_id": "s", "suppress": False}
        await connection.voice_state_update(place)
        named = {"token": server, "guild_id": "3", "endpoint": f"{server}.discord.media"}
        await connection.voice_server_update(named)

    connection = line.connection
    monkeypatch.setattr(connection, "_connect_websocket", connect)
    connection.state = ConnectionFlowState.disconnected
    how = dict.fromkeys(("reconnect", "self_deaf", "self_mute", "resume"), False)
    joining = asyncio.create_task(connection.connect(timeout=8.0, **how))
    await asyncio.sleep(1)
    await news(5, "first")
    await asyncio.sleep(1)
    await news(6 if cause == "a drag" else 5, "second")
    await asyncio.wait([joining])
    assert isinstance(joining.exception(), discord.ConnectionClosed)
    await asyncio.sleep(20)
    assert len(wires) == 1
    assert [where is not None for where in line.told] == [True, False], "it has left"
    assert line.client.channel.id == (6 if cause == "a drag" else 5)


async def test_a_channel_that_nobody_has_told_of_takes_nothing_away(line: Line) -> None:
    line.guild.get_channel = lambda _: None
    for state in (ConnectionFlowState.connected, ConnectionFlowState.websocket_connected):
        line.connection.state = state
        place = {"channel_id": "6", "session_id": "s", "suppress": False}
        await line.connection.voice_state_update(place)
        assert line.client.channel.id == 5


async def test_a_voice_server_that_died_does_not_hold_up_the_way_to_the_next(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord names another server, and the old one does not even answer our closing."""
    monkeypatch.setattr(line.connection, "_connect", line.connect)
    heard = asyncio.Event()

    async def receive() -> aiohttp.WSMessage:
        await heard.wait()
        return aiohttp.WSMessage(aiohttp.WSMsgType.CLOSING, None, None)

    async def close(*, code: int) -> None:
        if not heard.is_set():
            heard.set()
            await asyncio.sleep(30)

    dead = VoiceWebSocket(
        cast("Any", Mock(receive=receive, close=close, close_code=None)), asyncio.get_running_loop()
    )
    line.follow(dead)
    moved = AsyncMock(side_effect=line.connect)
    monkeypatch.setattr(line.connection, "_potential_reconnect", moved)
    await asyncio.sleep(1)
    await line.connection.voice_server_update(
        {"token": "new", "guild_id": "3", "endpoint": "other.discord.media"}
    )
    await asyncio.sleep(0.1)
    assert asyncio.get_running_loop().time() < 2
    assert line.begins == 1
    await asyncio.sleep(60)
    assert line.connection.is_connected()
    assert line.begins == 1


async def test_a_connection_that_closes_while_we_send_ends_by_its_close_code_alone() -> None:
    wire = Mock()
    wire.send_str = wire.send_bytes = AsyncMock(side_effect=ClientConnectionResetError("closing"))
    websocket = VoiceWebSocket(wire, asyncio.get_running_loop())
    await websocket.send_as_json({"op": 5, "d": {}})
    await websocket.send_binary(26, b"key package")
    assert wire.send_str.await_count == 2
