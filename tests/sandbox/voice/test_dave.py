import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.voice import dave
from sandbox.voice.dave import DaveGroup
from sandbox.voice.human import VirtualHuman
from sandbox.voice.mls import ExternalSender

pytestmark = pytest.mark.virtual_time

CHANNEL = 77
OPUS = b"\xfc" + bytes(range(100))


class Fellow(VirtualHuman):
    """A human that notes what it is told, and loses the ability to `ignore` an op."""

    def __init__(self, user_id: int, group: DaveGroup) -> None:
        super().__init__(user_id=user_id, channel_id=CHANNEL, ssrc=user_id, group=group)
        self.told: list[int] = []
        self.ignored: set[int] = set()
        self.spoils: Callable[[int, bytes], bytes] = lambda _, body: body

    def send(self, op: int, data: Any) -> None:
        self.told.append(op)
        super().send(op, data)

    def send_mls(self, op: int, body: bytes) -> None:
        self.told.append(op)
        if op not in self.ignored:
            super().send_mls(op, self.spoils(op, body))


class Room:
    def __init__(self) -> None:
        self.executed: list[tuple[int, list[int]]] = []
        self.group = DaveGroup(
            channel_id=CHANNEL,
            sender=ExternalSender(),
            executed=lambda epoch, members: self.executed.append((epoch, members)),
        )
        self.fellows: dict[int, Fellow] = {}

    def enter(self, user_id: int, **changes: Any) -> Fellow:
        fellow = self.fellows[user_id] = Fellow(user_id, self.group)
        for name, value in changes.items():
            setattr(fellow, name, value)
        self.group.enter(fellow)
        return fellow

    def leave(self, user_id: int) -> None:
        del self.fellows[user_id]
        self.group.leave(user_id)

    def assert_everybody_hears_everybody(self) -> None:
        assert sorted(self.group.members) == sorted(self.fellows)
        assert len({fellow.privacy_code for fellow in self.fellows.values()}) == 1
        for speaker in self.fellows.values():
            frame = speaker.encrypt(OPUS)
            assert frame != OPUS
            for fellow in self.fellows.values():
                if fellow is not speaker:
                    assert fellow.decrypt(speaker.user_id, frame) == OPUS


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.group.close()


async def settle(seconds: float = 1.0) -> None:
    await asyncio.sleep(seconds)


async def test_one_alone_has_no_keys(room: Room) -> None:
    alone = room.enter(1)
    await settle()
    assert alone.told == [dave.EXTERNAL_SENDER]
    assert alone.encrypt(OPUS) == OPUS
    assert room.group.active_since(1) is None


async def test_the_first_adds_the_second(room: Room) -> None:
    first, second = room.enter(1), room.enter(2)
    await settle()
    room.assert_everybody_hears_everybody()
    handshake = [dave.EXTERNAL_SENDER, dave.PROPOSALS, dave.ANNOUNCE_COMMIT]
    assert first.told == [*handshake, dave.EXECUTE_TRANSITION]
    assert second.told == [dave.EXTERNAL_SENDER, dave.WELCOME, dave.EXECUTE_TRANSITION]
    assert room.executed == [(1, [1, 2])]
    assert room.group.active_since(2) is not None


async def test_many_come_one_by_one(room: Room) -> None:
    for user_id in range(1, 6):
        room.enter(user_id)
        await settle()
    room.assert_everybody_hears_everybody()
    assert room.group.epoch == 4


async def test_many_come_at_once(room: Room) -> None:
    for user_id in range(1, 6):
        room.enter(user_id)
    await settle()
    room.assert_everybody_hears_everybody()


@pytest.mark.parametrize("leaver", [1, 2, 3])
async def test_who_leaves_loses_the_keys(room: Room, leaver: int) -> None:
    for user_id in (1, 2, 3):
        room.enter(user_id)
    await settle()
    gone = room.fellows[leaver]
    room.leave(leaver)
    await settle()
    room.assert_everybody_hears_everybody()
    frame = next(iter(room.fellows.values())).encrypt(OPUS)
    with pytest.raises(ValueError, match="decrypt"):
        gone.decrypt(next(iter(room.fellows)), frame)


async def test_leaves_are_used_again(room: Room) -> None:
    for user_id in (1, 2, 3, 4):
        room.enter(user_id)
    await settle()
    room.leave(2)
    room.leave(3)
    room.enter(5)
    await settle()
    room.assert_everybody_hears_everybody()
    room.enter(6)
    room.enter(7)
    room.leave(1)
    await settle()
    room.assert_everybody_hears_everybody()


async def test_the_last_one_begins_anew(room: Room) -> None:
    last = room.enter(1)
    room.enter(2)
    await settle()
    room.leave(2)
    await settle()
    assert last.told[-2:] == [dave.PREPARE_EPOCH, dave.PREPARE_TRANSITION]
    assert last.encrypt(OPUS) == OPUS
    assert room.group.active_since(1) is None
    room.enter(3)
    await settle()
    room.assert_everybody_hears_everybody()


async def test_one_that_comes_back_at_once_is_added_again(room: Room) -> None:
    for user_id in (1, 2, 3):
        room.enter(user_id)
    await settle()
    room.leave(3)
    room.enter(3)
    await settle()
    room.assert_everybody_hears_everybody()


async def test_one_that_leaves_while_it_is_added_is_removed(room: Room) -> None:
    for user_id in (1, 2, 3):
        room.enter(user_id)
    await asyncio.sleep(0.01)
    room.leave(3)
    await settle()
    room.assert_everybody_hears_everybody()


async def test_the_founder_may_leave_before_it_commits(room: Room) -> None:
    for user_id in (1, 2, 3):
        room.enter(user_id)
    await asyncio.sleep(0.01)
    room.leave(1)
    await settle()
    room.assert_everybody_hears_everybody()


@pytest.mark.parametrize("count", [2, 3])
async def test_a_spoiled_welcome_is_recovered(room: Room, count: int) -> None:
    spoiled: list[bytes] = []

    def spoil_once(op: int, body: bytes) -> bytes:
        if op != dave.WELCOME or spoiled:
            return body
        spoiled.append(body)
        return body[:40] + bytes(20) + body[60:]

    for user_id in range(1, count):
        room.enter(user_id)
        await settle()
    room.enter(count, spoils=spoil_once)
    await settle(3.0)
    assert spoiled
    room.assert_everybody_hears_everybody()


async def test_a_member_that_never_commits_does_not_stop_the_others(room: Room) -> None:
    founder = room.enter(1, ignored={dave.PROPOSALS})
    room.enter(2)
    await settle(dave.COMMIT_TIMEOUT - 0.5)
    assert room.executed == []
    founder.ignored.clear()
    await settle()
    room.assert_everybody_hears_everybody()


async def test_a_transition_does_not_wait_for_ever(room: Room) -> None:
    room.enter(1)
    room.enter(2, ignored={dave.WELCOME})
    await settle(dave.READY_TIMEOUT - 0.5)
    assert room.executed == []
    await settle()
    assert room.executed == [(1, [1, 2])]


async def test_late_and_foreign_messages_are_ignored(room: Room) -> None:
    room.enter(1)
    room.enter(2)
    await settle()
    room.group.receive_key_package(9, b"nobody's")
    room.group.receive_ready(1, 1)
    room.group.receive_invalid(9)
    room.group.leave(9)
    await settle()
    assert room.group.epoch == 1
    room.assert_everybody_hears_everybody()
