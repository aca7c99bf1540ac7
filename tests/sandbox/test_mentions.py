from typing import Any

import pytest

from sandbox.events import EventBus
from sandbox.mentions import find_mentions, mentions_everyone
from sandbox.messages import Draft
from sandbox.model import Channel
from sandbox.world import World


@pytest.fixture
def world() -> World:
    return World(bus=EventBus())


@pytest.fixture
def channel(world: World) -> Channel:
    return next(iter(world.guild("Sandbox").channels.values()))


def names(world: World, channel: Channel, content: str, allowed: Any = None) -> list[str]:
    found = find_mentions(content, channel, world.bot, allowed=allowed, answered=None)
    return [user.name for user in found.users]


def test_people_are_found_by_both_spellings_and_strangers_are_not(
    world: World, channel: Channel
) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    assert names(world, channel, f"<@{ana.id}> <@!{ben.id}> <@1>") == ["ana", "ben"]


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [(None, True), ({"parse": []}, False), ({"parse": ["users"]}, True), ({}, False)],
)
def test_allowed_mentions_decide_whom_a_message_pings(
    world: World, channel: Channel, allowed: Any, expected: bool
) -> None:
    found = names(world, channel, f"<@{world.user('ana').id}>", allowed)
    assert found == (["ana"] if expected else [])


def test_single_people_can_be_allowed(world: World, channel: Channel) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    content = f"<@{ana.id}> <@{ben.id}>"
    assert names(world, channel, content, {"parse": [], "users": [str(ben.id)]}) == ["ben"]


def test_a_reply_pings_its_author_unless_it_says_not_to(world: World, channel: Channel) -> None:
    asked = world.messages.post(channel, world.user("ana"), Draft(content="hi"))
    for allowed, expected in ((None, 1), ({"replied_user": True}, 1), ({"parse": []}, 0)):
        found = find_mentions("yes", channel, world.bot, allowed=allowed, answered=asked)
        assert len(found.users) == expected


def test_everyone_is_pinged_by_a_whole_word_only() -> None:
    assert mentions_everyone("@everyone!", None)
    assert mentions_everyone("@here", {"parse": ["everyone"]})
    assert not mentions_everyone("@everyones", None)
    assert not mentions_everyone("@everyone", {"parse": ["users"]})
