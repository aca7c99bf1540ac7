"""Embeds and components as Discord lets a bot put them into a message."""

from collections.abc import Iterator
from typing import Any

from sandbox.discord_error import DiscordError, invalid_form
from sandbox.model import Json

ROW, BUTTON = 1, 2
SELECTS = (3, 5, 6, 7, 8)
SECTION = 9
LINK, PREMIUM = 5, 6
MAX_COMPONENTS = 40
MAX_ROWS = MAX_IN_ROW = 5
MAX_OPTIONS = 25
MAX_EMBEDS = 10
MAX_FIELDS = 25
MAX_EMBED_TEXT = 6000
"""Components of a message, rows, buttons in one, options of a menu, embeds and their characters."""

EMBED_TEXTS = {"title": 256, "description": 4096}
FIELD_TEXTS = {"name": 256, "value": 1024}
COMPONENT_TEXTS = {"custom_id": 100, "label": 80, "url": 512, "placeholder": 150}
OPTION_TEXTS = {"label": 100, "value": 100, "description": 100}


def check_embeds(embeds: Any) -> None:
    """Refuse embeds that break one of Discord's limits. Raises DiscordError."""
    if len(_objects(embeds, "embed_size")) > MAX_EMBEDS:
        raise invalid_form(f"Must be {MAX_EMBEDS} or fewer in length.", rule="embed_size")
    if sum(_embed_text(embed) for embed in embeds) > MAX_EMBED_TEXT:
        raise invalid_form("Embeds exceed their maximum size.", rule="embed_size")


def check_components(components: Any) -> None:
    """Refuse components that break one of Discord's limits. Raises DiscordError."""
    rows = [each for each in _objects(components, "component_form") if each.get("type") == ROW]
    every = [*_walk(components)]
    if len(rows) > MAX_ROWS or len(every) > MAX_COMPONENTS:
        raise _refused("A message has at most 5 rows and 40 components.")
    ids = [each["custom_id"] for each in every if "custom_id" in each]
    if len(set(ids)) < len(ids):
        raise _refused("Component custom id cannot be duplicated.")
    for each in every:
        _check_component(each)


def _embed_text(embed: Json) -> int:
    fields = _objects(embed.get("fields") or [], "embed_size")
    if len(fields) > MAX_FIELDS:
        raise invalid_form(f"Must be {MAX_FIELDS} or fewer in length.", rule="embed_size")
    size = _text(embed, EMBED_TEXTS, "embed_size")
    size += _text(embed.get("footer") or {}, {"text": 2048}, "embed_size")
    size += _text(embed.get("author") or {}, {"name": 256}, "embed_size")
    for field in fields:
        if not all(field.get(name) for name in FIELD_TEXTS):
            raise invalid_form("This field is required.", rule="embed_size")
        size += _text(field, FIELD_TEXTS, "embed_size")
    return size


def _text(part: Json, limits: dict[str, int], rule: str) -> int:
    """Return the characters of a part's texts, each within its limit."""
    texts = {name: part[name] for name in limits if part.get(name) is not None}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise invalid_form(f"Could not interpret {text!r:.60} as string.", rule=rule)
        if len(text) > limits[name]:
            raise invalid_form(f"{name} must be {limits[name]} or fewer in length.", rule=rule)
    return sum(map(len, texts.values()))


def _walk(components: list[Json]) -> Iterator[Json]:
    for each in components:
        yield each
        yield from _walk(_objects(each.get("components") or [], "component_form"))
        yield from _walk([each["accessory"]] if each.get("accessory") else [])


def _check_component(given: Json) -> None:
    kind = given.get("type")
    if kind == ROW:
        _check_row(given.get("components") or [])
    _text(given, COMPONENT_TEXTS, "component_form")
    if kind == SECTION and not given.get("accessory"):
        raise _refused("A section needs an accessory.")
    if kind == BUTTON:
        _check_button(given)
    elif kind in SELECTS and not given.get("custom_id"):
        raise _refused("A menu needs a custom id.")
    if kind == SELECTS[0]:
        _check_options(_objects(given.get("options") or [], "component_form"))


def _check_row(inside: list[Json]) -> None:
    menus = [each for each in inside if each.get("type") in SELECTS]
    if not 1 <= len(inside) <= MAX_IN_ROW or (menus and len(inside) > 1):
        raise _refused("A row holds one to five buttons, or one menu.")


def _check_button(given: Json) -> None:
    style = given.get("style")
    needed = {LINK: "url", PREMIUM: "sku_id"}.get(style or 0, "custom_id")
    if not isinstance(style, int) or not 1 <= style <= PREMIUM or not given.get(needed):
        raise _refused("A button has a style, and a custom id or what it leads to.")
    if style != PREMIUM and not (given.get("label") or given.get("emoji")):
        raise _refused("A button needs a label or an emoji.")


def _check_options(options: list[Json]) -> None:
    values = {option.get("value") for option in options}
    if not 1 <= len(options) <= MAX_OPTIONS or len(values) < len(options):
        raise _refused("A menu has 1 to 25 options, each of a value of its own.")
    for option in options:
        if not (option.get("label") and option.get("value")):
            raise _refused("An option needs a label and a value.")
        _text(option, OPTION_TEXTS, "component_form")


def _objects(parts: Any, rule: str) -> list[Json]:
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise invalid_form("Only dictionaries may be used in an array here.", rule=rule)
    return parts


def _refused(message: str) -> DiscordError:
    return invalid_form(message, rule="component_form")
