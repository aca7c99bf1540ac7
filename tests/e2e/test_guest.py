"""A bot of another language in the same servers: discord.js sees and hears ours."""

import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from sandbox.voice.opus import OpusDecoder
from sandbox.voice.rtp import SILENCE, is_dave_frame
from tests.e2e.node_guest import NodeGuest, missing, node_guest
from tests.e2e.world import World, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(missing()), reason=missing() or "-")]

ROOT = Path(__file__).parents[2]
STORY = " ".join(f"This is sentence number {n} of a story." for n in range(1, 7))


@pytest.fixture(scope="module")
def secure_url() -> Iterator[str]:
    """Start the sandbox with the bot and with TLS."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--tls"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready "), f"the sandbox did not start: {line!r}"
        yield line.split()[1]
    finally:
        process.terminate()
        assert process.wait(timeout=15) == 0
        process.stdout.close()


@pytest_asyncio.fixture
async def world(secure_url: str) -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as session:
        made = World(secure_url, session)
        await made.start()
        yield made
        assert await made.violations() == []


@pytest_asyncio.fixture
async def guest(world: World) -> AsyncIterator[NodeGuest]:
    async with node_guest(world.state["connect"]) as node:
        yield node


async def test_it_sees_our_answer_grow(world: World, guest: NodeGuest) -> None:
    await world.script({"text": STORY, "ttft": 0.05, "tokens_per_second": 40})
    asked = await world.ask("tell me a story")
    await world.answer(after=asked, ends="number 6 of a story.")
    last = await guest.until("update", lambda each: each["content"] == STORY)
    question, first = guest.told("message")
    assert (question["author"], question["content"]) == ("ana", asked["content"])
    assert (first["author"], first["bot"], first["id"]) == ("Sandbox Bot", True, last["id"])
    assert STORY.startswith(first["content"].rstrip(" …▌"))


async def test_it_posts_edits_and_is_not_answered(world: World, guest: NodeGuest) -> None:
    general = world.channel()
    guest.order("post", channel=general, content=f"{world.mention} hello")
    posted = await guest.until("posted")
    guest.order("edit", channel=general, message=posted["id"], content="good bye")
    await guest.until("edited")
    await world.script({"text": "Only one was asked."})
    asked = await world.ask("hello")
    await world.answer(after=asked, ends="asked.")
    shown = (await world.call("GET", f"channels/{general}/messages"))["messages"]
    names = [message["author"]["name"] for message in shown]
    assert names == ["Guest Bot", "ana", "Sandbox Bot"]
    assert shown[0]["content"] == "good bye"
    assert shown[0]["edits"][0]["content"] == "good bye"


async def test_it_has_slash_commands_of_its_own(world: World, guest: NodeGuest) -> None:
    guest.order("register", name="hello")
    await guest.until("registered")
    answer = await world.command("hello", user="ben")
    assert answer["content"] == "Hello ben."
    assert await guest.until("interaction") == {
        "event": "interaction",
        "name": "hello",
        "user": "ben",
    }


async def test_it_hears_what_a_person_hears(world: World, guest: NodeGuest) -> None:
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    server, bot = world.state["guilds"][0]["id"], world.state["bot"]["id"]
    guest.order("join", channel=lounge, guild=server, listen=bot)
    await guest.until("transitioned", count=1)
    await world.command("join", user="ana")
    await guest.until("transitioned", count=2)
    await eventually(lambda: all_in(world, lounge), "three members in voice")
    await world.script({"text": "Hello to all of you. I am so glad that everybody came."})
    await world.ask("say hello")
    frames = await world.quiet(lounge)
    heard = [base64.b64decode(each["opus"]) for each in guest.told("heard")]
    spoken = [opus for opus in heard if opus != SILENCE]
    assert all(frame["encrypted"] and frame["decoded"] for frame in frames)
    assert len(spoken) == len(frames) > 25
    assert not any(is_dave_frame(opus) for opus in spoken)
    assert loudest(spoken) > 1000
    guest.order("leave")
    await guest.until("voice", lambda each: each["status"] == "destroyed")


async def all_in(world: World, channel: str) -> bool | None:
    """Tell whether the bot, ana and the guest are in a voice channel."""
    inside = (await world.call("GET", "state"))["voice"].get(channel, [])
    return sorted(inside) == ["Guest Bot", "ana", "bot"] or None


def loudest(packets: list[bytes]) -> int:
    """Return the loudest sample of Opus packets, s16."""
    decoder = OpusDecoder()
    return int(max(np.abs(decoder.decode(each).astype(np.int32)).max() for each in packets))
