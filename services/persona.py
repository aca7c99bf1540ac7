"""Who the bot is: personas, as files and guilds hold them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

LONGEST_NAME: Final = 32
LONGEST_PROMPT: Final = 4000
"""Characters; Discord's forms take as many."""
LONGEST_GREETING: Final = 300
WARMEST: Final = 2.0
"""The highest temperature that any of the known servers takes."""

_PLACEHOLDER: Final = re.compile(r"\{(user|guild|channel|date)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Hold who the bot may be; what is empty or None stays as the settings have it.

    Prompt and greeting may hold {user}, {guild}, {channel} and {date}. `voice` and `language` are
    those of its speech.
    """

    name: Annotated[str, Field(max_length=LONGEST_NAME, pattern=r"^\S(?:[^\x00-\x1f`]*\S)?$")]
    prompt: Annotated[str, Field(max_length=LONGEST_PROMPT)] = ""
    voice: Annotated[str, Field(max_length=100)] = ""
    language: Annotated[str, Field(max_length=35)] = ""
    temperature: Annotated[float, Field(ge=0, le=WARMEST)] | None = None
    greeting: Annotated[str, Field(max_length=LONGEST_GREETING)] = ""

    @property
    def key(self) -> str:
        """Return what its name is compared by."""
        return key_of(self.name)


DEFAULT: Final = Persona(name="Default")
"""The bot as its owner's settings have it."""

_FORMAT: Final = TypeAdapter(Persona)
_KEYS: Final = frozenset(field.name for field in fields(Persona))


def key_of(name: str) -> str:
    """Return what names are compared by: case and white space make no difference."""
    return " ".join(name.casefold().split())


def parse_persona(text: str) -> Persona:
    """Return the persona of a TOML file. Raises ValueError, whose text says in words why not."""
    told = tomllib.loads(text)
    if unknown := sorted(told.keys() - _KEYS):
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(sorted(_KEYS))}")
    made = checked(told)
    made = replace(made, prompt=made.prompt.strip())
    if not made.prompt:
        raise ValueError("it has no prompt")
    return made


def checked(values: Mapping[str, object]) -> Persona:
    """Return the persona of such values. Raises ValueError in words where one breaks a bound."""
    try:
        return _FORMAT.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = next((str(part) for part in first["loc"] if part in _KEYS), "it")
        raise ValueError(f"{name}: {first['msg']}") from None


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled; what it is filled with is not looked through.

    Braces that hold anything else stay as they are.
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
