from typing import Any

import pytest

from sandbox.commands import MAX_CREATES, ON_MESSAGE, SLASH, Commands
from sandbox.discord_error import DiscordError
from sandbox.model import Snowflakes, UnknownError


@pytest.fixture
def commands() -> Commands:
    return Commands(ids=Snowflakes(), application_id=1)


def body(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "what it does", **more}


def test_a_command_keeps_its_id_when_it_is_registered_again(commands: Commands) -> None:
    [first] = commands.replace(None, [body("ping")])
    again, other = commands.replace(None, [body("ping", description="new"), body("pong")])
    assert (again["id"], again["description"]) == (first["id"], "new")
    assert other["id"] != first["id"]


def test_the_commands_of_a_guild_leave_the_common_ones_alone(commands: Commands) -> None:
    commands.replace(None, [body("ping")])
    commands.replace(7, [body("ping", description="here")])
    assert commands.find("ping", 7)["guild_id"] == "7"
    assert "guild_id" not in commands.find("ping", 8)
    commands.replace(7, [])
    assert commands.find("ping", 7) is commands.of(None)[0]


def test_kinds_share_names_and_have_limits_of_their_own(commands: Commands) -> None:
    menu = {"name": "Look at this", "type": ON_MESSAGE}
    commands.replace(None, [body("ping"), {"name": "ping", "type": ON_MESSAGE}, menu])
    assert commands.find("ping", None)["type"] == SLASH
    assert commands.find("ping", None, kind=ON_MESSAGE)["type"] == ON_MESSAGE
    with pytest.raises(UnknownError):
        commands.find("Look at this", None)
    with pytest.raises(DiscordError):
        commands.replace(None, [{**menu, "name": f"menu {n}"} for n in range(16)])
    with pytest.raises(DiscordError):
        commands.replace(None, [{**menu, "description": "Menus have none."}])


def test_single_commands_come_and_go(commands: Commands) -> None:
    made = commands.upsert(None, body("ping"))
    assert commands.get(made["id"]) is made
    commands.delete(None, made["id"])
    with pytest.raises(UnknownError):
        commands.delete(None, made["id"])


def test_two_hundred_creates_are_enough_for_a_day(commands: Commands) -> None:
    for number in range(MAX_CREATES):
        commands.replace(None, [body(f"c{number}")])
    commands.replace(None, [body(f"c{MAX_CREATES - 1}")])
    commands.replace(7, [body("elsewhere")])
    with pytest.raises(DiscordError) as refused:
        commands.replace(None, [body("one-more")])
    assert (refused.value.code, refused.value.rule) == (30034, "command_creates")


@pytest.mark.parametrize("bad", [body("x" * 33), body("x", description="d" * 101)])
def test_names_and_descriptions_have_limits(commands: Commands, bad: dict[str, Any]) -> None:
    with pytest.raises(DiscordError):
        commands.replace(None, [bad])
