"""Scripted conversations: a JSON list of steps, each an object with one verb and its options.

{"note": "A heading"}
{"post": "@bot hello", "user": "ana", "channel": "general"}      a person writes; @bot mentions
{"command": "stats", "user": "admin", "channel": "general", "options": {}}    a slash command
{"press": "Stop", "user": "ana", "within": 20}    a button under the bot's answer to the last post
{"join": "Lounge", "user": "ana"}    {"leave": "Lounge", "user": "ana"}       a voice channel
{"say": "words.wav", "user": "ana", "channel": "Lounge"}         a person speaks (a WAV file)
{"wait": 1.5}                                                    seconds
{"expect": "reply", "contains": "Hello", "within": 20}           the bot's answer to the last post
{"expect": "speech", "channel": "Lounge", "seconds": 0.5, "within": 20}    the bot is heard, and
                                     no less than that many seconds of it, since the last request
{"expect": "no violations"}                                      of Discord's rules

Options that are left out are as shown, but for `contains`: any text. Channels are those of the
first server. A file in `say` is looked for beside the script.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPECTATIONS = ("reply", "speech", "no violations")

DEFAULTS: dict[str, dict[str, Any]] = {
    "note": {},
    "post": {"user": "ana", "channel": "general"},
    "command": {"user": "admin", "channel": "general", "options": {}},
    "press": {"user": "ana", "within": 20.0},
    "join": {"user": "ana"},
    "leave": {"user": "ana"},
    "say": {"user": "ana", "channel": "Lounge"},
    "wait": {},
    "expect": {"contains": "", "within": 20.0, "channel": "Lounge", "seconds": 0.5},
}
"""The verbs and their options."""


class ScriptError(Exception):
    """Say in one sentence what is wrong with a script, or what broke while it played."""


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one step: what to do, with what, and how."""

    verb: str
    what: Any
    options: dict[str, Any]


def load_script(path: Path) -> list[Step]:
    """Read a script. Raises ScriptError."""
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScriptError(f"The script {path} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise ScriptError(f"The script {path} is not valid JSON: {error}.") from None
    if not isinstance(steps, list):
        raise ScriptError(f"The script {path} must be a list of steps.")
    return [parse_step(number, step, path.parent) for number, step in enumerate(steps, 1)]


def parse_step(number: int, step: Any, folder: Path) -> Step:
    """Check one step and fill in its defaults. Raises ScriptError."""
    verbs = [name for name in DEFAULTS if isinstance(step, dict) and name in step]
    if len(verbs) != 1:
        raise ScriptError(f"Step {number} needs exactly one of: {', '.join(DEFAULTS)}.")
    [verb] = verbs
    given = {name: value for name, value in step.items() if name != verb}
    if unknown := given.keys() - DEFAULTS[verb].keys():
        raise ScriptError(f"Step {number} ({verb}) has no option '{min(unknown)}'.")
    for name, value in given.items():
        _check_type(f"The '{name}' of step {number}", value, type(DEFAULTS[verb][name]))
    return Step(verb, _what(number, verb, step[verb], folder), DEFAULTS[verb] | given)


def _what(number: int, verb: str, value: Any, folder: Path) -> Any:
    _check_type(f"The '{verb}' of step {number}", value, float if verb == "wait" else str)
    if verb == "expect" and value not in EXPECTATIONS:
        raise ScriptError(f"Step {number} can expect: {', '.join(EXPECTATIONS)}.")
    return folder / value if verb == "say" else value


def _check_type(name: str, value: Any, wanted: type) -> None:
    fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
    if not fits or isinstance(value, bool):
        words = {float: "a number", str: "text", dict: "an object"}
        raise ScriptError(f"{name} must be {words[wanted]}.")
