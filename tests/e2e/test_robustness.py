"""What breaks other bots: odd answers, odd people, lost places, lost connections, sudden ends."""

import asyncio
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, commands, end_of, online, sandbox
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

STORY = " ".join(f"This is sentence number {n} of a long story." for n in range(1, 40))
OVERLOADED = {"status": 200, "body": {"error": {"message": "overloaded", "type": "overloaded"}}}


async def first_words(world: World, asked: Any) -> str:
    """Wait for the first answer to a message."""

    async def look() -> str | None:
        found = await world.answers(after=asked)
        return found[0]["content"] if found and found[0]["content"] else None

    return await eventually(look, "an answer")


async def enter(world: World) -> str:
    """Bring ana and the bot into the first voice channel."""
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    assert "Lounge" in (await world.command("join", user="ana"))["content"]
    return lounge


async def speaking(world: World, lounge: str, *, more_than: int = 10) -> int:
    """Wait until so many frames were heard, and return how many."""

    async def look() -> int | None:
        heard = len(await world.frames(lounge))
        return heard if heard > more_than else None

    return await eventually(look, "speech")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"deltas": ["\u200b", "\x00"]}, "empty answer"),
        ({"text": "```"}, "empty answer"),
        ({"deltas": ["<think>only", " thoughts"]}, "empty answer"),
        ({"text": "One two", "error": OVERLOADED}, "One two\n\nI can't reach"),
        ({"deltas": ["\ud83d", "\ude00 Good.", "\ud83d"]}, "\U0001f600 Good."),
        ({"deltas": ["a\x00b\x07c", "\u202ehe \u05e9\u05dc\u05d5\u05dd."]}, "abc\u202ehe"),
    ],
    ids=["unseen", "bare fence", "thoughts", "error in stream", "surrogates", "controls"],
)
async def test_an_odd_answer_is_shown_or_told_once(
    world: World, script: dict[str, Any], words: str
) -> None:
    await world.script({"ttft": 0.0, **script}, {"text": "Fine again."})
    asked = await world.ask("hello")
    assert words in await first_words(world, asked)
    again = await world.ask("and now?")
    await world.answer(after=again, ends="Fine again.")
    told = [m for m in await world.answers(after=asked) if words in m["content"]]
    assert len(told) == 1


async def test_a_message_far_too_long_is_told_so(world: World) -> None:
    asked = await world.ask("x " * 50_000)
    assert "too long" in await first_words(world, asked)
    assert (await world.questions()) == []


async def test_channels_lost_in_mid_answer_are_survived_in_silence(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    answer = {"text": "word " * 60, "ttft": 0.0, "tokens_per_second": 60}
    await world.script(answer, answer, {"text": "Fine again."})
    async with bot(world, tmp_path) as started:
        await online(world)
        deleted, closed = [
            (await world.call("POST", "channels", {"name": name}))["id"] for name in ("a", "b")
        ]
        for channel in (deleted, closed):
            asked = await world.ask(f"hello {channel}", channel=channel)
            await world.answer(after=asked, ends="word", channel=channel)
        await world.call("DELETE", f"channels/{deleted}")
        denied = [{"id": "bot", "deny": ["send_messages", "view_channel"]}]
        await world.call("PATCH", f"channels/{closed}", {"permission_overwrites": denied})
        asked = await world.ask("and here?", user="ben")
        await world.answer(after=asked, ends="Fine again.")
        await asyncio.sleep(1.0)  # until both answers were to end
        started.terminate()
        status, said = await end_of(started)
    assert status == 0
    assert "Traceback" not in said
    assert said.count(" turn: ") == 3


async def test_what_is_said_at_once_is_heard_in_order(world: World) -> None:
    lounge = await enter(world)
    texts = ["No.", "Yes, that is so.", "And this is the longest sentence of all three."]
    await asyncio.gather(*(world.command("say", user="ana", text=text) for text in texts))
    await world.quiet(lounge)
    frames = (await world.call("GET", f"voice/{lounge}/frames", since=0))["frames"]
    sound = "".join("-" if frame["silence"] else "#" for frame in frames)
    parts = [part.strip("-") for part in sound.split("-" * 8)]  # a rest is longer
    lengths = [len(part) for part in parts if part]
    assert len(lengths) == 3
    assert lengths == sorted(lengths)


async def test_speech_goes_on_after_a_crash_of_the_voice_server_and_ends_without_keys(
    world: World,
) -> None:
    lounge = await enter(world)
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 200})
    await world.ask("a story")
    heard = await speaking(world, lounge)
    await world.call("POST", "faults", {"target": "voice", "kind": "4015"})
    heard = await speaking(world, lounge, more_than=heard + 30)
    await world.call("POST", "faults", {"target": "voice", "kind": "4017"})
    assert "Lounge" in (await world.command("join", user="ana"))["content"]
    heard = len(await world.frames(lounge))
    await world.command("say", user="ana", text="Here I am again.")
    await speaking(world, lounge, more_than=heard + 10)
    frames = await world.quiet(lounge)
    assert all(frame["decoded"] and frame["encrypted"] for frame in frames)


async def test_the_bot_leaves_voice_when_it_is_ended_and_remembers_when_it_was_killed(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    await world.script({"text": "Blue it is."}, {"text": "Blue."})
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 200})
    async with bot(world, tmp_path) as started:
        await online(world)
        asked = await world.ask("my colour is blue")
        await world.answer(after=asked, ends="Blue it is.")
        await eventually(lambda: _is_kept(tmp_path, "Blue it is."), "the answer in the history")
        started.send_signal(signal.SIGKILL)
        await end_of(started)
    async with bot(world, tmp_path) as started:
        await online(world)
        asked = await world.ask("what is it?")
        await world.answer(after=asked, ends="Blue.")
        request = (await world.questions())[-1]["body"]
        said = [message["content"] for message in request["messages"]]
        assert said[1:] == ["my colour is blue", "Blue it is.", "what is it?"]
        lounge = await enter(world)
        await world.ask("a story")
        await speaking(world, lounge)
        started.terminate()
        await asyncio.sleep(0.03)
        started.terminate()  # an impatient supervisor
        async with asyncio.timeout(8):
            status, log = await end_of(started)
    assert status == 0
    assert "Registered" not in log
    assert (await world.call("GET", "state"))["voice"] == {lounge: ["ana"]}


async def _is_kept(folder: Path, words: str) -> bool | None:
    kept = await asyncio.to_thread(lambda: [p.read_text() for p in folder.rglob("*.jsonl")])
    return any(words in text for text in kept) or None


async def test_without_its_history_the_bot_says_one_sentence_and_ends(
    empty_world: World, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    async with bot(empty_world, tmp_path, HISTORY_DIR=str(file)) as started:
        status, said = await end_of(started)
    assert status == 78
    assert said.splitlines()[-1].startswith("HISTORY_DIR: ")
    assert "Traceback" not in said


async def test_without_its_temporary_folder_the_bot_answers(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    file = tmp_path / "file"
    file.touch()
    async with bot(world, tmp_path, TEMP_DIR=str(file / "temp")) as started:
        await online(world)
        asked = await world.ask("echo Still here.")
        await world.answer(after=asked, ends="Still here.")
        started.terminate()
        status, said = await end_of(started)
    assert status == 0
    assert "Traceback" not in said


async def test_a_discord_that_is_gone_is_sought_quietly(tmp_path: Path) -> None:
    async with sandbox() as (server, world), bot(world, tmp_path, LOG_LEVEL="DEBUG") as started:
        await commands(world)
        await enter(world)
        server.kill()
        await server.wait()
        await asyncio.sleep(1.5)
        started.terminate()
        status, said = await end_of(started)
    assert status == 0
    assert "Traceback" not in said
    assert "never retrieved" not in said
    assert 1 <= said.count("Attempting a reconnect") <= 10
    assert world.state["connect"]["DISCORD_TOKEN"] not in said


async def test_ten_things_to_say_are_all_heard_one_after_the_other(world: World) -> None:
    lounge = await enter(world)
    texts = [f"{word}." for word in ("one", "two", "three", "four", "five") * 2]
    await asyncio.gather(*(world.command("say", user="ana", text=text) for text in texts))
    frames = await world.quiet(lounge, for_seconds=2.0)
    rests = [later["t"] - sooner["t"] for sooner, later in pairwise(frames)]
    assert len([rest for rest in rests if rest > 0.2]) == len(texts) - 1, sorted(rests)[-12:]
