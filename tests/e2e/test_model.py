"""The language model's side, seen from outside."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, online
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


async def asked_models(world: World) -> list[dict[str, Any]]:
    """Return the bodies of the requests for an answer, oldest first."""
    found = await world.questions()
    return [each["body"] for each in found if each["path"] == "/v1/chat/completions"]


def png() -> dict[str, str]:
    data = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(200_000)).decode()
    return {"filename": "cat.png", "content_type": "image/png", "base64": data}


async def test_an_image_reaches_the_model_and_a_blind_one_is_no_obstacle(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    async with bot(world, tmp_path):
        await online(world)
        asked = await world.ask("", attachments=[png(), png()])
        answer = await world.answer(after=asked, ends="I have rules and no eyes to see more.")
        assert "2 images (png of 200008 bytes, png of 200008 bytes)" in answer["content"]
        await world.call("POST", "llm", {"vision": False})
        asked = await world.ask("echo What is it?", attachments=[png()])
        answer = await world.answer(after=asked, ends="-# This model can't see images.")
        assert answer["content"].startswith("What is it?")
        assert await world.violations() == []
    *_, last = await asked_models(world)
    assert last["messages"][1] == {"role": "user", "content": "[image]\n[image]"}
    assert last["messages"][-1]["content"] == "echo What is it?\n[an image that you cannot see]"


async def test_vision_can_be_off(empty_world: World, tmp_path: Path) -> None:
    world = empty_world
    async with bot(world, tmp_path, LLM_VISION="off"):
        await online(world)
        asked = await world.ask("echo What is it?", attachments=[png()])
        await world.answer(after=asked, ends="What is it?")
        asked = await world.ask("", attachments=[png()])
        await world.answer(after=asked, ends="Write your question after my name.")
    [body] = await asked_models(world)
    assert body["messages"][-1]["content"] == "echo What is it?"


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
