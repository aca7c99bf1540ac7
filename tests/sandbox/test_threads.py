import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.probe import Control, Probe, running


async def thread_in(control: Control) -> tuple[str, str]:
    """Open a thread in #general; return the ids of the channel and of the thread."""
    general = (await control.get("/state"))["guilds"][0]["channels"][0]["id"]
    thread = await control.post("/channels", {"name": "side talk", "parent": general})
    assert thread == {"id": thread["id"], "name": "side talk", "type": "thread", "parent": general}
    return general, thread["id"]


async def test_a_bot_reads_and_writes_in_a_thread(bot: Probe, control: Control) -> None:
    general, thread = await thread_in(control)
    await control.say("hello", channel=thread)
    message = await bot.message()
    assert isinstance(message.channel, discord.Thread)
    assert message.channel.parent_id == int(general)
    await message.reply("hello yourself")
    assert await control.rules() == []


async def test_a_thread_that_stands_already_comes_with_its_guild(
    sandbox: Sandbox, control: Control
) -> None:
    general, thread = await thread_in(control)
    async with running(sandbox) as bot:
        [found] = bot.guilds[0].threads
        assert (found.id, found.parent_id) == (int(thread), int(general))
        assert all(channel.id != found.id for channel in await bot.guilds[0].fetch_channels())


async def test_writing_in_threads_is_a_permission_of_its_own(bot: Probe, control: Control) -> None:
    general, thread = await thread_in(control)
    overwrites = [{"id": "@everyone", "deny": ["send_messages_in_threads"]}]
    await control.call("PATCH", f"/channels/{general}", json={"permission_overwrites": overwrites})
    await control.say("hello", channel=thread)
    message = await bot.message()
    with pytest.raises(discord.Forbidden):
        await message.reply("hello")
    await control.say("hello", channel=general)
    await (await bot.message()).reply("hello")


async def test_a_thread_goes_with_its_channel(bot: Probe, control: Control) -> None:
    general, _ = await thread_in(control)
    await control.call("DELETE", f"/channels/{general}")
    await control.say("is it gone?", channel=(await control.post("/channels", {"name": "b"}))["id"])
    await bot.message()
    assert list(bot.guilds[0].threads) == []
    await control.post("/reset")
    assert [each["name"] for each in (await control.get("/state"))["guilds"][0]["channels"]] == [
        "general",
        "Lounge",
    ]


async def test_a_thread_stands_in_a_text_channel(control: Control) -> None:
    _, thread = await thread_in(control)
    for parent in (thread, "nowhere"):
        status, _ = await control.refused("POST", "/channels", {"name": "x", "parent": parent})
        assert status in (400, 404)
