"""Commands as Discord lets an application register them."""

import unicodedata
from typing import Any

from sandbox.discord_error import DiscordError, invalid_form
from sandbox.model import Json

MAX_OPTIONS = MAX_CHOICES = 25
MAX_NAME = 32
MAX_TEXT = 100
MAX_CHARACTERS = 8000
"""Options of a command, choices of one; characters of a name, of other texts, of all of them."""

OPTION_TYPES = range(1, 12)


def check_menu(name: str, body: Json) -> None:
    """Refuse an entry of a menu that breaks a limit. Raises DiscordError."""
    if not 1 <= len(name) <= MAX_NAME or body.get("description") or body.get("options"):
        raise _refused(name)


def check_slash(body: Json) -> None:
    """Refuse a slash command that breaks a limit. Raises DiscordError."""
    _check_part(body)
    if _characters(body) > MAX_CHARACTERS:
        raise _refused(body["name"])


def _check_part(part: Json) -> None:
    """Check a command or an option: both have a name, a description and perhaps options."""
    name, options = str(part["name"]), part.get("options") or []
    names = {option["name"] for option in options}
    required_first = sorted(options, key=lambda each: not each.get("required", False))
    if (
        not _is_name(name)
        or not 1 <= len(str(part.get("description") or "")) <= MAX_TEXT
        or not len(names) == len(options) <= MAX_OPTIONS
        or required_first != options
    ):
        raise _refused(name)
    for option in options:
        _check_option(option)


def _check_option(option: Json) -> None:
    _check_part(option)
    choices = option.get("choices") or []
    fits = all(_is_choice(choice) for choice in choices) and len(choices) <= MAX_CHOICES
    doubled = bool(choices) and bool(option.get("autocomplete"))
    if option.get("type") not in OPTION_TYPES or not fits or doubled:
        raise _refused(option["name"])


def _is_choice(choice: Json) -> bool:
    return 1 <= len(str(choice["name"])) <= MAX_TEXT and len(str(choice["value"])) <= MAX_TEXT


def _is_name(name: str) -> bool:
    """Tell whether a name is of lower case letters, digits, - and _ of any script."""
    letters = all(
        each.isalnum() or each in "-_'\u02bc" or unicodedata.category(each).startswith("M")
        for each in name
    )
    return 1 <= len(name) <= MAX_NAME and letters and name == name.lower()


def _characters(part: Json) -> int:
    """Return how many characters the names, descriptions and choices of a command have."""
    texts: list[Any] = [part["name"], part.get("description") or ""]
    for choice in part.get("choices") or []:
        texts += [choice["name"], choice["value"]]
    inside = sum(_characters(option) for option in part.get("options") or [])
    return sum(len(str(text)) for text in texts) + inside


def _refused(name: object) -> DiscordError:
    return invalid_form(f"The command or option {name!r:.60} breaks a limit.", rule="command_form")
