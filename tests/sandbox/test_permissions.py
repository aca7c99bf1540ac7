import pytest

from sandbox.events import EventBus
from sandbox.model import Overwrite
from sandbox.permissions import ALL, Permission, may, parse_permissions, permissions_in
from sandbox.world import World


@pytest.fixture
def world() -> World:
    return World(bus=EventBus())


def test_everyone_may_talk_and_listen_and_the_bot_is_no_administrator(world: World) -> None:
    guild = world.guild("Sandbox")
    for channel in guild.channels.values():
        needed = Permission.SEND_MESSAGES | Permission.CONNECT | Permission.SPEAK
        assert may(channel, world.bot, needed)
        assert not may(channel, world.bot, Permission.MANAGE_MESSAGES)
        assert not may(channel, world.bot, Permission.ADMINISTRATOR)
        assert permissions_in(channel, world.user("admin")) == ALL


def test_a_members_overwrite_outweighs_a_roles_and_a_roles_everyones(world: World) -> None:
    guild = world.guild("Sandbox")
    send = int(Permission.SEND_MESSAGES)
    role = next(role for role in guild.roles.values() if role.name == "bot")
    overwrites = [
        Overwrite(guild.id, is_member=False, allow=0, deny=send),
        Overwrite(role.id, is_member=False, allow=send, deny=0),
    ]
    channel = world.add_channel(guild, "quiet", "text", overwrites)
    assert may(channel, world.bot, Permission.SEND_MESSAGES)
    assert not may(channel, world.user("ana"), Permission.SEND_MESSAGES)
    assert may(channel, world.user("admin"), Permission.SEND_MESSAGES)
    channel.overwrites.append(Overwrite(world.bot.id, is_member=True, allow=0, deny=send))
    assert not may(channel, world.bot, Permission.SEND_MESSAGES)


def test_who_cannot_see_a_channel_may_do_nothing_in_it(world: World) -> None:
    guild = world.guild("Sandbox")
    hidden = Overwrite(guild.id, is_member=False, allow=0, deny=int(Permission.VIEW_CHANNEL))
    channel = world.add_channel(guild, "hidden", "text", [hidden])
    assert not may(channel, world.bot, Permission.SEND_MESSAGES)


def test_permissions_are_read_as_numbers_and_names() -> None:
    assert parse_permissions("1024") == parse_permissions(1024) == 1024
    assert parse_permissions(["view_channel", "SEND_MESSAGES"]) == 1024 | 2048
    assert parse_permissions(None) == 0
    nonsenses: list[object] = ["x", ["nonsense"], {}]
    for nonsense in nonsenses:
        with pytest.raises(ValueError, match="permission"):
            parse_permissions(nonsense)
