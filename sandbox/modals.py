"""Forms as Discord lets a bot show them, and lets a person send them."""

from collections.abc import Iterator

from sandbox.control_http import BadRequestError
from sandbox.discord_error import DiscordError, invalid_form
from sandbox.model import Json

ROW, LABEL, TEXT_INPUT = 1, 18, 4
MAX_COMPONENTS = 5
MAX_VALUE = 4000
LENGTHS = {
    "title": (1, 45),
    "custom_id": (1, 100),
    "label": (1, 45),
    "description": (0, 100),
    "placeholder": (0, 100),
    "value": (0, MAX_VALUE),
}
"""Shortest and longest texts of a form and its fields, characters."""


def check_modal(modal: Json) -> None:
    """Refuse a form that breaks one of Discord's limits. Raises DiscordError."""
    if not modal.get("components"):
        raise _refused("A modal needs components.")
    if len(modal["components"]) > MAX_COMPONENTS:
        raise _refused(f"A modal has at most {MAX_COMPONENTS} components.")
    for name in ("title", "custom_id"):
        _check_length(modal, name, needed=True)
    labels = [part for part in modal["components"] if part.get("type") == LABEL]
    for label in labels:
        _check_length(label, "label", needed=True)
        _check_length(label, "description")
        if not isinstance(label.get("component"), dict):
            raise _refused("A label needs a component.")
    fields = [*_fields(modal["components"])]
    if len({field.get("custom_id") for field in fields}) < len(fields):
        raise _refused("Component custom id cannot be duplicated.")
    for field in fields:
        _check_field(field)


def check_values(modal: Json, values: Json) -> None:
    """Refuse what a person's client would not send. Raises BadRequestError."""
    for field in _fields(modal["components"]):
        written = str(values.get(field["custom_id"], field.get("value") or ""))
        name, longest = field["custom_id"], field.get("max_length", MAX_VALUE)
        if field.get("required", True) and not written.strip():
            raise BadRequestError(f"The field {name} must be filled in.")
        if written and not field.get("min_length", 0) <= len(written) <= longest:
            raise BadRequestError(f"The field {name} takes at most {longest} characters.")


def _fields(components: list[Json]) -> Iterator[Json]:
    """Yield the text fields of a form, in rows or under labels."""
    for part in components:
        yield from _fields(part.get("components") or [])
        yield from _fields([part["component"]] if "component" in part else [])
        if part.get("type") == TEXT_INPUT:
            yield part


def _check_field(field: Json) -> None:
    _check_length(field, "custom_id", needed=True)
    for name in ("label", "placeholder", "value"):
        _check_length(field, name)
    shortest, longest = field.get("min_length") or 0, field.get("max_length") or MAX_VALUE
    if field.get("style") not in (1, 2) or not 0 <= shortest <= longest <= MAX_VALUE:
        raise _refused("A text input has a style and at most 4000 characters.")
    if len(field.get("value") or "") > longest:
        raise _refused("A text input's value is longer than its max_length.")


def _check_length(part: Json, name: str, *, needed: bool = False) -> None:
    shortest, longest = LENGTHS[name]
    text = part.get(name)
    if text is None and not needed:
        return
    if not isinstance(text, str) or not shortest <= len(text) <= longest:
        raise _refused(f"{name} must be between {shortest} and {longest} in length.")


def _refused(message: str) -> DiscordError:
    return invalid_form(message, rule="interaction_response")
