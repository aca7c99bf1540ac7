"""Where and for whom the bot works, as a server's moderators choose it."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, commands, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e


async def answered(world: World, content: str, **more: Any) -> dict[str, Any]:
    """Post something that is answered, and return the answer."""
    await world.script({"text": "Yes, indeed."})
    asked = await world.post(content, **more)
    return await world.answer(after=asked, ends="indeed.", channel=asked["channel"])


async def test_free_chat_answers_everything_that_is_for_nobody_else(world: World) -> None:
    await commands(world)
    assert "<#" in (await world.command("settings chat", action="add"))["content"]
    answer = await answered(world, "what do you all think?")
    bens = await world.post("!play a song", user="ben")
    await world.post("I think so too", reply_to=bens["id"])
    await world.post("<@" + world.state["users"][1]["id"] + "> come here")
    await world.post("🎉")
    last = await answered(world, "and you?", reply_to=answer["id"])
    assert [each["id"] for each in await world.answers(after=bens)] == [last["id"]]
    assert "nowhere" in (await world.command("settings chat", action="remove"))["content"]
    chatter = await world.post("nobody asked the bot")
    last = await answered(world, f"{world.mention} hello")
    assert [each["id"] for each in await world.answers(after=chatter)] == [last["id"]]


async def test_a_thread_counts_as_its_channel(world: World) -> None:
    await commands(world)
    body = {"name": "side talk", "parent": world.channel()}
    thread = (await world.call("POST", "channels", body))["id"]
    added = await world.command("settings chat", action="add", channel=thread)
    assert f"<#{world.channel()}>" in added["content"]
    await answered(world, "what do you think?", channel=thread)
    await world.command("settings chat", action="clear")
    chatter = await world.post("nobody asked the bot", channel=thread)
    last = await answered(world, f"{world.mention} hello", channel=thread)
    found = await world.answers(after=chatter, channel=thread)
    assert [each["id"] for each in found] == [last["id"]]


async def test_whom_the_moderators_deny_is_refused_in_words(world: World) -> None:
    await commands(world)
    await world.command("settings deny", action="add", person="ben")
    asked = await world.ask("hello", user="ben")
    [refusal] = await eventually(lambda: _answers(world, asked), "refusal")
    assert "moderators" in refusal["content"]
    refused = await world.command("ask", user="ben", text="hello")
    assert (refused["content"], refused["ephemeral"]) == (refusal["content"], True)
    await world.command("settings deny", action="add", person="admin")
    assert "**Not for**" in (await world.command("settings show"))["content"]
    await answered(world, f"{world.mention} hello")
    await world.command("settings deny", action="clear")


async def test_the_choices_outlive_the_bot_and_free_chat_needs_the_intent(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    async with bot(world, tmp_path) as first:
        await online(world)
        await commands(world)
        await world.command("settings chat", action="add")
        await world.command("settings language", language="de")
        await answered(world, "hello")
        first.terminate()
        await first.wait()
    await world.call("POST", "application", {"intents": []})
    async with bot(world, tmp_path):
        await online(world)
        shown = (await world.command("settings show"))["content"]
        assert f"**Free chat**: <#{world.channel()}>\n" in shown
        assert "Message Content Intent" in shown
        assert "**Language**: German" in shown
        assert "Message Content Intent" in (await world.command("doctor"))["content"]
        unread = await world.post("hello")
        last = await answered(world, f"{world.mention} hello")
        assert [each["id"] for each in await world.answers(after=unread)] == [last["id"]]
    assert await world.violations() == []


async def _answers(world: World, asked: dict[str, Any]) -> list[dict[str, Any]] | None:
    return await world.answers(after=asked) or None
