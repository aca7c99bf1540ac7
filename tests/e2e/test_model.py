"""The language model's side, seen from outside."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, online
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


async def asked_models(world: World) -> list[dict[str, Any]]:
    """Return the bodies of the requests for an answer, oldest first."""
    found = (await world.call("GET", "llm/requests"))["requests"]
    return [each["body"] for each in found if each["path"] == "/v1/chat/completions"]


async def test_a_second_model_answers_when_the_first_fails(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    async with bot(
        world,
        tmp_path,
        LLM_FALLBACK_MODEL="spare",
        LLM_FIRST_TOKEN_TIMEOUT="2.4",
        LLM_RETRIES="0",
    ):
        await online(world)
        for fault in ("error", "hang"):
            await world.call("POST", "faults", {"target": "llm", "kind": fault})
            asked = await world.ask("echo Still here.")
            answer = await world.answer(after=asked, ends="-# answered by spare")
            assert answer["content"] == "Still here.\n-# answered by spare"
        asked = await world.ask("echo As ever.")
        await world.answer(after=asked, ends="As ever.")
        *failed, last = await asked_models(world)
        assert [body["model"] for body in failed][1::2] == ["spare", "spare"]
        assert last["model"] != "spare"
        assert "answered by" not in str(last)
        assert await world.violations() == []
