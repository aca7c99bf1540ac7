from typing import Any

import pytest

from sandbox.discord_error import DiscordError
from sandbox.message_parts import check_components, check_embeds


def button(custom_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "custom_id": custom_id, "label": "Press", **more}


def row(*inside: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": [*inside]}


def menu(*values: str, **more: Any) -> dict[str, Any]:
    options = [{"label": "x" * 100, "value": value} for value in values]
    return {"type": 3, "custom_id": "m", "options": options, **more}


def field(name: str = "n", value: str = "v") -> dict[str, Any]:
    return {"name": name, "value": value}


def test_what_discord_takes_is_taken() -> None:
    rows = [row(*[button(f"{n} {m}", label="l" * 80) for m in range(5)]) for n in range(4)]
    link = {"type": 2, "style": 5, "url": "https://example.org", "emoji": {"name": "👍"}}
    check_components([*rows, row(link)])
    check_components([row(menu(*[str(n) for n in range(25)], placeholder="p" * 150))])
    section = {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": button()}
    check_components([{"type": 17, "components": [section]}])
    check_embeds([{"title": "t" * 256, "description": "d" * 4096}, {"fields": [field()] * 25}])
    check_embeds([{"description": "x"}] * 10)


@pytest.mark.parametrize(
    "broken",
    [
        "row",
        [None],
        [row()],
        [row(*[button(str(n)) for n in range(6)])],
        [row(button(str(n))) for n in range(6)],
        [row(button("a"), button("a"))],
        [row(button("a")), row(button("a"))],
        [row(button("i" * 101))],
        [row(button(label="l" * 81))],
        [row(button(label=None))],
        [row(button(style=7))],
        [row({"type": 2, "style": 1, "label": "no id"})],
        [row({"type": 2, "style": 5, "label": "no link", "custom_id": "a"})],
        [row(menu("a"), button())],
        [row(menu())],
        [row(menu("a", "a"))],
        [row(menu("v" * 101))],
        [row(menu(*[str(n) for n in range(26)]))],
        [row(menu("a", placeholder="p" * 151))],
        [row(button(label=5))],
        [{"type": 9, "components": [{"type": 10, "content": "nothing beside it"}]}],
    ],
)
def test_components_that_discord_refuses_are_refused(broken: Any) -> None:
    with pytest.raises(DiscordError) as refused:
        check_components(broken)
    assert (refused.value.code, refused.value.rule) == (50035, "component_form")


@pytest.mark.parametrize(
    "broken",
    [
        [{"description": "x"}] * 11,
        [{"title": "t" * 257}],
        [{"description": "d" * 4097}],
        [{"fields": [field()] * 26}],
        [{"fields": [field(name="n" * 257)]}],
        [{"fields": [field(value="v" * 1025)]}],
        [{"fields": [{"name": "no value"}]}],
        [{"footer": {"text": "f" * 2049}}],
        [{"author": {"name": "a" * 257}}],
        [{"description": "d" * 4000}, {"fields": [field(value="v" * 1000)] * 2}],
        [{"description": 5}],
        ["text"],
    ],
)
def test_embeds_that_discord_refuses_are_refused(broken: Any) -> None:
    with pytest.raises(DiscordError) as refused:
        check_embeds(broken)
    assert (refused.value.code, refused.value.rule) == (50035, "embed_size")
