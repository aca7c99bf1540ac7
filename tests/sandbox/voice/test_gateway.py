import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import davey
import pytest
import pytest_asyncio

from sandbox.voice import dave
from tests.sandbox.voice.harness import (
    ANA,
    BEN,
    BOT,
    CHANNEL,
    GUILD,
    OTHER_CHANNEL,
    World,
    until,
    voice_world,
)

MODE = "aead_aes256_gcm_rtpsize"


class Client:
    """Speak the voice gateway by hand."""

    def __init__(self, world: World, ws: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self.world = world
        self.ws = ws
        self.token = token
        self.last = -1

    async def send(self, op: int, data: Any) -> None:
        await self.ws.send_str(json.dumps({"op": op, "d": data}))

    async def identify(self, **changes: Any) -> None:
        data = {
            "server_id": str(GUILD),
            "user_id": str(BOT),
            "session_id": "s",
            "token": self.token,
            "max_dave_protocol_version": 1,
        }
        await self.send(0, data | changes)

    async def select(self, mode: str = MODE, protocol: str = "udp") -> None:
        where = {"address": "127.0.0.1", "port": 9, "mode": mode}
        await self.send(1, {"protocol": protocol, "data": where})

    async def next(self, op: int) -> Any:
        """Return the data of the next message, which must have this op."""
        message = await self.ws.receive(timeout=5.0)
        if message.type is aiohttp.WSMsgType.BINARY:
            self.last = int.from_bytes(message.data[:2], "big")
            assert message.data[2] == op
            return message.data[3:]
        content = json.loads(message.data)
        assert content["op"] == op, content
        self.last = content.get("seq", self.last)
        return content["d"]

    async def closed(self) -> int | None:
        while not (message := await self.ws.receive(timeout=5.0)).type.name.startswith("CLOS"):
            pass
        return self.ws.close_code if message.data is None else message.data

    async def enter(self) -> None:
        await self.identify()
        await self.next(2)
        await self.select()
        await self.next(4)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with voice_world(tmp_path) as world:
        yield world


async def connect(
    world: World, user_id: int = BOT, *, token: str | None = None, hello: bool = True
) -> Client:
    grant = world.server.grant(
        guild_id=GUILD, channel_id=CHANNEL, user_id=user_id, session_id="s"
    ) if token is None else None  # fmt: skip
    ws = await world.http.ws_connect("wss://sandbox.discord.media/?v=8")
    client = Client(world, ws, grant.token if grant else token or "")
    if hello:
        assert await client.next(8) == {"v": 8, "heartbeat_interval": 13_750.0}
    return client


async def test_the_handshake_is_that_of_version_8(world: World) -> None:
    client = await connect(world)
    await client.identify()
    ready = await client.next(2)
    assert ready["ip"] == "127.0.0.1"
    assert ready["modes"] == [MODE, "aead_xchacha20_poly1305_rtpsize"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((ready["ip"], ready["port"]))
        udp.send(b"\x00\x01\x00\x46" + ready["ssrc"].to_bytes(4, "big") + bytes(66))
        udp.setblocking(False)
        udp.send(bytes(8))
        await client.select()
        description = await client.next(4)
        assert udp.recv(100)[8:17] == b"127.0.0.1"
    assert description["mode"] == MODE
    assert len(description["secret_key"]) == 32
    assert description["dave_protocol_version"] == 1
    assert (await client.next(dave.EXTERNAL_SENDER))[:3] == b"\x40\x41\x04"
    await client.send(3, {"t": 5, "seq_ack": 3})
    assert await client.next(6) == {"t": 5}
    await client.ws.close()
    assert world.rules() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"max_dave_protocol_version": 0}, 4017),
        ({"max_dave_protocol_version": None}, 4017),
        ({"token": "unknown"}, 4004),
        ({"session_id": "other"}, 4006),
        ({"user_id": "9"}, 4006),
        ({"server_id": "9"}, 4006),
        ({"server_id": "no number"}, 4002),
    ],
)
async def test_identify_is_refused(world: World, changes: dict[str, Any], code: int) -> None:
    client = await connect(world)
    await client.identify(**changes)
    assert await client.closed() == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4002),
        ("[]", 4002),
        ('{"op": 0}', 4002),
        ('{"op": 0, "d": null}', 4002),
        ('{"op": 5, "d": {}}', 4003),
    ],
)
async def test_a_stranger_is_refused(world: World, text: str, code: int) -> None:
    client = await connect(world)
    await client.ws.send_str(text)
    assert await client.closed() == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ((0, {}), 4005),
        ((99, {}), 4001),
        ((5, {"speaking": 1}), 4002),
        ((1, {"protocol": "webrtc", "data": {}}), 4012),
        ((1, {"protocol": "udp", "data": {"mode": "xsalsa20_poly1305", "port": 1}}), 4016),
    ],
)
async def test_a_known_client_may_be_wrong(
    world: World, message: tuple[int, Any], code: int
) -> None:
    client = await connect(world)
    await client.identify()
    await client.send(*message)
    assert await client.closed() == code


async def test_a_commit_that_cannot_be_read_is_refused(world: World) -> None:
    client = await connect(world)
    await client.enter()
    await client.ws.send_bytes(bytes([dave.COMMIT_WELCOME]) + b"rubbish")
    assert await client.closed() == 4002
    assert world.rules() == ["dave_commit"]


async def test_others_are_announced_before_mls(world: World) -> None:
    await world.join(ANA)
    client = await connect(world)
    await client.enter()
    assert await client.next(11) == {"user_ids": [str(ANA)]}
    await client.next(dave.EXTERNAL_SENDER)
    await world.join(BEN)
    assert await client.next(11) == {"user_ids": [str(BEN)]}
    await world.server.human_leave(channel_id=CHANNEL, user_id=BEN)
    assert await client.next(13) == {"user_id": str(BEN)}


async def test_speaking_is_passed_on(world: World) -> None:
    first, second = await connect(world, BOT), await connect(world, BOT + 1)
    await first.enter()
    await first.next(dave.EXTERNAL_SENDER)
    await first.send(5, {"speaking": 1, "delay": 0, "ssrc": 1001})
    await until(lambda: "voice_speaking" in world.kinds())
    await second.identify(user_id=str(BOT + 1))
    await second.next(2)
    await second.select()
    await second.next(4)
    assert await second.next(11) == {"user_ids": [str(BOT)]}
    assert await second.next(5) == {"user_id": str(BOT), "ssrc": 1001, "speaking": 1}
    await second.next(dave.EXTERNAL_SENDER)
    await first.send(5, {"speaking": 0, "delay": 0, "ssrc": 7})
    assert await second.next(5) == {"user_id": str(BOT), "ssrc": 1001, "speaking": 0}
    assert world.rules() == ["speaking_ssrc"]


async def test_a_crash_is_resumed_with_what_was_missed(world: World) -> None:
    client = await connect(world)
    await client.enter()
    await client.next(dave.EXTERNAL_SENDER)
    world.server.close_client(GUILD, BOT, 4015)
    assert await client.closed() == 4015
    await world.join(ANA)
    again = await connect(world, token=client.token)
    resume = {"server_id": str(GUILD), "session_id": "s", "token": client.token}
    await again.send(7, resume | {"seq_ack": client.last})
    assert await again.next(9) is None
    assert await again.next(11) == {"user_ids": [str(ANA)]}
    session = davey.DaveSession(1, BOT, CHANNEL)
    await again.ws.send_bytes(b"\x1a" + session.get_serialized_key_package())
    await again.next(dave.WELCOME)
    await again.ws.close()


@pytest.mark.parametrize(("code", "answer"), [(4006, 4004), (4009, 4006), (4014, 4004)])
async def test_a_session_that_ended_cannot_be_resumed(world: World, code: int, answer: int) -> None:
    client = await connect(world)
    await client.enter()
    world.server.close_client(GUILD, BOT, code)
    assert await client.closed() == code
    again = await connect(world, token=client.token)
    await again.send(
        7, {"server_id": str(GUILD), "session_id": "s", "token": client.token, "seq_ack": 1}
    )
    assert await again.closed() == answer


async def test_a_move_ends_the_old_websocket(world: World) -> None:
    client = await connect(world)
    await client.enter()
    same = world.server.grant(guild_id=GUILD, channel_id=CHANNEL, user_id=BOT, session_id="s")
    assert same.token != client.token
    world.server.grant(guild_id=GUILD, channel_id=OTHER_CHANNEL, user_id=BOT, session_id="s")
    assert await client.closed() == 4014
    await until(lambda: "voice_leave" in world.kinds())


async def test_a_second_session_ends_the_first(world: World) -> None:
    client = await connect(world)
    await client.enter()
    again = await connect(world, token=client.token)
    await again.enter()
    assert await client.closed() == 4006
    await again.ws.close()


async def test_who_left_is_disconnected(world: World) -> None:
    client = await connect(world)
    await client.enter()
    world.server.revoke(guild_id=GUILD, user_id=BOT)
    assert await client.closed() == 4014
    assert world.kinds().count("voice_leave") == 1
