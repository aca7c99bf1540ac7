from typing import Any

import pytest

from sandbox.control_http import BadRequestError
from sandbox.discord_error import DiscordError
from sandbox.modals import MAX_COMPONENTS, check_modal, check_values


def field(name: str = "name", **more: Any) -> dict[str, Any]:
    return {"type": 4, "custom_id": name, "style": 1, **more}


def label(component: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Name", "component": component, **more}


def modal(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"custom_id": "form", "title": "A form", "components": [*components], **more}


def test_what_discord_takes_is_taken() -> None:
    whole = field(max_length=4000, value="x" * 4000, placeholder="y" * 100, style=2)
    others = [label(field(str(n)), description="z" * 100) for n in range(MAX_COMPONENTS - 1)]
    check_modal(modal(label(whole), *others, title="t" * 45))
    check_modal(modal({"type": 1, "components": [field(label="Name")]}))
    check_modal(modal(label(field()), {"type": 10, "content": "Only words."}))


@pytest.mark.parametrize(
    "broken",
    [
        modal(),
        modal(*[label(field(str(n))) for n in range(MAX_COMPONENTS + 1)]),
        modal(label(field()), title="t" * 46),
        modal(label(field()), custom_id=""),
        modal(label(field("a")), label(field("a"))),
        modal(label(field(), label="l" * 46)),
        modal(label(field(), description="d" * 101)),
        modal(label(field(placeholder="p" * 101))),
        modal(label(field(max_length=4001))),
        modal(label(field(min_length=5, max_length=4))),
        modal(label(field(max_length=3, value="four"))),
        modal(label(field(style=3))),
        modal({"type": 18, "label": "Nothing to fill in"}),
        modal({"type": 1, "components": [field(label="l" * 46)]}),
    ],
)
def test_what_discord_refuses_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(DiscordError):
        check_modal(broken)


@pytest.mark.parametrize(
    ("values", "words"),
    [({}, "must be filled in"), ({"name": " "}, "must be filled in"), ({"name": "long"}, "most 3")],
)
def test_a_person_sends_no_form_that_their_client_would_keep(
    values: dict[str, str], words: str
) -> None:
    with pytest.raises(BadRequestError, match=words):
        check_values(modal(label(field(max_length=3))), values)


def test_what_stands_in_a_field_already_is_sent() -> None:
    check_values(modal(label(field(value="x")), label(field("more", required=False))), {})
