"""Long conversations: what falls out of the window is summed up, beside the answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.background_text import EARLIER_TITLE, SUMMARY_TITLE
from services.core.types import HistoryEntry
from services.history.jsonl import JsonlHistoryStore
from tests.e2e.processes import bot, commands, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

SETTINGS = {
    "MAX_HISTORY_MESSAGES": "1",
    "LLM_RETRIES": "0",
    "USER_RATE_BURST": "100",
    "RESPONSE_STREAMING_ENABLED": "false",
    "NATURAL_TYPING_DELAY_ENABLED": "false",
    "MESSAGE_BATCH_WINDOW_SECONDS": "0",
}
SAID_BEFORE = 8
"""Messages of a channel before the test; with one more turn they are too many by one."""


async def say_before(world: World, folder: Path, *channels: str) -> None:
    """Let a bot that ran here earlier have kept something."""
    history = JsonlHistoryStore(folder)
    ana = next(int(each["id"]) for each in world.state["users"] if each["name"] == "ana")
    for channel in channels:
        said = [
            HistoryEntry("user", f"Number {n} is mine.", float(n), ana, "ana", (n,))
            for n in range(1, SAID_BEFORE + 1)
        ]
        await history.append(f"channel-{channel}", said)
    await history.aclose()


async def requests(world: World, *, whole: bool) -> list[dict[str, Any]]:
    found = (await world.call("GET", "llm/requests"))["requests"]
    bodies = [each["body"] for each in found if each["path"] == "/v1/chat/completions"]
    return [body for body in bodies if body.get("stream", False) != whole]


async def ask(world: World, text: str, channel: str) -> str:
    """Ask, wait for the answer, and return the system message that the model was given."""
    await world.script({"text": "Fine.", "ttft": 0, "tokens_per_second": 0})
    asked = await world.ask(text, channel=channel)
    await world.answer(after=asked, ends="Fine.", channel=channel)
    system: str = (await requests(world, whole=False))[-1]["messages"][0]["content"]
    return system


async def summed_up(world: World, times: int) -> dict[str, Any]:
    """Wait until the model was asked so often for a summary; return the last request."""

    async def look() -> dict[str, Any] | None:
        made = await requests(world, whole=True)
        return made[-1] if len(made) >= times else None

    return await eventually(look, f"{times} requests for a summary")


async def test_a_summary_is_made_used_kept_and_forgotten_and_a_failing_one_does_no_harm(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    general, other = world.channel(), world.channel(guild=1)
    kept = tmp_path / "history" / "summaries" / f"channel-{other}.json"

    async def on_disk() -> bool | None:
        return await asyncio.to_thread(kept.exists) or None

    await say_before(world, tmp_path / "history", general, other)
    async with bot(world, tmp_path, **SETTINGS):
        await online(world)
        await world.call("POST", "llm", {"completions": [{"text": "Ana keeps bees."}]})
        await ask(world, "Where are those?", other)
        asked = await summed_up(world, 1)
        assert "ana: Number 8 is mine." in asked["messages"][1]["content"]
        await eventually(on_disk, "summary on the disk")
        assert "> Ana keeps bees." in await ask(world, "Go on.", other)
    async with bot(world, tmp_path, **SETTINGS):
        await online(world)
        await commands(world)
        system = await ask(world, "Do you remember?", other)
        assert f"{SUMMARY_TITLE}\n> Ana keeps bees." in system
        assert "Number 1" not in system
        await world.command("reset", channel=other)
        assert "Ana keeps bees." not in await ask(world, "And now?", other)
        failed = {"error": {"status": 500, "body": {}}, "ttft": 0}
        await world.call("POST", "llm", {"completions": [failed]})
        await ask(world, "Where are they?", general)
        await summed_up(world, 2)
        system = await ask(world, "Still here.", general)
        assert SUMMARY_TITLE not in system
        assert f"{EARLIER_TITLE}\n> ana: Number 1 is mine.\n> ana: Number 2" in system
        assert await world.violations() == []
