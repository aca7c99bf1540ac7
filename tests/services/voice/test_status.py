import asyncio
from itertools import pairwise
from typing import Any

import pytest

from services.voice.output import VoiceClock
from services.voice.sessions import VoiceSessions
from services.voice.status import NOTHING, SPEAKING, THINKING, VoiceStatus
from tests.services.voice.fakes import speech
from tests.services.voice.rooms import FakeChannel, guild

pytestmark = pytest.mark.virtual_time


class Room(FakeChannel):
    """A voice channel that notes what was written under its name, and when."""

    def __init__(self, place: Any, channel_id: int = 10, **allowed: bool) -> None:
        rights = {"set_voice_channel_status": True, "manage_channels": False}
        super().__init__(place, channel_id, **(rights | allowed))
        self.statuses: list[tuple[float, str]] = []
        self.refusals: list[Exception] = []
        self.takes = 0.0

    async def edit(self, *, status: str | None) -> None:
        await asyncio.sleep(self.takes)
        if self.refusals:
            raise self.refusals.pop(0)
        self.statuses.append((asyncio.get_running_loop().time(), status or NOTHING))

    @property
    def shown(self) -> list[str]:
        return [status for _, status in self.statuses]


class Stage:
    """One guild with the bot in its first room, and a clock driven by hand."""

    def __init__(self, *rooms: Room) -> None:
        self.rooms = rooms
        self.clock = VoiceClock()
        self.sessions = VoiceSessions(clock=self.clock, connect_timeout=5.0, attempts=1)
        self.status = VoiceStatus(sessions=self.sessions, interval=2.5)

    async def begin(self) -> Any:
        """Enter the first room and open an utterance."""
        await self.sessions.join(self.rooms[0].real)
        return self.sessions.open_utterance(5, None, in_line=False)

    async def sound(self, utterance: Any) -> None:
        """Let the utterance be heard, and never end."""
        await utterance.write(speech(2))
        self.clock.tick(100.0)
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self.status.aclose()
        await self.status.aclose()
        await self.sessions.aclose()


async def test_thinking_then_speaking_then_nothing_at_a_gentle_pace() -> None:
    room = Room(guild())
    stage = Stage(room)
    utterance = await stage.begin()
    await asyncio.sleep(1)
    await stage.sound(utterance)
    await asyncio.sleep(5)
    utterance.clear()
    await asyncio.sleep(5)
    assert room.shown == [THINKING, SPEAKING, NOTHING]
    times = [t for t, _ in room.statuses]
    assert all(later - earlier >= 2.5 for earlier, later in pairwise(times))
    await stage.aclose()
    assert room.shown[3:] == []


async def test_what_is_over_at_once_is_not_shown_and_the_last_state_wins() -> None:
    room = Room(guild())
    stage = Stage(room)
    utterance = await stage.begin()
    utterance.clear()
    await asyncio.sleep(5)
    assert room.shown == []
    utterance = stage.sessions.open_utterance(5, None, in_line=False)
    await asyncio.sleep(1)
    for _ in range(20):
        stage.sessions.open_utterance(5, None, in_line=False)
    stage.sessions.stop(5)
    await asyncio.sleep(5)
    assert room.shown == [THINKING, NOTHING]
    await stage.aclose()


@pytest.mark.parametrize("slow", [0.1, 60.0])
async def test_it_is_taken_away_before_the_bot_leaves(slow: float) -> None:
    room = Room(guild())
    stage = Stage(room)
    await stage.begin()
    await asyncio.sleep(1)
    room.takes = slow
    began = asyncio.get_running_loop().time()
    await stage.status.aclose()
    await stage.sessions.leave(5)
    assert room.shown == ([THINKING, NOTHING] if slow < 1 else [THINKING])
    assert asyncio.get_running_loop().time() - began <= 1.1
    assert stage.sessions.get(5) is None
    await stage.aclose()


@pytest.mark.parametrize("may", [True, False])
async def test_it_moves_with_the_bot(may: bool) -> None:
    place = guild()
    before, after = Room(place, 10, manage_channels=may), Room(place, 11)
    stage = Stage(before, after)
    await stage.begin()
    await asyncio.sleep(1)
    place.voice_client.channel = after
    await asyncio.sleep(5)
    assert before.shown == [THINKING] + [NOTHING] * may
    assert after.shown == [THINKING]
    await stage.aclose()
    assert after.shown == [THINKING, NOTHING]


async def test_what_is_shown_where_the_bot_was_goes_though_it_leaves_in_that_moment() -> None:
    place = guild()
    before, after = Room(place, 10, manage_channels=True), Room(place, 11)
    stage = Stage(before, after)
    await stage.begin()
    await asyncio.sleep(1)
    before.takes = 0.3
    place.voice_client.channel = after
    await asyncio.sleep(2.1)
    await stage.sessions.leave(5)
    assert before.shown == [THINKING, NOTHING]
    await stage.aclose()


@pytest.mark.parametrize("may", [True, False])
async def test_who_is_put_out_takes_it_away_from_outside_where_that_is_allowed(may: bool) -> None:
    room = Room(guild(), manage_channels=may)
    stage = Stage(room)
    await stage.begin()
    await asyncio.sleep(1)
    room.guild.voice_client.cleanup()
    await asyncio.sleep(1)
    assert room.shown == [THINKING] + [NOTHING] * may
    await stage.aclose()


async def test_without_the_permission_nothing_is_written() -> None:
    room = Room(guild(), set_voice_channel_status=False)
    stage = Stage(room)
    await stage.begin()
    await asyncio.sleep(5)
    await stage.aclose()
    assert room.statuses == []


async def test_a_refusal_is_survived_and_a_cut_connection_forgotten() -> None:
    room = Room(guild())
    room.refusals = [OSError("no")]
    stage = Stage(room)
    utterance = await stage.begin()
    await stage.sound(utterance)
    await asyncio.sleep(5)
    assert room.shown == []
    utterance.clear()
    await asyncio.sleep(5)
    assert room.shown == [NOTHING]
    room.guild.voice_client.cleanup()
    await stage.aclose()
    assert room.shown == [NOTHING]
