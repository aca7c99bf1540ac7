from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

from cogs.persona_form import PersonaForm
from sandbox.modals import check_modal
from services.core.errors import BotError
from services.persona import LONGEST_GREETING, LONGEST_NAME, LONGEST_PROMPT, Persona
from services.persona_draft import PersonaDraft

OWL = Persona(name="Owl", prompt="Hoot.", voice="onyx", temperature=0.5)


def person() -> Any:
    interaction: Any = MagicMock()
    interaction.response.send_message = AsyncMock()
    interaction.response.is_done.return_value = False
    return interaction


async def test_the_form_is_within_discord_s_limits_and_shows_what_is() -> None:
    long = Persona(
        name="n" * LONGEST_NAME,
        prompt="p" * LONGEST_PROMPT,
        voice="v" * 100,
        language="l" * 35,
        temperature=1.25,
        greeting="g" * LONGEST_GREETING,
    )
    odd = [Persona(name="Odd", temperature=each) for each in (0.123456789, 1.1e-05)]
    for persona in (Persona(name="New"), OWL, long, *odd):
        check_modal(PersonaForm(persona, AsyncMock()).to_dict())
    form = PersonaForm(OWL, AsyncMock()).to_dict()
    fields = [label["component"] for label in form["components"]]
    shown = {field["custom_id"]: field.get("value") for field in fields}
    assert shown == {
        "prompt": "Hoot.",
        "voice": "onyx",
        "language": None,
        "temperature": "0.5",
        "greeting": None,
    }
    assert [field["required"] for field in fields] == [True, False, False, False, False]


async def test_what_was_written_is_handed_on_clean() -> None:
    submit = AsyncMock()
    form = PersonaForm(OWL, submit)
    form._fields = {
        name: SimpleNamespace(value=f" {name}\x00\r\n ")  # type: ignore[misc]
        for name in form._fields
    }
    asked = person()
    await form.on_submit(asked)
    written = PersonaDraft(
        prompt="prompt",
        voice="voice",
        language="language",
        temperature="temperature",
        greeting="greeting",
    )
    submit.assert_awaited_once_with(asked, written)


async def test_what_went_wrong_is_a_sentence() -> None:
    asked = person()
    await PersonaForm(OWL, AsyncMock()).on_error(asked, BotError(user_message="It is full."))
    assert asked.response.send_message.await_args.args == ("It is full.",)


async def test_an_open_form_is_forgotten_after_a_while() -> None:
    assert PersonaForm(OWL, AsyncMock()).timeout
