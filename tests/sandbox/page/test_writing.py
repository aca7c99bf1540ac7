import asyncio

import pytest
from playwright.async_api import FilePayload, WebSocketRoute, expect

from tests.e2e.world import World
from tests.sandbox.page.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.e2e]


async def test_an_answer_grows_while_one_reads(world: World, visitor: Visitor) -> None:
    text = "The beginning. " + "Then more and more of it. " * 6 + "The end."
    await world.script({"text": text, "ttft": 0.05, "tokens_per_second": 40})
    await visitor.mention("tell me")
    answer = visitor.contents.nth(1)
    await expect(answer).to_contain_text("The beginning.")
    assert "The end." not in await answer.inner_text()
    await expect(answer).to_contain_text("The end. (edited)")
    assert await visitor.messages.count() == 2
    await expect(visitor.contents.first).to_have_text("@Sandbox Bot tell me")
    waterfall = visitor.messages.nth(1).locator(".waterfall")
    for mark in ("batch + context", "first token", "first words", "model writes", "text grows"):
        await expect(waterfall).to_contain_text(mark)


async def test_text_is_never_taken_for_markup(world: World, visitor: Visitor) -> None:
    attack = "<img src=x onerror=boom()> <script>boom()</script> **<b onclick=boom()>hi</b>**"
    await world.post(f"{attack} [x](javascript:boom())", user="ben")
    await expect(visitor.contents.first).to_contain_text("<script>boom()</script>")
    await expect(visitor.contents.first).to_contain_text("[x](javascript:boom())")
    for forbidden in ("img", "script", "a", "b"):
        assert await visitor.contents.first.locator(forbidden).count() == 0
    await expect(visitor.contents.first.locator("strong")).to_have_text("<b onclick=boom()>hi</b>")


async def test_one_replies_edits_and_deletes_with_the_keyboard(
    world: World, visitor: Visitor
) -> None:
    await world.post("a question", user="ben")
    await expect(visitor.messages).to_have_count(1)
    await visitor.keys("Shift+Tab", "Shift+Tab")
    await expect(visitor.messages.first).to_be_focused()
    await visitor.keys("Tab")
    await expect(visitor.page.get_by_role("button", name="Reply", exact=True)).to_be_focused()
    await visitor.keys("Enter")
    await expect(visitor.box).to_be_focused()
    await visitor.write("an anser")
    await visitor.keys("Enter")
    await expect(visitor.messages.nth(1)).to_contain_text("bena question")
    await visitor.keys("ArrowUp")
    await expect(visitor.page.get_by_role("textbox", name="Edit your message")).to_be_focused()
    await visitor.keys("Backspace", "Backspace")
    await visitor.write("wer")
    await visitor.keys("Enter")
    await expect(visitor.contents.nth(1)).to_have_text("an answer (edited)")
    await visitor.messages.nth(1).focus()
    await visitor.keys("Tab", "Tab", "Tab", "Tab", "Enter")
    await expect(visitor.page.get_by_role("dialog", name="Delete message")).to_be_visible()
    await visitor.keys("Enter")
    await expect(visitor.messages).to_have_count(1)


async def test_what_was_missed_comes_once_after_a_break(world: World, visitor: Visitor) -> None:
    broken = asyncio.Event()
    sockets: list[WebSocketRoute] = []

    async def pass_on(socket: WebSocketRoute) -> None:
        if broken.is_set():
            await socket.close()
            return
        sockets.append(socket)
        socket.connect_to_server()

    await visitor.page.route_web_socket("**/page/live", pass_on)
    await visitor.page.reload()
    first = await world.post("first")
    await expect(visitor.contents).to_have_text(["first"])
    broken.set()
    await sockets[0].close()
    await expect(visitor.page.get_by_text("Connection lost")).to_be_visible()
    second = await world.post("second", user="ben")
    path = f"channels/{first['channel']}/messages"
    await world.call("PATCH", f"{path}/{first['id']}", {"content": "changed"})
    await world.call("DELETE", f"{path}/{second['id']}")
    await world.post("third", user="ben")
    broken.clear()
    await expect(visitor.contents).to_have_text(["changed (edited)", "third"])
    await world.post("fourth")
    await expect(visitor.contents).to_have_text(["changed (edited)", "third", "fourth"])
    await expect(visitor.page.get_by_text("Connection lost")).to_be_hidden()


async def test_files_are_sent_and_shown(visitor: Visitor) -> None:
    file = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"four")
    await visitor.page.locator("#write input[type=file]").set_input_files(file)
    await expect(visitor.page.get_by_role("list", name="Files to send")).to_contain_text(
        "notes.txt 4 bytes"
    )
    await visitor.box.focus()
    await visitor.keys("Enter")
    link = visitor.messages.first.get_by_role("link", name="notes.txt")
    async with visitor.page.expect_download() as download:
        await link.click()
    assert (await (await download.value).path()).read_bytes() == b"four"


async def test_other_channels_show_that_they_are_unread(world: World, visitor: Visitor) -> None:
    ana = next(user["id"] for user in world.state["users"] if user["name"] == "ana")
    await world.post(f"<@{ana}> here", user="ben", channel=world.channel("Lounge"))
    await world.post("there", user="ben", channel=world.channel(guild=1))
    lounge = visitor.page.get_by_role("button", name="Lounge, 1 unread, 1 mention")
    await expect(lounge).to_be_visible()
    await expect(visitor.page.get_by_role("button", name="Workshop, 1 unread")).to_be_visible()
    await lounge.click()
    await expect(visitor.contents).to_have_text(["@ana here"])
    await expect(visitor.page.get_by_role("button", name="Lounge", exact=True)).to_be_visible()


async def test_one_writes_to_the_bot_alone(world: World, visitor: Visitor) -> None:
    await world.script({"text": "Just us."})
    await visitor.page.get_by_role("button", name="Direct Messages").click()
    await expect(visitor.box).to_have_attribute("placeholder", "Message @Sandbox Bot")
    await visitor.write("hello")
    await visitor.keys("Enter")
    await expect(visitor.contents).to_contain_text(["hello", "Just us."])


async def test_a_narrow_window_shows_the_channels_on_demand(visitor: Visitor) -> None:
    await visitor.page.set_viewport_size({"width": 420, "height": 700})
    workshop = visitor.page.get_by_role("button", name="Workshop")
    await expect(workshop).to_be_hidden()
    await visitor.page.get_by_role("button", name="Channels").click()
    await workshop.click()
    await expect(workshop).to_be_hidden()
    await expect(visitor.box).to_be_focused()
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= 420
