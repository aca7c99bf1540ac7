import pytest

from sandbox.events import EventBus
from sandbox.messages import Draft, Revision
from sandbox.model import LOADING, MAX_MESSAGES, Change, Snowflakes, UnknownError
from sandbox.shapes import message_shape, messages_shape
from sandbox.world import World


@pytest.fixture
def world() -> World:
    return World(bus=EventBus())


def test_ids_rise_and_never_repeat() -> None:
    ids = Snowflakes()
    made = [ids.next() for _ in range(1000)]
    assert made == sorted(set(made))


def test_things_are_found_by_name_and_id_and_missed_in_words(world: World) -> None:
    ana = world.user("ana")
    assert world.user(str(ana.id)) is ana
    assert world.user("bot") is world.bot
    for missing in (lambda: world.user("nobody"), lambda: world.channel("general")):
        with pytest.raises(UnknownError, match="There is no"):
            missing()
    with pytest.raises(UnknownError):
        world.person("bot")


def test_listeners_hear_of_changes_in_order(world: World) -> None:
    heard: list[Change] = []
    world.listeners.append(heard.append)
    general = next(iter(world.guild("Sandbox").channels.values()))
    message = world.messages.post(general, world.user("ana"), Draft(content="a"))
    world.messages.edit(message, Revision(content="b"))
    world.messages.delete(message)
    assert [change.name for change in heard] == [
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
    ]


def test_a_channel_forgets_its_oldest_messages(world: World) -> None:
    general = next(iter(world.guild("Sandbox").channels.values()))
    first = world.messages.post(general, world.bot, Draft(content="first"))
    for _ in range(MAX_MESSAGES):
        world.messages.post(general, world.bot, Draft(content="more"))
    assert len(general.messages) == MAX_MESSAGES
    assert first.id not in general.messages


def test_a_thinking_message_begins_with_its_first_content(world: World) -> None:
    general = next(iter(world.guild("Sandbox").channels.values()))
    message = world.messages.post(general, world.bot, Draft(flags=LOADING))
    posted = message.created
    assert messages_shape(general) == {"messages": []}
    world.messages.edit(message, Revision(content="one"))
    world.messages.edit(message, Revision(content="two"))
    shape = message_shape(message)
    assert [edit["content"] for edit in shape["edits"]] == ["two"]
    assert posted <= shape["created"] <= shape["edits"][0]["t"]


def test_a_direct_message_can_mention_the_bot(world: World) -> None:
    direct = world.open_direct(world.user("ana"))
    assert world.open_direct(world.user("ana")) is direct
    draft = Draft(content=f"<@{world.bot.id}>")
    assert world.messages.post(direct, world.user("ana"), draft).mentions == [world.bot]
