import json

import pytest
from playwright.async_api import expect

from tests.e2e.world import World, eventually
from tests.sandbox.page.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.e2e]

SLOW_SOUND = """() => {
    const given = new Promise((resolve) => { window.giveSound = resolve; });
    const { addModule } = AudioWorklet.prototype;
    AudioWorklet.prototype.addModule = async function (...module) {
        await given;
        return addModule.apply(this, module);
    };
}"""


async def test_the_bot_is_heard(world: World, visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("button", name="Join voice").click()
    await expect(page.get_by_text("Voice connected")).to_be_visible()
    await visitor.box.focus()
    await visitor.command("join")
    await visitor.keys("Enter")
    await expect(visitor.contents).to_contain_text(["I'm in Lounge"])
    await world.script({"text": "Good evening, Ana."})
    await visitor.box.focus()
    await visitor.mention("hello")
    room = page.get_by_role("region", name="Voice channel Lounge")
    await expect(room.get_by_text("is speaking")).to_be_attached()
    meter = page.get_by_role("meter", name="Loudness of what you hear")

    async def heard() -> float | None:
        value = float(await meter.evaluate("meter => meter.value"))
        return value if value > 0.05 else None

    assert await eventually(heard, "sound on the page")
    await expect(room.get_by_text("is speaking")).not_to_be_attached()
    waterfall = visitor.messages.nth(2).locator(".waterfall")
    await expect(waterfall).to_contain_text("first sound")
    await expect(waterfall).to_contain_text("voice speaks")
    await page.get_by_role("button", name="Leave", exact=True).first.click()
    await expect(page.get_by_text("Voice connected")).to_be_hidden()
    await world.call("GET", "state")


async def test_a_stage_is_a_place_to_go_to(world: World, visitor: Visitor) -> None:
    guild = world.state["guilds"][0]["id"]
    await world.call("POST", "channels", {"guild": guild, "name": "Town hall", "type": "stage"})
    stage = visitor.page.get_by_role("region", name="Voice channel Town hall")
    await stage.get_by_role("button", name="Join stage").click()
    await expect(stage.get_by_role("listitem")).to_have_text(["Aana"])
    await expect(visitor.page.get_by_role("list", name="In Town hall")).to_contain_text("ana")
    await visitor.page.get_by_role("button", name="Town hall", exact=True).click()
    await expect(visitor.page.locator("#channel-name .icon-stage")).to_be_visible()


async def test_one_talks_while_a_key_is_held(world: World, visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("button", name="Join voice").click()
    talk = page.get_by_role("button", name="Hold to talk")
    await expect(talk).to_be_enabled()
    await talk.focus()
    async with page.expect_request("**/say?**") as said:
        await page.keyboard.down("Space")
        await expect(talk).to_have_attribute("aria-pressed", "true")
        await expect(talk).to_have_attribute("data-recording", "yes", timeout=20_000)
        await page.keyboard.up("Space")
    answer = await (await said.value).response()
    assert answer is not None
    assert json.loads(await answer.body())["seconds"] > 0.1
    await expect(talk).to_have_attribute("aria-pressed", "false")


async def test_somebody_else_does_not_hear_what_one_hears(visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("button", name="Join voice").click()
    await expect(page.get_by_text("Voice connected")).to_be_visible()
    await visitor.become("ben")
    await expect(page.get_by_text("Voice connected")).to_be_hidden()
    await visitor.become("ana")
    await page.get_by_role("button", name="Listen").click()
    await expect(page.get_by_text("Voice connected")).to_be_visible()


async def test_one_can_talk_once_there_is_sound(visitor: Visitor) -> None:
    page = visitor.page
    await page.evaluate(SLOW_SOUND)
    await page.get_by_role("button", name="Join voice").click()
    await expect(page.get_by_text("Connecting…")).to_be_visible()
    talk = page.get_by_role("button", name="Hold to talk")
    await expect(talk).to_be_disabled()
    await page.evaluate("window.giveSound()")
    await expect(page.get_by_text("Voice connected")).to_be_visible()
    await expect(talk).to_be_enabled()
