from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from playwright.async_api import Browser, expect

from sandbox import interactions
from sandbox.server import Sandbox
from tests.e2e.world import World
from tests.sandbox.page.visitor import Visitor
from tests.sandbox.probe import Probe, running
from tests.sandbox.test_interactions import buttons, form, pick

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.e2e]


async def test_a_command_is_filled_in_and_answered(world: World, visitor: Visitor) -> None:
    await world.script({"text": "Four."})
    await visitor.command("ask")
    await visitor.write("two and two?")
    await visitor.keys("Enter")
    await expect(visitor.contents.first).to_contain_text("Four.")
    await expect(visitor.messages.first).to_contain_text("ana used /ask")
    await expect(visitor.messages.first.locator(".waterfall")).to_contain_text("first token")


async def test_an_answer_for_one_person_is_shown_to_nobody_else(visitor: Visitor) -> None:
    await expect(visitor.page.get_by_role("combobox", name="Act as")).to_have_value("ana")
    await visitor.command("stop")
    await expect(visitor.messages.first).to_contain_text("Only you can see this")
    await visitor.become("ben")
    await expect(visitor.messages).to_have_count(0)
    await visitor.become("ana")
    await visitor.page.get_by_role("button", name="Dismiss message").click()
    await expect(visitor.messages).to_have_count(0)


async def test_the_list_shows_what_a_person_may_use(visitor: Visitor) -> None:
    options = visitor.suggestions
    await visitor.write("/st")
    await expect(options.filter(has_text="/stop")).to_have_count(1)
    await expect(options.filter(has_text="/stats")).to_have_count(0)
    await visitor.keys("Escape", "Backspace", "Backspace", "Backspace")
    await visitor.become("admin")
    await visitor.write("/st")
    await expect(options.filter(has_text="/stats")).to_have_count(1)
    await expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    await visitor.keys("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")


async def test_an_unknown_command_is_not_sent_as_text(visitor: Visitor) -> None:
    await visitor.write("/nothing")
    await visitor.keys("Enter")
    await expect(visitor.page.locator(".notice")).to_contain_text("no such command")
    await expect(visitor.box).to_have_value("/nothing")


@asynccontextmanager
async def stage(browser: Browser) -> AsyncIterator[tuple[Visitor, Probe]]:
    """Open the page of a sandbox in which a bot has buttons, a form, and choices."""
    async with Sandbox(settle=0.05) as sandbox, running(sandbox) as bot:
        bot.tree.add_command(buttons)
        bot.tree.add_command(form)
        bot.tree.add_command(pick)
        await bot.tree.sync()
        page = await browser.new_page()
        visitor = Visitor(page, sandbox.url)
        await visitor.arrive()
        yield visitor, bot
        await page.close()
        assert visitor.complaints == visitor.outside == []
        assert sandbox.violations.as_json() == {"violations": []}


async def test_buttons_forms_and_choices(browser: Browser) -> None:
    async with stage(browser) as (visitor, _):
        await visitor.command("buttons")
        await visitor.page.get_by_role("button", name="Say").click()
        await expect(visitor.messages.nth(1)).to_contain_text("pressed")
        await expect(visitor.page.get_by_role("button", name="No", exact=True)).to_be_disabled()
        await visitor.page.get_by_role("button", name="Change").click()
        await expect(visitor.contents.first).to_contain_text("changed")
        await expect(visitor.page.get_by_role("button", name="Say")).to_have_count(0)

        await visitor.box.focus()
        await visitor.command("form")
        await expect(visitor.page.get_by_role("dialog", name="About you")).to_be_visible()
        await visitor.page.get_by_label("Name").fill("Ana")
        await visitor.keys("Enter")
        await expect(visitor.contents.nth(2)).to_have_text("Hello Ana")

        await visitor.box.focus()
        await visitor.command("pick")
        await visitor.write("pe")
        await visitor.suggestions.first.wait_for()
        await visitor.keys("Enter", "Enter")
        await expect(visitor.contents.nth(3)).to_have_text("pear")


@app_commands.command()
async def whisper(interaction: discord.Interaction[Any]) -> None:
    """Answer one person."""
    await interaction.response.send_message("psst", ephemeral=True)


async def test_an_answer_for_one_person_names_the_bot_that_gave_it(browser: Browser) -> None:
    async with Sandbox(settle=0.05) as sandbox:
        guest = sandbox.connect()["guest"]
        async with running(sandbox, token=guest["token"]) as bot:
            bot.tree.add_command(whisper)
            await bot.tree.sync()
            page = await browser.new_page()
            visitor = Visitor(page, sandbox.url)
            await visitor.arrive()
            await visitor.command("whisper")
            await expect(visitor.contents).to_have_text("psst")
            await expect(visitor.messages.first.locator(".author")).to_have_text("Guest Bot")
            await page.close()


async def test_a_bot_that_does_not_answer_is_named(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "FIRST_RESPONSE", 0.2)
    async with Sandbox(settle=0.05) as sandbox:
        http = f"{sandbox.url}/api/v10/applications/{sandbox.world.bot.id}/commands"
        headers = {"Authorization": f"Bot {sandbox.bot_token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            body = {"name": "silent", "description": "Say nothing", "type": 1}
            await (await session.post(http, json=body)).read()
        page = await browser.new_page()
        visitor = Visitor(page, sandbox.url)
        await visitor.arrive()
        await visitor.command("silent")
        await expect(visitor.contents).to_have_text("The application did not respond.")
        await page.close()


async def test_a_message_s_menu_asks_about_it(world: World, visitor: Visitor) -> None:
    await world.script({"text": "It is a greeting."})
    await world.post("Moin!", user="ben")
    await visitor.messages.first.hover()
    await visitor.messages.first.get_by_role("button", name="Apps").click()
    await expect(visitor.page.get_by_role("dialog")).to_contain_text("ben: Moin!")
    await visitor.page.get_by_role("button", name="Ask about this").click()
    await expect(visitor.page.get_by_role("dialog")).to_contain_text("Sandbox Bot")
    await visitor.page.get_by_label("Your question").fill("What does this mean?")
    await visitor.page.get_by_role("button", name="Submit").click()
    await expect(visitor.contents.last).to_contain_text("It is a greeting.")
    await expect(visitor.messages.last).to_contain_text("ana used Ask about this")
    said = (await world.call("GET", "llm/requests"))["requests"][-1]["body"]["messages"]
    assert said[-1]["content"].endswith(
        "[About this, which ben wrote:]\n> Moin!\nWhat does this mean?"
    )
