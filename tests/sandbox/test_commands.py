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


def option(name: str = "text", **more: Any) -> dict[str, Any]:
    return {"type": 3, "name": name, "description": "what it is", **more}


def choices(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"choice {n}", "value": f"{n}", **more} for n in range(count)]


def group(name: str, *inside: dict[str, Any], kind: int = 1) -> dict[str, Any]:
    return {"type": kind, "name": name, "description": "a part", "options": [*inside]}


def test_what_discord_takes_is_taken(commands: Commands) -> None:
    full = [option(f"o{n}", required=n < 3) for n in range(25)]
    nested = group("list", group("all", option("größe", choices=choices(25))), kind=2)
    made = commands.replace(
        None, [body("many", options=full), body("voice", options=[nested]), body("日本")]
    )
    assert len(made) == 3


@pytest.mark.parametrize(
    "bad",
    [
        body("x" * 33),
        body("x", description="d" * 101),
        body("x", description=""),
        body("Ping"),
        body("two words"),
        body("x", options=[option(f"o{n}") for n in range(26)]),
        body("x", options=[option("a"), option("a")]),
        body("x", options=[option("A")]),
        body("x", options=[option(description="")]),
        body("x", options=[option("a"), option("b", required=True)]),
        body("x", options=[option(choices=choices(26))]),
        body("x", options=[option(choices=choices(1, name="n" * 101))]),
        body("x", options=[option(choices=choices(1, value="v" * 101))]),
        body("x", options=[option(choices=choices(1), autocomplete=True)]),
        body("x", options=[group("deep", option("not good"))]),
        body("x", options=[option("a", type=12)]),
        body(
            "x",
            options=[
                group(f"g{n}", *[option(f"o{m}", description="d" * 100) for m in range(20)])
                for n in range(4)
            ],
        ),
    ],
)
def test_names_options_and_descriptions_have_limits(
    commands: Commands, bad: dict[str, Any]
) -> None:
    with pytest.raises(DiscordError) as refused:
        commands.replace(None, [bad])
    assert refused.value.rule == "command_form"
    assert commands.of(None) == []


def test_a_scope_holds_no_two_commands_of_one_name(commands: Commands) -> None:
    with pytest.raises(DiscordError):
        commands.replace(None, [body("ping"), body("ping", description="again")])
