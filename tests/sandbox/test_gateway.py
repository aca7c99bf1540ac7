import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio

from sandbox.server import Sandbox
from sandbox.voice.server import VoiceServer
from tests.sandbox.probe import Control, Probe, running


class Wire:
    """Speak to the gateway without a library, in text or in one zlib stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self.socket = socket
        self.token = token
        self._inflate = zlib.decompressobj()

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def identify(self, intents: int = 0) -> None:
        await self.send(2, {"token": self.token, "intents": intents, "properties": {}})

    async def receive(self) -> Any:
        message = await self.socket.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.BINARY:
            assert message.data.endswith(b"\x00\x00\xff\xff")
            return json.loads(self._inflate.decompress(message.data))
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def until(self, name: str) -> Any:
        while (frame := await self.receive())["t"] != name:
            pass
        return frame

    async def closed(self) -> int | None:
        while (await self.socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self.socket.close_code


@pytest_asyncio.fixture
async def wire(sandbox: Sandbox) -> AsyncIterator[Wire]:
    async for each in dial(sandbox, ""):
        yield each


async def dial(sandbox: Sandbox, query: str) -> AsyncIterator[Wire]:
    connector = aiohttp.UnixConnector(sandbox.socket_path, limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        url = f"ws://gateway.discord.gg/?v=10&encoding=json{query}"
        async with session.ws_connect(url) as socket:
            found = Wire(socket, sandbox.bot_token)
            assert (await found.receive())["op"] == 10
            yield found


async def test_the_client_logs_in_and_knows_the_world(bot: Probe, sandbox: Sandbox) -> None:
    assert bot.user
    assert bot.user.name == "Sandbox Bot"
    assert [guild.name for guild in bot.guilds] == ["Sandbox", "Workshop"]
    for guild in bot.guilds:
        assert {channel.name for channel in guild.channels} == {"general", "Lounge"}
        assert {member.name for member in guild.members} >= {"ana", "ben", "admin"}
        assert guild.me.guild_permissions.connect
        assert not guild.me.guild_permissions.administrator
        admin = guild.get_member_named("admin")
        assert admin
        assert admin.guild_permissions.administrator
    assert sandbox.bot_online.is_set()


async def test_a_bad_token_is_refused(sandbox: Sandbox) -> None:
    connector = aiohttp.UnixConnector(sandbox.socket_path, limit=0)
    client = discord.Client(intents=discord.Intents.none(), connector=connector)
    async with client:
        with pytest.raises(discord.LoginFailure):
            await client.login("nonsense")


async def test_a_privileged_intent_that_was_withdrawn_ends_the_login(
    sandbox: Sandbox, control: Control
) -> None:
    await control.post("/application", {"intents": ["members", "presences"]})
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(sandbox):
            pass


async def test_without_the_content_intent_only_what_is_meant_for_the_bot_is_readable(
    sandbox: Sandbox, control: Control
) -> None:
    async with running(sandbox, intents=discord.Intents.default()) as bot:
        await control.say("secret", attachments=[{"filename": "a", "content": "b"}])
        message = await bot.message()
        assert (message.content, message.attachments) == ("", [])
        assert bot.user
        await control.say(f"<@{bot.user.id}> open")
        assert (await bot.message()).content.endswith("open")
        direct = await control.post("/users/ana/dm")
        await control.say("private", channel=direct["id"])
        assert (await bot.message()).content == "private"
        own = await message.reply("mine")
        await control.say("an answer", reply_to=str(own.id))
        assert (await bot.message()).content == "an answer"


async def test_an_intent_withdrawn_later_blanks_what_follows(bot: Probe, control: Control) -> None:
    await control.post("/application", {"intents": {"message_content": False}})
    await control.say("secret")
    assert (await bot.message()).content == ""


async def test_events_missed_while_disconnected_arrive_after_a_resume(
    bot: Probe, sandbox: Sandbox, control: Control
) -> None:
    session = sandbox.gateway
    session.drop(4000)
    for text in ("one", "two", "three"):
        await control.say(text)
    await bot.event("resumed")
    assert [(await bot.message()).content for _ in range(3)] == ["one", "two", "three"]
    assert await control.rules() == []


async def test_an_invalid_session_makes_the_client_identify_anew(
    bot: Probe, control: Control, sandbox: Sandbox
) -> None:
    await control.post("/faults", {"target": "gateway", "kind": "invalid-session"})
    async with asyncio.timeout(5):
        await sandbox.bot_online.wait()
    await control.say("still there?")
    assert (await bot.message()).content == "still there?"


async def test_a_client_that_ends_its_session_is_offline(
    sandbox: Sandbox, control: Control
) -> None:
    with sandbox.bus.subscribe() as events:
        async with running(sandbox):
            assert (await control.get("/state"))["bot"]["online"]
        async with asyncio.timeout(5):
            while (await anext(events))["kind"] != "bot_offline":
                pass
    assert not sandbox.bot_online.is_set()


async def test_members_can_be_asked_for(bot: Probe) -> None:
    guild = bot.guilds[0]
    assert [member.name for member in await guild.query_members("be")] == ["ben"]
    found = await guild.query_members(user_ids=[member.id for member in guild.members])
    assert len(found) == len(guild.members) == 5


async def test_text_frames_are_spoken_where_no_compression_is_asked(wire: Wire) -> None:
    await wire.send(1, None)
    assert (await wire.receive())["op"] == 11
    await wire.identify()
    ready = await wire.receive()
    assert (ready["t"], ready["s"]) == ("READY", 1)
    assert ready["d"]["resume_gateway_url"].startswith("wss://gateway")
    assert len(ready["d"]["guilds"]) == 2


async def test_one_zlib_stream_is_spoken_where_it_is_asked(sandbox: Sandbox) -> None:
    async for wire in dial(sandbox, "&compress=zlib-stream"):
        await wire.identify(intents=1)
        assert (await wire.receive())["t"] == "READY"
        assert (await wire.receive())["t"] == "GUILD_CREATE"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", 4002),
        ('{"op": "no"}', 4002),
        ('{"op": 99, "d": null}', 4001),
        ('{"op": 4, "d": {}}', 4003),
        ('{"op": 2, "d": {"token": "nonsense", "intents": 0}}', 4004),
        ('{"op": 2, "d": {}}', 4004),
        ('{"op": 1, "d": null, "x": "' + "x" * 4096 + '"}', 4002),
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection(
    wire: Wire, frame: str, code: int
) -> None:
    await wire.socket.send_str(frame)
    assert await wire.closed() == code


async def test_a_session_is_not_opened_twice(wire: Wire) -> None:
    await wire.identify()
    await wire.until("READY")
    await wire.identify()
    assert await wire.closed() == 4005


async def test_an_unknown_session_cannot_be_resumed(wire: Wire) -> None:
    await wire.send(6, {"token": wire.token, "session_id": "nonsense", "seq": 1})
    frame = await wire.receive()
    assert (frame["op"], frame["d"]) == (9, False)


async def test_who_missed_more_than_is_kept_has_to_identify_anew(
    sandbox: Sandbox, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.gateway_session.MAX_REPLAY", 3)
    async for wire in dial(sandbox, ""):
        await wire.identify(intents=1 << 9)
        ready = await wire.until("READY")
        for text in "abcd":
            await control.say(text)
        resume = {"token": wire.token, "session_id": ready["d"]["session_id"]}
        async for later in dial(sandbox, ""):
            await later.send(6, {**resume, "seq": 1})
            assert (await later.receive())["op"] == 9
            await later.send(6, {**resume, "seq": 99})
            assert await later.closed() == 4007
        async for later in dial(sandbox, ""):
            await later.send(6, {**resume, "seq": 3})
            assert [(await later.receive())["t"] for _ in range(3)] == [
                "MESSAGE_CREATE",
                "MESSAGE_CREATE",
                "RESUMED",
            ]


async def test_more_than_120_frames_in_a_minute_are_too_many(wire: Wire, control: Control) -> None:
    for _ in range(121):
        await wire.send(1, None)
    assert await wire.closed() == 4008
    assert await control.rules() == ["gateway_rate_limit"]


async def test_a_zombie_answers_nothing(wire: Wire, control: Control) -> None:
    await wire.identify()
    await wire.until("READY")
    await control.post("/faults", {"target": "gateway", "kind": "zombie"})
    await wire.send(1, None)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.until("MESSAGE_CREATE"), 0.05)


async def test_entering_voice_brings_state_and_server_and_leaving_brings_null(
    wire: Wire, control: Control
) -> None:
    await wire.identify(intents=(1 << 0) | (1 << 7))
    ready = await wire.until("READY")
    state = await control.get("/state")
    guild, lounge = state["guilds"][0]["id"], await control.channel("Lounge")
    await wire.send(4, {"guild_id": guild, "channel_id": lounge})
    entered = (await wire.until("VOICE_STATE_UPDATE"))["d"]
    assert (entered["channel_id"], entered["user_id"]) == (lounge, ready["d"]["user"]["id"])
    assert entered["session_id"] == ready["d"]["session_id"]
    server = (await wire.until("VOICE_SERVER_UPDATE"))["d"]
    assert server["guild_id"] == guild
    assert server["token"]
    assert server["endpoint"].split(":")[0].endswith(".discord.media")
    assert (await control.get("/state"))["voice"] == {lounge: ["bot"]}
    await wire.send(4, {"guild_id": guild, "channel_id": None})
    assert (await wire.until("VOICE_STATE_UPDATE"))["d"]["channel_id"] is None
    assert (await control.get("/state"))["voice"] == {}


async def enter(wire: Wire, guild: str, channel: str) -> str:
    """Begin a session, enter a voice channel and return the token for its server."""
    await wire.identify(intents=(1 << 0) | (1 << 7))
    await wire.until("READY")
    await wire.send(4, {"guild_id": guild, "channel_id": channel})
    return str((await wire.until("VOICE_SERVER_UPDATE"))["d"]["token"])


async def test_another_voice_server_is_not_named_to_a_session_that_is_over(
    sandbox: Sandbox, control: Control
) -> None:
    guild, lounge = (
        (await control.get("/state"))["guilds"][0]["id"],
        await control.channel("Lounge"),
    )
    async for wire in dial(sandbox, ""):
        await enter(wire, guild, lounge)
        path = f"/voice/{lounge}/region"
        changing = asyncio.create_task(control.post(path, {"gap": 0.3}))
        assert (await wire.until("VOICE_SERVER_UPDATE"))["d"]["endpoint"] is None
    async for wire in dial(sandbox, ""):
        token = await enter(wire, guild, lounge)
        await changing
        assert isinstance(sandbox.voice, VoiceServer)
        assert sandbox.voice._sessions._admission(token)


async def test_without_permission_the_bot_does_not_enter_voice(
    wire: Wire, control: Control
) -> None:
    await wire.identify(intents=1 << 7)
    await wire.until("READY")
    denied = [{"id": "@everyone", "deny": ["connect"]}]
    closed = {"name": "closed", "type": "voice", "permission_overwrites": denied}
    channel = await control.post("/channels", closed)
    guild = (await control.get("/state"))["guilds"][0]["id"]
    await wire.send(4, {"guild_id": guild, "channel_id": channel["id"]})
    await wire.send(1, None)
    assert (await wire.receive())["op"] == 11
    assert (await control.get("/state"))["voice"] == {}
    assert await control.rules() == ["permission"]


async def test_people_in_voice_are_seen(bot: Probe, control: Control) -> None:
    lounge = await control.channel("Lounge")
    await control.post(f"/voice/{lounge}/join", {"user": "ana"})
    member, channel = await bot.event("voice")
    assert (member.name, channel.id) == ("ana", int(lounge))
    assert (await control.get("/state"))["voice"] == {lounge: ["ana"]}
    await control.post(f"/voice/{lounge}/leave", {"user": "ana"})
    assert (await bot.event("voice"))[1] is None
