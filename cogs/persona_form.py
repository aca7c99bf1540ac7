from collections.abc import Awaitable, Callable
from typing import Any

import discord

from cogs.addressing import clean
from cogs.errors import tell_failure
from services.persona import LONGEST_GREETING, LONGEST_PROMPT, Persona
from services.persona_draft import PersonaDraft

FORM_SECONDS = 60 * 60
"""How long a form may lie open before it is forgotten: a good text takes its time."""

LONGEST_TITLE = 45
"""Discord's limit, characters."""

LONGEST_NUMBER = 16
"""Characters; a file may hold a temperature of many digits, of which six are shown."""

Submit = Callable[[discord.Interaction, PersonaDraft], Awaitable[None]]
Field = discord.ui.TextInput[Any]


class PersonaForm(discord.ui.Modal):
    """Ask who a persona is; what it is already stands in the fields."""

    def __init__(self, persona: Persona, submit: Submit) -> None:
        super().__init__(title=f"Persona {persona.name}"[:LONGEST_TITLE], timeout=FORM_SECONDS)
        self._submit = submit
        self._fields = _fields(persona)
        texts = {
            "prompt": ("Who am I?", "{user}, {guild}, {channel} and {date} are filled in."),
            "voice": ("Voice", "One of /voice list; empty for the usual one."),
            "language": ("Language of the voice", "Such as de or French; empty for the usual one."),
            "temperature": ("Temperature", "0 (sober) to 2 (wild); empty for the usual one."),
            "greeting": ("Greeting", "Said when I come by /join, and when I am chosen."),
        }
        for name, field in self._fields.items():
            text, about = texts[name]
            self.add_item(discord.ui.Label(text=text, description=about, component=field))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Hand on what was written."""
        written = {name: clean(field.value) for name, field in self._fields.items()}
        await self._submit(interaction, PersonaDraft(**written))

    async def on_error(  # type: ignore[override]  # as discord.py's own Modal does
        self, interaction: discord.Interaction, error: Exception
    ) -> None:
        """Say in a sentence what went wrong."""
        await tell_failure(interaction, error, of="A persona's form")


def _fields(persona: Persona) -> dict[str, Field]:
    temperature = "" if persona.temperature is None else f"{persona.temperature:g}"
    return {
        "prompt": _field("prompt", persona.prompt, LONGEST_PROMPT, long=True, required=True),
        "voice": _field("voice", persona.voice, 100),
        "language": _field("language", persona.language, 35),
        "temperature": _field("temperature", temperature, LONGEST_NUMBER),
        "greeting": _field("greeting", persona.greeting, LONGEST_GREETING, long=True),
    }


def _field(
    name: str, value: str, longest: int, *, long: bool = False, required: bool = False
) -> Field:
    return discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=value or None,
        max_length=longest,
        required=required,
    )
