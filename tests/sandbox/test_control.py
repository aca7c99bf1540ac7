import asyncio
import time
from pathlib import Path
from typing import Any

import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.probe import Control, Probe


async def test_the_world_at_the_start(control: Control, sandbox: Sandbox) -> None:
    state = await control.get("/state")
    assert set(state["bot"]) == {"id", "name", "online"}
    assert not state["bot"]["online"]
    assert [user["name"] for user in state["users"]] == ["ana", "ben", "admin"]
    assert len(state["guilds"]) == 2
    for guild in state["guilds"]:
        channels = [(channel["name"], channel["type"]) for channel in guild["channels"]]
        assert channels == [("general", "text"), ("Lounge", "voice")]
    assert state["voice"] == {}
    assert state["connect"] == sandbox.connect()
    assert sandbox.connect_environment().items() <= state["connect"].items()
    assert state["connect"]["OPENAI_BASE_URL"] == f"{sandbox.url}/v1"


async def test_a_message_has_the_agreed_shape(control: Control) -> None:
    before = time.monotonic()
    message = await control.say("hello")
    assert {"id", "channel", "author", "content", "created", "edits", "attachments"} <= set(message)
    assert {"components", "deleted"} <= set(message)
    assert message["author"] == {"name": "ana", "bot": False}
    assert before <= message["created"] <= time.monotonic()
    assert (message["edits"], message["deleted"]) == ([], False)


async def test_messages_can_be_listed_after_one(control: Control) -> None:
    first, second, third = [await control.say(text) for text in "abc"]
    path = f"/channels/{first['channel']}/messages"
    later = (await control.get(path, after=first["id"]))["messages"]
    assert [message["id"] for message in later] == [second["id"], third["id"]]


async def test_a_person_is_named_by_id_too(control: Control) -> None:
    ben = (await control.get("/state"))["users"][1]
    assert (await control.say("hi", user=ben["id"]))["author"]["name"] == "ben"


async def test_the_world_can_be_made_larger(control: Control, bot: Probe) -> None:
    guild = await control.post("/guilds", {"name": "Third"})
    assert [channel["name"] for channel in guild["channels"]] == ["general", "Lounge"]
    assert (await bot.event("guild")).name == "Third"
    channel = await control.post("/channels", {"guild": guild["id"], "name": "more"})
    assert channel["type"] == "text"
    await control.post("/users", {"name": "cleo"})
    await control.say("hello", user="cleo", channel=channel["id"])
    message = await bot.message()
    assert (message.author.name, getattr(message.channel, "name", "")) == ("cleo", "more")


async def test_a_person_may_post_more_than_discord_lets_them(control: Control, bot: Probe) -> None:
    await control.say("x" * 200_000)
    assert len((await bot.message()).content) == 200_000


async def test_permissions_are_withdrawn_and_a_reset_gives_them_back(
    control: Control, bot: Probe
) -> None:
    general = await control.channel()
    denied = [{"id": "bot", "deny": ["send_messages"]}]
    await control.call("PATCH", f"/channels/{general}", json={"permission_overwrites": denied})
    await control.say("hello")
    channel = (await bot.message()).channel
    with pytest.raises(discord.Forbidden):
        await channel.send("hello")
    await control.post("/reset")
    await channel.send("hello")


async def test_a_deleted_channel_puts_out_who_is_in_it_and_a_reset_brings_it_back(
    control: Control, bot: Probe
) -> None:
    start = await control.get("/state")
    lounge = await control.channel("Lounge")
    await control.post(f"/voice/{lounge}/join", {"user": "ana"})
    await control.call("DELETE", f"/channels/{lounge}")
    state = await control.get("/state")
    assert state["voice"] == {}
    assert [channel["name"] for channel in state["guilds"][0]["channels"]] == ["general"]
    assert (await control.refused("GET", f"/voice/{lounge}/frames"))[0] == 404
    await control.post("/reset")
    assert await control.get("/state") == start
    direct = await control.post("/users/ana/dm")
    assert (await control.refused("DELETE", f"/channels/{direct['id']}"))[0] == 400


async def test_a_deleted_server_is_gone_until_a_reset_brings_it_back(
    control: Control, bot: Probe
) -> None:
    guild = (await control.get("/state"))["guilds"][1]
    await control.call("DELETE", f"/guilds/{guild['id']}")
    assert (await bot.event("guild remove")).id == int(guild["id"])
    assert len((await control.get("/state"))["guilds"]) == 1
    await control.post("/reset")
    assert (await bot.event("guild")).id == int(guild["id"])
    assert (await control.get("/state"))["guilds"][1] == guild


async def test_a_reset_empties_a_server_that_was_deleted(control: Control) -> None:
    guild = (await control.get("/state"))["guilds"][1]
    general, lounge = (channel["id"] for channel in guild["channels"])
    await control.say("before", channel=general)
    await control.post(f"/voice/{lounge}/join", {"user": "ana"})
    await control.call("DELETE", f"/guilds/{guild['id']}")
    await control.post("/users", {"name": "cleo"})
    await control.post("/reset")
    state = await control.get("/state")
    assert (state["guilds"][1], state["voice"]) == (guild, {})
    assert await control.messages(general) == []


async def test_a_world_without_a_server_says_so(control: Control) -> None:
    for guild in (await control.get("/state"))["guilds"]:
        await control.call("DELETE", f"/guilds/{guild['id']}")
    refused = await control.refused("POST", "/channels", {"name": "more"})
    assert refused == (400, "There is no server left.")


async def test_the_voice_of_a_deleted_server_ends(control: Control, sandbox: Sandbox) -> None:
    guild = (await control.get("/state"))["guilds"][1]
    lounge = guild["channels"][1]["id"]
    await control.post(f"/voice/{lounge}/join", {"user": "ana"})
    with sandbox.bus.subscribe() as events:
        await control.call("DELETE", f"/guilds/{guild['id']}")
        async with asyncio.timeout(5):
            while (event := await anext(events))["kind"] != "voice_leave":
                pass
    assert event["channel_id"] == int(lounge)


async def test_a_reset_forgets_what_stood_under_a_voice_channel(
    control: Control, sandbox: Sandbox
) -> None:
    lounge = await control.channel("Lounge")
    sandbox.world.set_status(sandbox.world.channel(lounge), "listening")
    await control.post("/reset")
    assert (await control.get(f"/voice/{lounge}/statuses")) == {"statuses": []}


async def test_who_closed_direct_messages_gets_none(control: Control, bot: Probe) -> None:
    await control.post("/users/ana/dm", {"closed": True})
    users = (await control.get("/state"))["users"]
    ana = await bot.fetch_user(next(int(user["id"]) for user in users if user["name"] == "ana"))
    with pytest.raises(discord.Forbidden) as refusal:
        await ana.send("hello")
    assert refusal.value.code == 50007
    await control.post("/users/ana/dm", {"closed": False})
    await ana.send("hello")


async def test_a_reset_goes_back_to_the_start_and_keeps_the_bot(
    control: Control, bot: Probe
) -> None:
    start = await control.get("/state")
    await control.post("/guilds", {"name": "Third"})
    await control.post("/channels", {"name": "more"})
    await control.post("/users", {"name": "cleo"})
    await control.say("hello")
    lounge = await control.channel("Lounge")
    await control.post(f"/voice/{lounge}/join", {"user": "ana"})
    await control.post("/reset")
    assert await control.get("/state") == start
    assert await control.messages() == []
    await bot.message()
    await control.say("still there?")
    assert (await bot.message()).content == "still there?"
    assert len(bot.guilds) == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nonsense", None, 404),
        ("PUT", "/state", None, 405),
        ("GET", "/channels/1/messages", None, 404),
        ("POST", "/channels", {"name": "x", "type": "nonsense"}, 400),
        ("POST", "/channels", {}, 400),
        ("POST", "/guilds", [1], 400),
        ("POST", "/users", {"name": "ana"}, 400),
        ("POST", "/users/nobody/dm", {}, 404),
        ("POST", "/application", {"intents": "none"}, 400),
        ("POST", "/application", {"intents": ["nonsense"]}, 400),
        ("POST", "/faults", {"target": "rest", "kind": "nonsense"}, 400),
        ("POST", "/faults", {"target": "rest", "kind": "500", "count": 0}, 400),
        ("POST", "/components", {"user": "ana", "message": "1", "custom_id": "x"}, 404),
        ("POST", "/llm", {"replies": "nonsense"}, 400),
        ("POST", "/channels", {"name": "x", "permission_overwrites": 5}, 400),
        ("POST", "/channels", {"name": "x", "permission_overwrites": [None]}, 400),
        ("POST", "/commands", {"user": "ana", "channel": {}, "name": [], "options": 1}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_sentence(
    control: Control, method: str, path: str, body: Any, status: int
) -> None:
    found, sentence = await control.refused(method, path, body)
    assert found == status
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        {"user": "ana"},
        {"content": "hello"},
        {"user": "bot", "content": "hello"},
        {"user": "ana", "content": "x" * 200_001},
        {"user": "ana", "content": "hello", "reply_to": "1"},
        {"user": "ana", "content": "hello", "attachments": [{"content": "unnamed"}]},
        {"user": "ana", "content": "hello", "attachments": 5},
        {"user": "ana", "content": "hello", "forward": "1"},
    ],
)
async def test_a_message_that_cannot_be_posted_is_refused(control: Control, body: Any) -> None:
    path = f"/channels/{await control.channel()}/messages"
    status, _ = await control.refused("POST", path, body)
    assert status in (400, 404)
    assert await control.messages() == []
    assert await control.rules() == []


async def test_a_person_cannot_edit_the_bots_message(control: Control, api: Control) -> None:
    path = f"/channels/{await control.channel()}/messages"
    message = await api.post(path, {"content": "mine"})
    status, _ = await control.refused("PATCH", f"{path}/{message['id']}", {"content": "yours"})
    assert status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Host": "example.org"},
        {"Host": "notdiscord.com"},
        {"Host": "127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["/state", "/../v1/models"])
async def test_strangers_are_turned_away(
    control: Control, headers: dict[str, str], path: str
) -> None:
    status, _ = await control.call("GET", path, headers=headers)
    assert status == 403


async def test_the_page_itself_may_call(control: Control, sandbox: Sandbox) -> None:
    status, _ = await control.call("GET", "/state", headers={"Origin": sandbox.url})
    assert status == 200


async def test_nobody_calls_the_control_api_through_the_bots_socket(
    api: Control, sandbox: Sandbox
) -> None:
    status, _ = await Control(f"{sandbox.url}/sandbox", api.session).call("GET", "/state")
    assert status == 403


async def test_everything_that_happens_is_told(control: Control, sandbox: Sandbox) -> None:
    async with control.session.ws_connect(f"{control.url}/events") as events:
        await control.say("hello")
        sandbox.violations.record("example", "of a breach")
        first = await events.receive_json(timeout=5)
        second = await events.receive_json(timeout=5)
    assert (first["kind"], first["message"]["content"]) == ("message_create", "hello")
    assert (second["kind"], second["rule"]) == ("violation", "example")
    assert first["t"] <= second["t"] <= time.monotonic()


async def test_a_person_in_voice_moves_and_must_be_there_to_speak(control: Control) -> None:
    lounge = await control.channel("Lounge")
    other = (await control.post("/channels", {"name": "Attic", "type": "voice"}))["id"]
    await control.post(f"/voice/{lounge}/join", {"user": "ana"})
    await control.post(f"/voice/{other}/join", {"user": "ana"})
    assert (await control.get("/state"))["voice"] == {other: ["ana"]}
    status, sentence = await control.refused("POST", f"/voice/{lounge}/say?user=ana")
    assert (status, sentence) == (400, "ana is not in Lounge.")
    status, _ = await control.refused("POST", f"/voice/{lounge}/leave", {"user": "ana"})
    assert status == 400
    general = await control.channel()
    assert (await control.refused("POST", f"/voice/{general}/join", {"user": "ana"}))[0] == 400


async def test_what_a_person_hears_can_be_fetched(control: Control) -> None:
    lounge = await control.channel("Lounge")
    assert await control.get(f"/voice/{lounge}/frames", since=0) == {
        "frames": [],
        "gaps_over_40ms": 0,
    }
    async with control.session.get(f"{control.url}/voice/{lounge}/recording.wav") as answer:
        assert (await answer.read()).startswith(b"RIFF")


async def test_the_openai_side_stands_beside_and_is_scripted(
    control: Control, sandbox: Sandbox
) -> None:
    openai = Control(f"{sandbox.url}/v1", control.session)
    assert (await openai.get("/models"))["data"]
    await control.post("/llm", {"replies": []})
    await control.post("/speech", {"ttfb": 0.1, "realtime_factor": 0.5})
    await control.post("/transcription", {"texts": [], "delay": 0})
    assert (await control.get("/llm/requests")) == {"requests": []}


async def test_the_socket_is_private_and_removed_in_the_end() -> None:
    async with Sandbox() as sandbox:
        folder = Path(sandbox.socket_path).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(sandbox.socket_path) < 100
    assert not folder.exists()
