"""The bot's coming, going and coming back in voice channels, seen from outside."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

STORY = " ".join(f"This is sentence number {n} of a long story." for n in range(1, 40))


async def enter(world: World) -> str:
    """Bring ana and the bot into the first voice channel."""
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    assert "Lounge" in (await world.command("join", user="ana"))["content"]
    return lounge


async def new_channel(world: World, name: str, **more: Any) -> str:
    made = await world.call("POST", "channels", {"name": name, "type": "voice", **more})
    return str(made["id"])


async def tell_a_story(world: World, lounge: str) -> None:
    """Let the bot speak for long, and wait until it does."""
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 200})
    await world.ask("a story")
    await heard(world, lounge, since=0.0)


async def heard(world: World, channel: str, *, since: float) -> None:
    async def look() -> bool | None:
        return len(await world.frames(channel, since=since)) > 5 or None

    await eventually(look, "speech")


async def told(world: World, words: str, *, channel: str = "") -> None:
    """Wait for the one sentence with which the bot explains itself."""
    place = channel or world.channel()

    async def look() -> bool | None:
        found = await world.call("GET", f"channels/{place}/messages")
        said = [message["content"] for message in found["messages"]]
        return sum(words in content for content in said) == 1 or None

    await eventually(look, words)


async def present(world: World, channel: str, *names: str) -> None:
    async def look() -> bool | None:
        voice = (await world.call("GET", "state"))["voice"]
        return sorted(voice.get(channel, [])) == sorted(names) or None

    await eventually(look, f"{names} in the channel")


async def test_the_bot_speaks_on_where_a_moderator_drags_it(world: World) -> None:
    lounge, cellar = await enter(world), await new_channel(world, "Cellar")
    await world.call("POST", f"voice/{cellar}/join", {"user": "ben"})
    await tell_a_story(world, lounge)
    drag = {"user": "admin", "target": "bot", "to": cellar}
    await world.call("POST", f"voice/{lounge}/move", drag)
    await heard(world, cellar, since=time.monotonic())
    await present(world, cellar, "ben", "bot")
    assert (await world.command("stop", user="ana"))["content"] == "Stopped."


async def test_the_bot_goes_along_with_whom_it_was_brought_by(world: World) -> None:
    lounge, cellar = await enter(world), await new_channel(world, "Cellar")
    await tell_a_story(world, lounge)
    await world.call("POST", f"voice/{lounge}/join", {"user": "ben"})
    await world.call("POST", f"voice/{cellar}/join", {"user": "ana"})
    await present(world, lounge, "ben", "bot")
    await world.call("POST", f"voice/{lounge}/leave", {"user": "ben"})
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    await world.call("POST", f"voice/{cellar}/join", {"user": "ana"})
    await present(world, cellar, "ana", "bot")
    await heard(world, cellar, since=time.monotonic())
    await world.command("stop", user="ana")


async def test_why_the_bot_is_gone_is_said_once_and_join_works_again(world: World) -> None:
    lounge = await enter(world)
    await tell_a_story(world, lounge)
    await world.call("POST", f"voice/{lounge}/kick", {"user": "admin", "target": "bot"})
    await told(world, "I was disconnected from Lounge by somebody. /join brings me back.")
    await world.command("join", user="ana")
    await world.call("POST", "faults", {"target": "voice", "kind": "4017"})
    await told(world, "end-to-end encryption (DAVE), which failed. /join tries again.")
    await world.command("join", user="ana")
    denied = [{"id": "bot", "deny": ["connect"]}]
    await world.call("PATCH", f"channels/{lounge}", {"permission_overwrites": denied})
    await told(world, "I left voice. I may not enter Lounge: I lack the permission Connect")
    await present(world, lounge, "ana")
    refused = await world.command("join", user="ana")
    assert "I lack the permission Connect" in refused["content"]
    await world.call("PATCH", f"channels/{lounge}", {"permission_overwrites": []})
    await world.command("join", user="ana")
    await world.call("DELETE", f"channels/{lounge}")
    await told(world, "The voice channel Lounge was deleted")


async def test_leaving_by_oneself_is_not_explained(world: World) -> None:
    lounge = await enter(world)
    await world.command("leave", user="ana")
    await present(world, lounge, "ana")
    found = await world.call("GET", f"channels/{world.channel()}/messages")
    assert [m["content"] for m in found["messages"] if "/join" in m["content"]] == []


@pytest.mark.parametrize("gap", [0.0, 0.4], ids=["at once", "first without an endpoint"])
async def test_the_bot_speaks_on_from_another_voice_server(world: World, gap: float) -> None:
    lounge = await enter(world)
    await tell_a_story(world, lounge)
    await world.call("POST", f"voice/{lounge}/region", {"gap": gap})
    await heard(world, lounge, since=time.monotonic() + 0.2)
    await world.command("stop", user="ana")


async def test_a_close_without_a_word_is_no_kick(world: World) -> None:
    lounge = await enter(world)
    await tell_a_story(world, lounge)
    await world.call("POST", "faults", {"target": "voice", "kind": "4014"})
    await heard(world, lounge, since=time.monotonic() + 0.2)
    await world.command("stop", user="ana")


async def test_the_bot_comes_to_speak_an_answer_and_goes_when_it_is_alone(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    text = "Here I am, as you asked me to be."
    await world.script({"text": text}, {"text": "And again."})
    switches = dict.fromkeys(("AUTO_JOIN_ENABLED", "VOICE_STATUS_ENABLED"), "true")
    async with bot(world, tmp_path, **switches, AUTO_LEAVE_MINUTES="0.01"):
        await online(world)
        asked = await world.ask("come")
        answer = await world.answer(after=asked, ends="to be.")
        frames = await world.quiet(lounge)
        assert answer["created"] - asked["created"] < 1.5
        assert frames[0]["t"] - asked["created"] < 3.0
        assert len(frames) * 0.02 > 1.0
        await world.call("POST", f"voice/{lounge}/leave", {"user": "ana"})
        await present(world, lounge)
        found = await world.call("GET", f"channels/{world.channel()}/messages")
        assert len(found["messages"]) == 2, "it went in silence"
        written = await world.call("GET", f"voice/{lounge}/statuses")
        statuses = [each["status"] for each in written["statuses"]]
        assert "🔊 speaking" in statuses
        assert statuses[-1] == ""
        assert await world.violations() == []


async def test_on_a_stage_the_bot_asks_to_speak_and_speaks_when_it_is_let(world: World) -> None:
    stage = (await world.call("POST", "channels", {"name": "Hall", "type": "stage"}))["id"]
    await world.call("POST", f"voice/{stage}/join", {"user": "ana"})
    assert "have asked to speak" in (await world.command("join", user="ana"))["content"]
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 200})
    asked = await world.ask("a story")
    await world.answer(after=asked, ends="of a long story.")
    assert await world.frames(stage) == []
    await world.call("POST", f"voice/{stage}/stage", {"user": "admin", "target": "bot"})
    await heard(world, stage, since=0.0)
    down = {"user": "admin", "target": "bot", "audience": True}
    await world.call("POST", f"voice/{stage}/stage", down)
    allowed = [{"id": "bot", "allow": ["mute_members"]}]
    await world.call("PATCH", f"channels/{stage}", {"permission_overwrites": allowed})
    await world.command("leave", user="ana")
    came = await world.command("join", user="ana")
    assert "I speak my answers" in came["content"]
    before = len(await world.frames(stage))
    await world.command("say", user="ana", text="Good evening, everybody.")

    async def look() -> bool | None:
        return len(await world.frames(stage)) > before + 20 or None

    await eventually(look, "speech from the stage")
