"""Personas as people read them."""

from typing import Final

from services.languages import name_of
from services.persona import DEFAULT, Persona

LONGEST_PROMPT: Final = 1500
"""Characters of a prompt that are shown; a Discord message holds 2000."""
LONGEST_SUMMARY: Final = 90

OWNER_S: Final = "as my owner made me"


def summary(persona: Persona, *, own: bool) -> str:
    """Return a persona as a line of a list."""
    about = OWNER_S if persona.key == DEFAULT.key else _begun(persona.prompt, LONGEST_SUMMARY)
    return f"- **{persona.name}**{' (made in this server)' if own else ''}: {about}"


def description(persona: Persona) -> list[str]:
    """Return everything about a persona; the default one's prompt is its owner's own affair."""
    if persona.key == DEFAULT.key:
        return [f"**{persona.name}**: {OWNER_S}."]
    lines = [f"**{persona.name}**"]
    lines += [f"> {line}" for line in _cut(persona.prompt, LONGEST_PROMPT).splitlines()]
    if persona.greeting:
        lines += ["Greets with:", *quoted(persona.greeting)]
    if persona.voice:
        lines.append(f"Speaks with the voice `{persona.voice}`.")
    if persona.language:
        lines.append(f"Speaks {name_of(persona.language)}.")
    if persona.temperature is not None:
        lines.append(f"Temperature {persona.temperature:g}.")
    return lines


def quoted(text: str) -> list[str]:
    """Return a text as lines of a quotation."""
    return [f"> {line}" for line in text.splitlines()]


def _begun(text: str, length: int) -> str:
    return _cut(" ".join(text.split()), length)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
