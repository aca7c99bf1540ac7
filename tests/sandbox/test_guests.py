"""The second bot beside the first: another account, other doors, the same servers."""

import json
import zlib
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import discord
import pytest
import pytest_asyncio

from sandbox.server import Sandbox
from tests.sandbox.guests import discord_py_guest, guest_api
from tests.sandbox.probe import Control, Probe, running


@pytest_asyncio.fixture
async def guest(sandbox: Sandbox) -> AsyncIterator[Control]:
    async with guest_api(sandbox) as api:
        yield api


async def test_the_state_names_the_guest_and_its_doors(control: Control, sandbox: Sandbox) -> None:
    state = await control.get("/state")
    guest = state["connect"]["guest"]
    assert (guest["name"], guest["online"]) == ("Guest Bot", False)
    assert guest["id"] != state["bot"]["id"]
    assert guest["token"] != state["connect"]["DISCORD_TOKEN"]
    assert guest["api"] == f"http://127.0.0.1:{sandbox.port}/api/v10"
    assert "ca" not in state["connect"]


async def test_each_token_is_its_own_bot(sandbox: Sandbox, api: Control, guest: Control) -> None:
    state = sandbox.connect()
    assert (await guest.get("/users/@me"))["id"] == state["guest"]["id"]
    assert (await guest.get("/applications/@me"))["id"] == state["guest"]["id"]
    assert (await api.get("/users/@me"))["id"] == str(sandbox.world.bot.id)
    for member in (state["guest"]["id"], str(sandbox.world.bot.id)):
        for server in await guest.get("/users/@me/guilds"):
            found = await guest.get(f"/guilds/{server['id']}/members/{member}")
            assert found["user"]["bot"]


async def test_a_stranger_s_token_is_refused(sandbox: Sandbox, control: Control) -> None:
    door = Control(f"{sandbox.url}/api/v10", control.session)
    for token in ("", "Bot nonsense", sandbox.bot_token):
        status, _ = await door.call("GET", "/users/@me", headers={"Authorization": token})
        assert status == 401


async def test_the_gateway_is_named_as_it_was_reached(
    sandbox: Sandbox, api: Control, guest: Control
) -> None:
    assert (await guest.get("/gateway/bot"))["url"] == f"ws://127.0.0.1:{sandbox.port}"
    assert (await api.get("/gateway/bot"))["url"] == "wss://gateway.discord.gg"


@pytest.mark.parametrize("compress", ["", "&compress=zlib-stream"])
async def test_the_gateway_over_tcp_is_compressed_only_when_asked(
    sandbox: Sandbox, control: Control, compress: str
) -> None:
    guest = sandbox.connect()["guest"]
    inflate = zlib.decompressobj()
    url = f"{guest['gateway']}/?v=10&encoding=json{compress}"
    async with control.session.ws_connect(url) as socket:

        async def receive() -> Any:
            message = await socket.receive(timeout=5)
            if not compress:
                return json.loads(message.data)
            assert message.type is aiohttp.WSMsgType.BINARY
            return json.loads(inflate.decompress(message.data))

        assert (await receive())["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": guest["token"], "intents": 1}})
        ready = await receive()
        assert ready["t"] == "READY"
        assert ready["d"]["user"]["id"] == guest["id"]
        assert ready["d"]["resume_gateway_url"] == guest["gateway"]
        assert (await control.get("/state"))["connect"]["guest"]["online"]
        assert not (await control.get("/state"))["bot"]["online"]


async def test_both_bots_see_each_other_s_messages_as_a_bot_s(
    secure: Sandbox, secure_control: Control
) -> None:
    control = secure_control
    async with running(secure) as bot, discord_py_guest(secure) as guest:
        general = int(await control.channel())
        for speaker, listener in ((bot, guest), (guest, bot)):
            assert speaker.user
            channel = cast("discord.TextChannel", speaker.get_channel(general))
            await channel.send("hello")
            heard = await listener.message()
            assert (heard.author.id, heard.author.bot) == (speaker.user.id, True)
            assert heard.content == "hello"
        names = [message["author"]["name"] for message in await control.messages()]
        assert names == ["Sandbox Bot", "Guest Bot"]
        assert await control.rules() == []


async def test_only_its_own_messages_may_be_edited(
    control: Control, api: Control, guest: Control
) -> None:
    path = f"/channels/{await control.channel()}/messages"
    message = await api.post(path, {"content": "mine"})
    status, _ = await guest.call("PATCH", f"{path}/{message['id']}", json={"content": "yours"})
    assert status == 403


async def test_each_bot_has_its_own_budget(control: Control, api: Control, guest: Control) -> None:
    path = f"/channels/{await control.channel()}/messages"
    for number in range(5):
        await api.post(path, {"content": f"{number}"})
        await guest.post(path, {"content": f"{number}"})
    assert (await guest.call("POST", path, json={"content": "too much"}))[0] == 429
    assert len(await control.messages()) == 10


async def test_a_direct_channel_belongs_to_one_bot(
    control: Control, api: Control, guest: Control, bot: Probe
) -> None:
    state = await control.get("/state")
    name, ana = state["connect"]["guest"]["name"], state["users"][0]["id"]
    theirs = await control.post("/users/ana/dm", {"bot": name})
    assert await guest.post("/users/@me/channels", {"recipient_id": ana})
    await control.say("for the guest only", channel=theirs["id"])
    ours = await control.post("/users/ana/dm")
    assert ours["id"] != theirs["id"]
    await control.say("for the bot", channel=ours["id"])
    assert (await bot.message()).content == "for the bot"
    path = f"/channels/{theirs['id']}/messages"
    assert (await guest.get(path))[0]["content"] == "for the guest only"
    for closed in (path, f"/channels/{theirs['id']}"):
        assert (await api.call("GET", closed))[0] == 403


async def test_intents_are_withdrawn_from_one_bot(
    control: Control, api: Control, guest: Control
) -> None:
    name = (await control.get("/state"))["connect"]["guest"]["name"]
    await control.post("/application", {"intents": [], "bot": name})
    message = await control.say("hello")
    path = f"/channels/{message['channel']}/messages"
    assert [(await each.get(path))[0]["content"] for each in (api, guest)] == ["hello", ""]
    await control.post("/reset")
    assert (await control.post("/application", {"intents": [], "bot": "bot"}))["intents"] > 0


async def test_each_bot_has_its_own_commands(secure: Sandbox, secure_control: Control) -> None:
    control = secure_control
    async with running(secure) as bot, discord_py_guest(secure) as guest:
        for probe, name, other in ((bot, "ours", "both"), (guest, "theirs", "both")):
            for each in (name, other):
                probe.tree.command(name=each, description="Say who.")(replying(name))
            await probe.tree.sync()
        listed = (await control.get("/commands"))["commands"]
        assert sorted(each["name"] for each in listed) == ["both", "both", "ours", "theirs"]
        place = {"user": "ana", "channel": await control.channel()}
        for name, who, answer in (
            ("ours", {}, "ours"),
            ("theirs", {}, "theirs"),
            ("both", {}, "ours"),
            ("both", {"bot": "Guest Bot"}, "theirs"),
        ):
            told = await control.post("/commands", {**place, "name": name, **who})
            assert told["content"] == answer
        authors = [message["author"]["name"] for message in await control.messages()]
        assert authors == ["Sandbox Bot", "Guest Bot", "Sandbox Bot", "Guest Bot"]
        assert await control.rules() == []


async def test_a_button_goes_to_the_bot_that_posted_it(
    secure: Sandbox, secure_control: Control
) -> None:
    control = secure_control
    async with running(secure), discord_py_guest(secure) as guest:
        view = discord.ui.View(timeout=None)
        button: discord.ui.Button[discord.ui.View] = discord.ui.Button(label="Press", custom_id="x")
        button.callback = replying("pressed")  # type: ignore[method-assign]
        view.add_item(button)
        channel = cast("discord.TextChannel", guest.get_channel(int(await control.channel())))
        message = await channel.send("press", view=view)
        body = {"user": "ben", "message": str(message.id), "custom_id": "x"}
        assert (await control.post("/components", body))["content"] == "pressed"


def replying(content: str) -> Any:
    async def reply(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(content)

    return reply
