import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice.close_codes import PUT_OUT
from services.voice.output import VoiceClock
from services.voice.presence import Presence, people_in
from services.voice.sessions import VoiceSessions
from tests.services.voice.rooms import ME, FakeChannel, guild
from tests.virtual_time import VirtualTimeLoop

ANA, BEN, OTHER_BOT = 7, 8, 9
GENERAL = 100

pytestmark = pytest.mark.virtual_time


class Place:
    """A server with three rooms, people who walk about, and the bot."""

    def __init__(
        self, *, leave_after: float = 60.0, follow: bool = True, auto_join: bool = True
    ) -> None:
        self.guild = guild()
        self.rooms = [FakeChannel(self.guild, 10 + number) for number in range(3)]
        for user_id in (ANA, BEN, OTHER_BOT):
            bot = user_id == OTHER_BOT
            member = SimpleNamespace(id=user_id, bot=bot, voice=None, guild=self.guild)
            self.guild.members[user_id] = member
        self.said: list[tuple[int, str]] = []
        self.arrivals: list[asyncio.Task[None]] = []
        self.silent: set[int] = set()
        self.sessions = VoiceSessions(clock=VoiceClock(), connect_timeout=5.0, attempts=1)
        self.presence = Presence(
            sessions=self.sessions,
            auto_join=lambda _: auto_join,
            leave_after=leave_after,
            follow=follow,
            tell=self.tell,
        )
        self.guild.on_move = lambda: self.presence.moved(self.guild.id, ME, left=None)

    @property
    def bot_is_in(self) -> int | None:
        session = self.sessions.get(self.guild.id)
        return session.channel_id if session else None

    async def tell(self, channel_id: int, sentence: str) -> bool:
        if channel_id in self.silent:
            return False
        self.said.append((channel_id, sentence))
        return True

    async def join(self, room: int, user_id: int = ANA) -> None:
        await self.sessions.join(self.rooms[room].real)
        self.presence.summoned(self.guild.id, user_id, GENERAL)

    def summon(self, user_id: int) -> bool:
        """Let somebody address the bot; tell whether it comes."""
        return self.presence.summon(self.guild.members[user_id], GENERAL)

    def walk(self, user_id: int, room: int | None) -> None:
        """Let somebody go into a room, or out of voice."""
        member = self.guild.members[user_id]
        before = member.voice.channel if member.voice else None
        if before is not None:
            del before.voice_states[user_id]
        member.voice = None
        if room is not None:
            member.voice = SimpleNamespace(channel=self.rooms[room])
            self.rooms[room].voice_states[user_id] = None
        self.presence.moved(self.guild.id, user_id, left=before.id if before else None)

    def cut(self, code: int) -> None:
        """End the bot's connection as Discord does."""
        client = self.guild.voice_client
        client.end_code = code
        client.cleanup()

    async def aclose(self) -> None:
        await self.presence.aclose()
        await self.sessions.aclose()


@pytest.mark.parametrize("company", [None, OTHER_BOT])
async def test_the_bot_leaves_in_silence_when_it_stays_alone(company: int | None) -> None:
    place = Place()
    place.walk(ANA, 0)
    await place.join(0)
    place.walk(ANA, None)
    if company:
        place.walk(company, 0)
    await asyncio.sleep(59)
    assert place.bot_is_in == 10
    await asyncio.sleep(2)
    assert place.bot_is_in is None
    assert place.said == []
    await place.aclose()


async def test_who_comes_back_in_time_keeps_the_bot() -> None:
    place = Place()
    await place.join(0)
    await asyncio.sleep(59)
    place.walk(BEN, 0)
    await asyncio.sleep(120)
    assert place.bot_is_in == 10
    place.walk(BEN, None)
    await asyncio.sleep(61)
    assert place.bot_is_in is None
    await place.aclose()


async def test_a_move_into_an_empty_room_does_not_start_the_time_anew() -> None:
    place = Place()
    await place.join(0)
    await asyncio.sleep(40)
    place.guild.voice_client.channel = place.rooms[1]
    place.presence.moved(place.guild.id, ME, left=10)
    await asyncio.sleep(21)
    assert place.bot_is_in is None
    await place.aclose()


async def test_the_bot_stays_alone_for_ever_where_it_is_told_so() -> None:
    place = Place(leave_after=0)
    await place.join(0)
    await asyncio.sleep(100_000)
    assert place.bot_is_in == 10
    await place.aclose()


async def test_the_bot_follows_only_who_brought_it_and_leaves_nobody_behind() -> None:
    place = Place()
    place.walk(ANA, 0)
    place.walk(BEN, 0)
    await place.join(0)
    place.walk(BEN, 1)
    place.walk(BEN, 0)
    place.walk(ANA, 1)
    await asyncio.sleep(1)
    assert place.bot_is_in == 10
    place.walk(ANA, 0)
    place.walk(BEN, None)
    place.walk(ANA, 2)
    await asyncio.sleep(1)
    assert place.bot_is_in == 12
    await place.aclose()


@pytest.mark.parametrize("reason", ["the setting", "a closed door"])
async def test_the_bot_stays_where_it_may_not_follow(reason: str) -> None:
    place = Place(follow=reason != "the setting")
    place.rooms[1].allowed.connect = reason != "a closed door"
    place.walk(ANA, 0)
    await place.join(0)
    place.walk(ANA, 1)
    await asyncio.sleep(1)
    assert place.bot_is_in == 10
    await asyncio.sleep(60)
    assert place.bot_is_in is None
    await place.aclose()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (PUT_OUT, "I was disconnected from Room 10 by somebody. /join brings me back."),
        (4017, "encryption (DAVE), which failed. /join tries again."),
        (1006, "the connection was lost and did not come back. /join tries again."),
    ],
)
async def test_why_the_bot_is_gone_is_said_where_it_was_brought_from(code: int, words: str) -> None:
    place = Place()
    await place.join(0)
    place.cut(code)
    await place.join(1, BEN)
    await asyncio.sleep(1)
    [(channel, sentence)] = place.said
    assert channel == GENERAL
    assert sentence.endswith(words)
    place.cut(PUT_OUT)
    await asyncio.sleep(1)
    assert len(place.said) == 2
    await place.aclose()


async def test_a_deleted_channel_and_a_closed_door_are_told_from_a_kick() -> None:
    place = Place()
    await place.join(0)
    place.rooms[0].allowed.connect = False
    place.cut(PUT_OUT)
    await asyncio.sleep(1)
    await place.join(1)
    place.cut(PUT_OUT)
    del place.guild.channels[11]
    await asyncio.sleep(1)
    assert "permission Connect" in place.said[0][1]
    assert "Room 11 was deleted" in place.said[1][1]
    await place.aclose()


async def test_a_place_that_refuses_words_is_replaced_by_the_voice_chat() -> None:
    place = Place()
    place.silent = {GENERAL}
    await place.join(0)
    place.cut(PUT_OUT)
    await asyncio.sleep(1)
    assert [channel for channel, _ in place.said] == [10]
    place.silent.add(11)
    await place.join(1)
    place.cut(PUT_OUT)
    await asyncio.sleep(1)
    assert len(place.said) == 1
    await place.aclose()


async def test_lost_permissions_end_the_stay_with_a_sentence() -> None:
    place = Place()
    await place.presence.check_permissions(place.guild.id)
    await place.join(0)
    await place.presence.check_permissions(place.guild.id)
    assert place.bot_is_in == 10
    place.rooms[0].allowed.speak = False
    await place.presence.check_permissions(place.guild.id)
    assert place.bot_is_in is None
    [(_, sentence)] = place.said
    assert sentence == (
        "I left voice. I may not speak in Room 10: I lack the permission Speak there."
    )
    await place.aclose()


@pytest.mark.parametrize("reason", ["alone", "silenced"])
async def test_who_brings_the_bot_elsewhere_just_as_it_would_leave_keeps_it(reason: str) -> None:
    place = Place()
    await place.join(0)
    place.walk(BEN, 1)
    if reason == "silenced":
        place.walk(ANA, 0)
    client = place.guild.voice_client

    async def move(channel: FakeChannel, *, timeout: float) -> None:
        await asyncio.sleep(1)
        client.channel = channel

    client.move_to = move
    await asyncio.sleep(59.5)
    joining = asyncio.create_task(place.join(1, BEN))
    await asyncio.sleep(0)
    if reason == "silenced":
        place.rooms[0].allowed.speak = False
        await place.presence.check_permissions(place.guild.id)
    await joining
    await asyncio.sleep(1)
    assert place.bot_is_in == 11
    assert place.said == []
    await place.aclose()


async def test_a_stage_on_which_the_bot_has_to_wait_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = Place()
    await place.presence.arrived(place.guild.id)
    await place.join(0)
    await place.presence.arrived(place.guild.id)
    assert place.said == [], "it is no stage"
    stage = AsyncMock(return_value="I have asked to speak.")
    monkeypatch.setattr("services.voice.presence.take_the_stage", stage)
    await place.presence.arrived(place.guild.id)
    assert place.said == [(GENERAL, "I have asked to speak.")]
    await place.aclose()


@pytest.mark.parametrize("way", ["it comes", "it follows"])
async def test_a_stage_that_the_bot_came_to_by_itself_is_told_once(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    stage = AsyncMock(return_value="I have asked to speak.")
    place = Place()
    place.walk(ANA, 0)
    if way == "it follows":
        await place.join(0)
        place.guild.voice_client.suppressed = 0.1
        place.guild.on_move = lambda: place.arrivals.append(
            asyncio.create_task(place.presence.arrived(place.guild.id))
        )
    for module in ("presence", "sessions"):
        monkeypatch.setattr(f"services.voice.{module}.take_the_stage", stage)
    if way == "it follows":
        place.walk(ANA, 1)
    else:
        assert place.summon(ANA)
    await asyncio.sleep(1)
    assert place.said == [(GENERAL, "I have asked to speak.")]
    assert stage.await_count == 1
    await place.aclose()


async def test_a_guild_that_is_gone_is_forgotten() -> None:
    place = Place()
    await place.join(0)
    await place.presence.forget(place.guild.id)
    assert place.bot_is_in is None, "nothing is left that would be brought back"
    await place.presence.forget(place.guild.id)
    await asyncio.sleep(1)
    assert place.said == []
    await place.aclose()
    await place.presence.aclose()


async def test_what_happens_while_the_bot_ends_is_let_happen() -> None:
    place = Place()
    await place.join(0)
    place.walk(ANA, 0)
    await place.presence.aclose()
    place.walk(ANA, 1)
    await place.sessions.leave(place.guild.id)
    assert not place.summon(ANA)
    await place.aclose()


async def test_the_bot_comes_where_it_is_addressed_from() -> None:
    place = Place()
    assert not place.summon(ANA), "she is in no voice channel"
    place.walk(ANA, 0)
    place.walk(BEN, 1)
    assert place.summon(ANA)
    assert place.summon(ANA)
    assert not place.summon(BEN), "it is on its way elsewhere"
    await asyncio.sleep(1)
    assert place.bot_is_in == 10
    assert not place.summon(BEN), "it is elsewhere"
    place.walk(ANA, 2)
    await asyncio.sleep(1)
    assert place.bot_is_in == 12
    await place.aclose()


async def test_who_walks_on_while_the_bot_comes_is_gone_after() -> None:
    place = Place()
    place.walk(ANA, 0)
    place.rooms[0].takes = 1.0
    assert place.summon(ANA)
    await asyncio.sleep(0.5)
    place.walk(ANA, 1)
    await asyncio.sleep(2)
    assert place.bot_is_in == 11
    await place.aclose()


async def test_the_bot_comes_to_nobody_who_does_not_want_it() -> None:
    place = Place(auto_join=False)
    place.walk(ANA, 0)
    assert not place.summon(ANA)
    await place.aclose()


async def test_who_is_joined_elsewhere_meanwhile_is_left_alone() -> None:
    place = Place()
    place.walk(ANA, 0)
    joining = asyncio.create_task(place.join(1, BEN))
    await asyncio.sleep(0)
    assert not place.summon(ANA)
    await joining
    assert place.bot_is_in == 11
    await place.aclose()


async def test_the_bot_does_not_come_where_it_can_not() -> None:
    place = Place()
    place.walk(ANA, 0)
    place.rooms[0].allowed.speak = False
    assert not place.summon(ANA)
    place.rooms[0].allowed.speak = True
    place.rooms[0].failures = [TimeoutError()]
    assert place.summon(ANA)
    await asyncio.sleep(1)
    assert place.bot_is_in is None
    assert place.summon(ANA), "the next message tries again"
    await asyncio.sleep(1)
    assert place.bot_is_in == 10
    await place.aclose()


async def test_once_sent_away_the_bot_waits_to_be_brought() -> None:
    place = Place()
    place.walk(ANA, 0)
    await place.join(0)
    place.cut(PUT_OUT)
    assert not place.summon(ANA)
    await place.join(0)
    await place.sessions.leave(place.guild.id)
    assert place.summon(ANA), "nobody sent it away since"
    await asyncio.sleep(1)
    place.presence.sent_away(place.guild.id)
    await place.sessions.leave(place.guild.id)
    assert not place.summon(ANA)
    await place.aclose()


async def test_a_channel_that_was_deleted_sends_nobody_away() -> None:
    place = Place()
    place.walk(ANA, 0)
    await place.join(0)
    del place.guild.channels[10]
    place.cut(PUT_OUT)
    await asyncio.sleep(1)
    place.walk(ANA, 1)
    assert place.summon(ANA)
    await asyncio.sleep(1)
    assert place.bot_is_in == 11
    await place.aclose()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("walk"), st.sampled_from([ANA, BEN, OTHER_BOT]), st.none()),
        st.tuples(st.just("walk"), st.sampled_from([ANA, BEN]), st.integers(0, 2)),
        st.tuples(st.just("join"), st.sampled_from([ANA, BEN]), st.integers(0, 2)),
        st.tuples(st.just("drag"), st.none(), st.integers(0, 2)),
        st.tuples(st.just("summon"), st.sampled_from([ANA, BEN]), st.none()),
        st.tuples(st.just("leave"), st.none(), st.none()),
        st.tuples(st.just("cut"), st.none(), st.sampled_from([PUT_OUT, 4017])),
        st.tuples(st.just("wait"), st.none(), st.integers(0, 70)),
    ),
    max_size=25,
)


async def act(place: Place, step: tuple[str, Any, Any], joins: list[asyncio.Task[None]]) -> None:
    """Do one thing that may happen in a server, without waiting for what it entails."""
    kind, who, what = step
    client = place.guild.voice_client
    if kind == "walk":
        place.walk(who, what)
    elif kind == "join":
        joins.append(asyncio.create_task(place.join(what, who)))
    elif kind == "summon":
        place.summon(who)
    elif kind == "drag" and client is not None:
        client.channel = place.rooms[what]
        place.presence.moved(place.guild.id, ME, left=None)
    elif kind == "leave":
        await place.sessions.leave(place.guild.id)
    elif kind == "cut" and client is not None and place.bot_is_in is not None:
        place.cut(what)
    elif kind == "wait":
        await asyncio.sleep(what)


@settings(max_examples=60)
@given(steps=STEPS)
def test_whatever_happens_there_is_one_session_at_most_and_nobody_waits_for_ever(
    steps: list[tuple[str, Any, Any]],
) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(live_through(steps))


async def live_through(steps: list[tuple[str, Any, Any]]) -> None:
    place = Place()
    joins: list[asyncio.Task[None]] = []
    cuts = 0
    for step in steps:
        cuts += step[0] == "cut" and place.bot_is_in is not None
        await act(place, step, joins)
    if joins:
        await asyncio.wait(joins)
    await asyncio.sleep(70)
    assert len(place.said) == cuts
    session = place.sessions.get(place.guild.id)
    if session is not None:
        assert session.client is place.guild.voice_client
        assert people_in(session.client.channel), "alone for longer than allowed"
    await place.aclose()
    assert place.guild.voice_client is None
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == []
