"""The bot as a process: how it starts, what it says when it can't, how it ends."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.e2e.processes import bot, commands, end_of, online, process
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DISCORD_TOKEN": ""}, "DISCORD_TOKEN"),
        ({"DISCORD_TOKEN": "x", "LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"DISCORD_TOKEN": "x", "TTS_ENGINE": "openai"}, "TTS_BASE_URL"),
        ({"DISCORD_TOKEN": "x", "DISCORD_SOCKET": "/nowhere.sock"}, "DISCORD_SOCKET"),
    ],
    ids=["no token", "bad setting", "missing address", "no server"],
)
async def test_a_bad_start_is_one_sentence(environment: dict[str, str], words: str) -> None:
    async with process("bot.py", **environment) as started:
        status, said = await end_of(started)
    assert status == 78
    assert words in said
    assert said.count("\n") == 1


async def test_a_bad_token_is_one_sentence(empty_world: World, tmp_path: Path) -> None:
    async with bot(empty_world, tmp_path, DISCORD_TOKEN="not.a.token") as started:
        status, said = await end_of(started)
    assert status == 78
    assert "DISCORD_TOKEN" in said
    assert "not.a.token" not in said
    assert "Traceback" not in said, said


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_in_mid_reply_ends_the_bot_cleanly(
    empty_world: World, tmp_path: Path, signal_number: signal.Signals
) -> None:
    world = empty_world
    await world.script({"text": "word " * 500, "ttft": 0.0, "tokens_per_second": 20})
    async with bot(world, tmp_path) as started:
        await online(world)
        asked = await world.ask("a long story")

        async def begun() -> bool | None:
            return bool(await world.answers(after=asked)) or None

        await eventually(begun, "the beginning of an answer")
        started.send_signal(signal_number)
        async with asyncio.timeout(8):
            status, said = await end_of(started)
    assert status == 0
    assert "Traceback" not in said, said
    [answer] = await world.answers(after=asked)
    assert "stopped" in answer["content"]
    assert await world.violations() == []


async def test_a_dropped_gateway_is_resumed_without_losing_a_message(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    await world.script({"text": "Still here."})
    async with bot(world, tmp_path) as started:
        await online(world)
        await world.call("POST", "faults", {"target": "gateway", "kind": "drop"})
        asked = await world.ask("are you there?")
        await world.answer(after=asked, ends="Still here.")
        assert len(await world.answers(after=asked)) == 1
        started.terminate()
        assert (await end_of(started))[0] == 0


async def test_a_rate_limited_post_arrives_once(empty_world: World, tmp_path: Path) -> None:
    world = empty_world
    await world.script({"text": "Patience."})
    async with bot(world, tmp_path) as started:
        await online(world)
        fault = {"target": "rest", "kind": "429", "seconds": 0.5}
        await world.call("POST", "faults", fault)
        asked = await world.ask("hello")
        await world.answer(after=asked, ends="Patience.")
        assert len(await world.answers(after=asked)) == 1
        started.terminate()
        assert (await end_of(started))[0] == 0


async def test_commands_are_registered_once_and_again_only_when_they_changed(
    empty_world: World, tmp_path: Path
) -> None:
    for expected in ("Registered", ""):
        async with bot(empty_world, tmp_path) as started:
            await online(empty_world)
            await commands(empty_world)
            await asyncio.sleep(0.3)
            started.terminate()
            status, said = await end_of(started)
        assert status == 0
        assert expected in said
        assert bool(expected) == ("Registered" in said)
        assert said.count("oauth2/authorize?client_id=") == 1


async def test_somebody_who_floods_is_asked_to_wait_once(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    await world.script(*[{"text": "Yes.", "ttft": 0.0}] * 10)
    apart = {"MESSAGE_BATCH_WINDOW_SECONDS": "0"}  # each is answered by itself
    limits = {"USER_RATE_BURST": "3", "USER_RATE_PER_MINUTE": "1"}
    async with bot(world, tmp_path, **limits, **apart) as started:
        await online(world)
        first = await world.ask("number 0.")
        for number in range(1, 8):
            await world.ask(f"number {number}.")

        async def told() -> bool | None:
            found = await world.answers(after=first)
            return sum("Yes." in message["content"] for message in found) == 3 or None

        await eventually(told, "three answers")
        found = await world.answers(after=first)
        assert sum("faster than I can answer" in m["content"] for m in found) == 1
        assert len(found) == 4
        started.terminate()
        assert (await end_of(started))[0] == 0
