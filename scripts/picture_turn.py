"""Picture one spoken turn on the sandbox's page: `python -m scripts.picture_turn`.

Writes docs/images/page-turn.svg, five pictures of the page in a Chromium that follow each other.
"""

import asyncio
import base64
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright, expect

from scripts.own_sandbox import running_sandbox

TARGET = Path("docs/images/page-turn.svg")
WIDTH, HEIGHT, CAPTION, LEFT = 810, 470, 34, 312
SECONDS = 2.4
"""How long each picture stands."""

QUESTION = "what is DAVE?"
ANSWER = {
    "text": "DAVE is Discord's end-to-end encryption for voice. Only those in the channel hear "
    "what is said there, **nobody in between**. You hear me through it now.",
    "ttft": 0.3,
    "tokens_per_second": 15,
}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
]

Shoot = Callable[[str], Awaitable[None]]


async def turn(page: Page, shoot: Shoot) -> None:
    """Ask in the voice channel's company, and shoot what is to be seen, step by step."""
    page.set_default_timeout(15_000)
    await page.get_by_role("button", name="Join voice").click()
    await expect(page.get_by_text("Voice connected")).to_be_visible()
    await command(page, "/join")
    await expect(page.locator("li.message .content").last).to_contain_text("I'm in Lounge")
    await write(page, QUESTION)
    answer = page.locator("li.message").last
    stop = answer.get_by_role("button", name="Stop")
    await expect(page.locator("#typing")).to_contain_text("typing")
    await shoot("the question is sent, the bot is typing")
    await expect(stop).to_be_visible()
    await shoot("the first words, with a button that stops them")
    await expect(page.locator("#people .tile.speaking")).to_be_visible()
    await expect(answer).to_contain_text("Only those")
    await shoot("it speaks, while the rest is still being written")
    await expect(answer).to_contain_text("through it now.")
    await shoot("the text is complete, the voice goes on")
    await expect(answer).to_contain_text("voice speaks", timeout=40_000)
    await shoot("done: when each stage of the answer came")


async def command(page: Page, name: str) -> None:
    """Choose a slash command and send it."""
    await page.locator("#message-box").focus()
    await page.keyboard.type(name)
    await expect(page.get_by_role("listbox").get_by_role("option").first).to_contain_text(name)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")


async def write(page: Page, text: str) -> None:
    """Mention the bot and send a text to it."""
    await page.locator("#message-box").focus()
    await page.keyboard.type("@Sand")
    await expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def pictures(url: str) -> list[tuple[str, bytes]]:
    """Return the captions and pictures of one turn in the sandbox at an address."""
    found: list[tuple[str, bytes]] = []
    began = 0.0
    clip: Any = {"x": LEFT, "y": 0, "width": WIDTH, "height": HEIGHT}
    async with async_playwright() as playwright, aiohttp.ClientSession() as session:
        async with session.post(f"{url}/sandbox/llm", json={"replies": [ANSWER]}) as answer:
            answer.raise_for_status()
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        page = await browser.new_page(viewport={"width": LEFT + WIDTH, "height": HEIGHT})

        async def shoot(words: str) -> None:
            nonlocal began
            began = began or time.monotonic()
            caption = f"{time.monotonic() - began:.1f} s — {words}"
            found.append((caption, await page.screenshot(type="jpeg", quality=72, clip=clip)))

        await page.goto(url)
        await page.locator("#message-box:focus").wait_for()
        await turn(page, shoot)
        await browser.close()
    return found


def film(shots: list[tuple[str, bytes]]) -> str:
    """Return an SVG that shows one picture after the other; without animation the last one."""
    share = 100 / len(shots)
    frames = [
        f'<g style="animation-delay:{(place - len(shots)) * SECONDS}s">'
        f'<image width="{WIDTH}" height="{HEIGHT}" '
        f'href="data:image/jpeg;base64,{base64.b64encode(picture).decode()}"/>'
        f'<text x="16" y="{HEIGHT + 23}">{caption}</text></g>'
        for place, (caption, picture) in enumerate(shots)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + CAPTION}" '
        f'width="{WIDTH}" height="{HEIGHT + CAPTION}">\n<style>'
        f"g{{animation:show {len(shots) * SECONDS}s step-end infinite}}"
        f"@keyframes show{{0%{{opacity:1}}{share:.2f}%{{opacity:0}}}}"
        "text{font:15px sans-serif;fill:#dbdee1}"
        "@media(prefers-reduced-motion:reduce){g{animation:none}}</style>\n"
        f'<rect width="100%" height="100%" fill="#1e1f22"/>\n' + "\n".join(frames) + "\n</svg>\n"
    )


def main() -> None:
    """Start a sandbox, play the turn in it and write the film."""
    with running_sandbox() as url:
        TARGET.write_text(film(asyncio.run(pictures(url))))
    sys.stdout.write(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
