"""Moments at which two things happen at once, and worlds that are no more as they were."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, WebSocket, expect

from sandbox.messages import Draft, Revision
from sandbox.model import Channel
from sandbox.server import Sandbox
from tests.e2e.world import eventually
from tests.sandbox.page.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.e2e]

SLOW_MICROPHONE = """() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    const given = new Promise((resolve) => { window.giveMicrophone = resolve; });
    window.asked = 0;
    devices.getUserMedia = async (wish) => { window.asked += 1; await given; return open(wish); };
}"""

SHOW = """row => {
    row.scrollIntoView({ block: 'center' });
    return new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
}"""
TOP = """row => row.getBoundingClientRect().top"""


@asynccontextmanager
async def page_of(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Visitor]:
    """Open the page of a sandbox without a bot."""
    page = await browser.new_page()
    visitor = Visitor(page, sandbox.url)
    try:
        await visitor.arrive()
        yield visitor
        assert visitor.complaints == []
    finally:
        await page.close()


def places(sandbox: Sandbox, *, guild: int = 0) -> tuple[Channel, Channel]:
    """Return the text and the voice channel of a server."""
    general, lounge = [*sandbox.world.guilds.values()][guild].channels.values()
    return general, lounge


async def test_a_server_without_channels_is_passed_over(browser: Browser) -> None:
    async with Sandbox() as sandbox:
        for channel in places(sandbox):
            sandbox.world.remove_channel(channel)
        async with page_of(browser, sandbox) as visitor:
            await expect(visitor.page.locator("#server-name")).to_have_text("Workshop")
            await visitor.page.get_by_role("button", name="Sandbox", exact=True).click()
            await expect(visitor.box).to_be_visible()


async def test_a_server_opens_with_the_channel_that_is_its_first_now(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        general, _ = places(sandbox, guild=1)
        sandbox.world.remove_channel(general)
        sandbox.world.add_guild("Third")
        await expect(visitor.page.get_by_role("button", name="Third")).to_be_visible()
        await visitor.page.get_by_role("button", name="Workshop").click()
        await expect(visitor.page.locator("#channel-name")).to_have_text("Lounge")


async def test_a_newcomer_may_be_in_voice_at_once(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        cleo = sandbox.world.add_user("cleo")
        sandbox.world.set_voice(places(sandbox)[1], cleo, session_id="s")
        room = visitor.page.get_by_role("region", name="Voice channel Lounge")
        await expect(room.get_by_role("listitem")).to_have_text(["Ccleo"])


async def test_nobody_speaks_on_after_a_break(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        lounge = places(sandbox)[1]
        ana = sandbox.world.user("ana")
        sandbox.world.set_voice(lounge, ana, session_id="s")
        ids = {"guild_id": 0, "channel_id": lounge.id, "user_id": ana.id}
        sandbox.bus.publish("voice_speaking", **ids, speaking=True)
        speaking = visitor.page.get_by_text("is speaking")
        await expect(speaking).to_be_attached()
        await sandbox._page.aclose()
        await expect(visitor.page.get_by_text("Connection lost")).to_be_visible()
        await expect(visitor.page.get_by_text("Connection lost")).to_be_hidden()
        await expect(speaking).not_to_be_attached()


async def test_a_double_click_brings_one_into_voice_once(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        heard: list[WebSocket] = []

        def note(socket: WebSocket) -> None:
            heard.append(socket)

        visitor.page.on("websocket", note)
        await visitor.page.get_by_role("button", name="Join voice").dblclick()
        await expect(visitor.page.get_by_text("Voice connected")).to_be_visible()
        await expect(visitor.page.get_by_role("button", name="Hold to talk")).to_be_enabled()
        assert len([each for each in heard if not each.is_closed() and "voice" in each.url]) == 1
        await expect(visitor.page.locator("#call .call-note")).to_be_hidden()


async def test_one_who_lets_go_and_holds_again_is_heard(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        page = visitor.page
        await page.context.grant_permissions(["microphone"])
        await page.evaluate(SLOW_MICROPHONE)
        await page.get_by_role("button", name="Join voice").click()
        talk = page.get_by_role("button", name="Hold to talk")
        await expect(talk).to_be_enabled()
        await talk.focus()
        await page.keyboard.down("Space")
        await page.keyboard.up("Space")
        await page.keyboard.down("Space")
        await page.wait_for_function("window.asked === 2")
        await page.evaluate("window.giveMicrophone()")
        await expect(talk).to_have_attribute("data-recording", "yes", timeout=20_000)
        async with page.expect_request("**/say?**"):
            await page.keyboard.up("Space")


async def test_a_new_message_does_not_move_what_one_reads(browser: Browser) -> None:
    async with Sandbox() as sandbox:
        general, _ = places(sandbox)
        ben = sandbox.world.user("ben")
        for number in range(310):
            sandbox.world.messages.post(general, ben, Draft(content=f"message {number}"))
        async with page_of(browser, sandbox) as visitor:
            await expect(visitor.messages).to_have_count(300)
            row = visitor.messages.filter(has_text="message 150")
            await row.evaluate(SHOW)
            before = await row.evaluate(TOP)
            await row.focus()
            sandbox.world.messages.post(general, ben, Draft(content="a new one\n" * 5))
            await expect(visitor.messages.last).to_contain_text("a new one")
            assert abs(await row.evaluate(TOP) - before) < 2
            await expect(row).to_be_focused()


async def test_a_list_of_names_closes_when_one_goes_elsewhere(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        await visitor.write("@a")
        await expect(visitor.suggestions.first).to_be_visible()
        await visitor.page.get_by_role("button", name="Workshop").focus()
        await expect(visitor.page.get_by_role("listbox")).to_be_hidden()


async def test_a_message_in_focus_says_what_it_says(browser: Browser) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        general, _ = places(sandbox)
        ben = sandbox.world.user("ben")
        text = f"<@{sandbox.world.user('ana').id}> *good* morning"
        message = sandbox.world.messages.post(general, ben, Draft(content=text))
        label = visitor.page.get_by_label("@ana *good* morning")
        await expect(label).to_have_class("message pinged")
        sandbox.world.messages.edit(message, Revision(content="good night"))
        await expect(visitor.page.get_by_label("good night")).to_be_visible()
        await visitor.messages.first.hover()
        await visitor.messages.first.get_by_role("button", name="Apps").click()
        await expect(visitor.page.get_by_role("dialog")).to_contain_text("ben: good night")


async def test_drawers_are_left_by_a_click_beside_them_and_give_the_focus_back(
    browser: Browser,
) -> None:
    async with Sandbox() as sandbox, page_of(browser, sandbox) as visitor:
        page = visitor.page
        await page.set_viewport_size({"width": 420, "height": 700})
        workshop = page.get_by_role("button", name="Workshop")
        channels = page.get_by_role("button", name="Channels", exact=True)
        await channels.click()
        await expect(workshop).to_be_visible()
        await page.mouse.click(400, 300)
        await expect(workshop).to_be_hidden()
        await channels.click()
        await workshop.focus()
        await page.keyboard.press("Escape")
        await expect(workshop).to_be_hidden()
        await expect(channels).to_be_focused()


@pytest.mark.parametrize("place", ["general", "Direct Messages"])
async def test_the_page_finds_a_sandbox_that_was_started_again(
    browser: Browser, place: str
) -> None:
    async with Sandbox() as first:
        port = first.port
        page = await browser.new_page()
        visitor = Visitor(page, first.url)
        await visitor.arrive()
        await page.get_by_role("button", name=place, exact=True).click()
    async with Sandbox(port=port) as second:
        await eventually_connected(visitor)
        general, _ = places(second)
        second.world.messages.post(general, second.world.user("ben"), Draft(content="new world"))
        await expect(visitor.contents).to_have_text(["new world"])
        await visitor.box.fill("and I am in it")
        await visitor.box.press("Enter")
        await expect(visitor.contents).to_have_text(["new world", "and I am in it"])
        assert [each for each in visitor.complaints if "404" in each] == []
        await page.close()


async def eventually_connected(visitor: Visitor) -> None:
    """Wait until the page has found its way back."""

    async def look() -> bool | None:
        return await visitor.page.locator("#connection").inner_text() == "" or None

    await expect(visitor.page.get_by_text("Connection lost")).to_be_visible()
    await eventually(look, "connection")
