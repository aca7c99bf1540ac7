import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import numpy as np
import pytest
import pytest_asyncio

from sandbox.voice.opus import encode
from sandbox.voice.rtp import SILENCE
from tests.sandbox.voice.harness import (
    ANA,
    CHANNEL,
    World,
    read,
    tone,
    until,
    voice_world,
)

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with voice_world(tmp_path) as world:
        yield world


def packets(seconds: float) -> list[bytes]:
    return encode(np.repeat(tone(seconds)[:, None], 2, axis=1))


async def play(voice: discord.VoiceClient, frames: list[bytes], *, end: bool = True) -> float:
    """Speak at the pace of speech and return when it began."""
    began = time.monotonic()
    await voice.ws.speak(discord.SpeakingState.voice)
    for number, frame in enumerate(frames + [SILENCE] * 5 * end):
        await asyncio.sleep(began + number * 0.02 - time.monotonic())
        voice.send_audio_packet(frame, encode=False)
    return began


async def heard(world: World, count: int, *, channel: int = CHANNEL, since: float = 0.0) -> None:
    def arrived() -> bool:
        return len(world.server.frames(channel, since=since)["frames"]) >= count

    await until(arrived)


async def test_a_bot_alone_is_heard_in_the_clear(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await play(voice, packets(0.1))
    await heard(world, 10)
    frames = world.server.frames(CHANNEL, since=0.0)["frames"]
    assert [frame["encrypted"] for frame in frames] == [False] * 10
    assert [frame["silence"] for frame in frames] == [False] * 5 + [True] * 5
    assert all(frame["decoded"] for frame in frames)
    assert world.rules() == []


async def test_a_human_that_joins_hears_the_bot_encrypted(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await until(lambda: "dave_transition" in world.kinds())
    await play(voice, packets(0.3))
    await heard(world, 20)
    frames = world.server.frames(CHANNEL, since=0.0)["frames"]
    assert all(frame["encrypted"] != frame["silence"] for frame in frames)
    assert all(frame["decoded"] for frame in frames)
    assert np.abs(read(world.server.recording(CHANNEL))).max() > 6000
    assert world.rules() == []
