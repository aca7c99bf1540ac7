import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.faults import Faults
from sandbox.voice.network import HOLD, Network
from tests.sandbox.voice.harness import ANA, CHANNEL, World, tone, until, voice_world, wav
from tests.sandbox.voice.speakers import Ear, packets, play

OUTAGE = 0.2


class Wire:
    """A network, and what came through it."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.network = Network(faults=self.faults)
        self.arrived: list[int] = []

    def order(self, kind: str, **more: Any) -> None:
        self.faults.add({"target": "udp", "kind": kind, **more})

    def send(self, *numbers: int, stream: str = "one") -> None:
        for number in numbers:
            self.network.carry(stream, partial(self._arrive, number), 0.0)

    def _arrive(self, number: int, _t: float, late: bool) -> None:
        self.arrived.append(-number if late else number)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with voice_world(tmp_path) as world:
        yield world


async def test_an_unspoilt_network_delivers_in_order(wire: Wire) -> None:
    wire.send(1, 2, 3)
    assert wire.arrived == [1, 2, 3]


async def test_ordered_losses_take_one_packet_each(wire: Wire) -> None:
    wire.order("loss", count=2)
    wire.send(1, 2, 3)
    assert wire.arrived == [3]


async def test_a_loss_with_seconds_is_an_outage(wire: Wire) -> None:
    wire.order("loss", seconds=OUTAGE)
    wire.send(1, 2)
    await asyncio.sleep(OUTAGE)
    wire.send(3)
    assert wire.arrived == [3]


async def test_a_packet_is_overtaken_by_the_next_of_its_stream(wire: Wire) -> None:
    wire.order("reorder", count=2)
    wire.send(1)
    wire.send(2, stream="two")
    assert wire.arrived == []
    wire.send(3, 4)
    wire.send(5, stream="two")
    assert wire.arrived == [3, -1, 4, 5, -2]


async def test_the_last_packet_does_not_wait_for_ever(wire: Wire) -> None:
    wire.order("reorder")
    wire.send(1)
    await asyncio.sleep(HOLD)
    await asyncio.sleep(0)
    assert wire.arrived == [1]


async def test_cleared_it_forgets_the_held_and_the_outage(wire: Wire) -> None:
    wire.order("reorder")
    wire.send(1)
    wire.order("loss", seconds=3600)
    wire.send(2)
    wire.network.clear()
    wire.send(3)
    assert wire.arrived == [3]


async def connected(world: World) -> Any:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await until(lambda: "dave_transition" in world.kinds())
    return voice


@pytest.mark.e2e
async def test_a_bot_is_not_blamed_for_what_the_network_does(world: World) -> None:
    voice = await connected(world)
    await play(voice, packets(0.1), end=False)
    world.faults.add({"target": "udp", "kind": "reorder", "count": 2})
    world.faults.add({"target": "udp", "kind": "loss", "count": 3})
    await play(voice, packets(0.2))
    await until(lambda: len(world.server.frames(CHANNEL, since=0.0)["frames"]) == 17)
    assert all(each["decoded"] for each in world.server.frames(CHANNEL, since=0.0)["frames"])
    assert world.rules() == []


@pytest.mark.e2e
async def test_a_first_frame_that_is_overtaken_is_lost_to_the_ear(world: World) -> None:
    voice = await connected(world)
    world.faults.add({"target": "udp", "kind": "reorder"})
    await play(voice, packets(0.1), end=False)
    await until(lambda: len(world.server.frames(CHANNEL, since=0.0)["frames"]) == 5)
    told = [each["decoded"] for each in world.server.frames(CHANNEL, since=0.0)["frames"]]
    assert told == [True, None, True, True, True]
    assert world.rules() == []


@pytest.mark.e2e
async def test_a_bot_hears_a_human_through_a_bad_network(world: World) -> None:
    voice = await connected(world)
    ear = Ear(voice, ANA)
    await say(world)
    await until(lambda: len(ear.opus) == 10)
    world.faults.add({"target": "udp", "kind": "loss", "count": 2})
    world.faults.add({"target": "udp", "kind": "reorder"})
    await say(world)
    await until(lambda: len(ear.opus) == 18)
    assert ear.sequences == [*range(1, 11), 14, 13, *range(15, 21)]
    assert ear.clear == 0


async def say(world: World) -> None:
    """Let a human say five frames, and five of silence."""
    await world.server.say(
        channel_id=CHANNEL,
        user_id=ANA,
        wav=wav(tone(0.1)),
        mode="ptt",
        loss=0.0,
        jitter_ms=0.0,
        clear_fraction=0.0,
    )


@pytest.mark.e2e
async def test_a_corrupt_welcome_is_answered_and_made_good(world: World) -> None:
    world.faults.add({"target": "dave", "kind": "corrupt-welcome"})
    await world.join(ANA)
    voice = await world.account().connect(CHANNEL)
    await until(lambda: voice._connection.can_encrypt)
    assert world.faults.take("dave", "corrupt-welcome") is None
    since = await play(voice, packets(0.1), end=False)
    await until(lambda: len(world.server.frames(CHANNEL, since=since)["frames"]) == 5)
    frames = world.server.frames(CHANNEL, since=since)["frames"]
    assert all(each["encrypted"] and each["decoded"] for each in frames)
    assert world.rules() == []
