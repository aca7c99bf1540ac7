from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from cogs.ask_about import DEFAULT, EMPTY, NAME, TAKEN_BACK, AskAbout, QuestionForm
from services.core.errors import BotError, BusyError
from services.core.types import Author, IncomingMessage, Quote
from services.turn_material import asked_about

MOIN = Quote("ben", "Moin!")


class Stage:
    def __init__(self, quote: Quote | None = MOIN) -> None:
        self.quote = quote
        self.chat = MagicMock()
        self.chat.read_command = lambda _, text, about: IncomingMessage(
            9, 100, 5, Author(7, "ana"), asked_about(quote, text) if quote else text, 0.0
        )
        self.client = MagicMock()
        self.conversations = MagicMock()
        self.cog = AskAbout(self.client, self.chat, self.conversations)

    async def open(self) -> Any:
        interaction = person()
        message: Any = MagicMock(
            id=5, content="Moin!" if self.quote else "", mentions=[], embeds=[]
        )
        message.attachments = []
        await self.cog.open_form(interaction, message)
        return interaction

    async def ask(self, question: str, *, meanwhile: tuple[str, Any] | None = None) -> Any:
        form: QuestionForm = (await self.open()).response.send_modal.await_args.args[0]
        form.question.component = SimpleNamespace(value=question)  # type: ignore[assignment]
        if meanwhile:
            await getattr(self.cog, meanwhile[0])(meanwhile[1])
        interaction = person()
        try:
            await form.on_submit(interaction)
        except BotError as error:
            await form.on_error(interaction, error)
        return interaction


def person() -> Any:
    interaction: Any = MagicMock(user=SimpleNamespace(id=7))
    for name in ("send_message", "send_modal", "defer"):
        setattr(interaction.response, name, AsyncMock())
    interaction.response.is_done.return_value = False
    return interaction


async def test_it_stands_in_the_menu_of_messages_while_it_is_loaded() -> None:
    stage = Stage()
    await stage.cog.cog_load()
    [menu] = stage.client.tree.add_command.call_args.args
    assert (menu.name, menu.type.name) == (NAME, "message")
    await stage.cog.cog_unload()
    stage.client.tree.remove_command.assert_called_once_with(NAME, type=menu.type)


@pytest.mark.parametrize(("typed", "asked"), [("Why? ", "Why?"), (" ", DEFAULT)])
async def test_the_model_reads_the_message_above_the_question(typed: str, asked: str) -> None:
    stage = Stage()
    answered = await stage.ask(typed)
    answered.response.defer.assert_awaited_once()
    turn = stage.conversations.submit.call_args.args[0]
    assert turn.text == f"[About this, which ben wrote:]\n> Moin!\n{asked}"


async def test_a_message_without_words_is_refused() -> None:
    interaction = await Stage(quote=None).open()
    assert interaction.response.send_message.await_args.args == (EMPTY,)
    interaction.response.send_modal.assert_not_awaited()


async def test_a_message_taken_back_while_the_form_lies_open_is_not_read() -> None:
    data = {"content": "other", "edited_timestamp": "2026"}
    embeds = {"content": "Moin!", "edited_timestamp": None}
    one: Any = SimpleNamespace(message_id=5)
    many: Any = SimpleNamespace(message_ids={4, 5})
    edited, unfurled = (SimpleNamespace(message_id=5, data=each) for each in (data, embeds))
    for listener, event in (
        ("on_raw_message_delete", one),
        ("on_raw_bulk_message_delete", many),
        ("on_raw_message_edit", edited),
    ):
        stage = Stage()
        refused = await stage.ask("Why?", meanwhile=(listener, event))
        assert refused.response.send_message.await_args.args == (TAKEN_BACK,)
        stage.conversations.submit.assert_not_called()
    stage = Stage()
    await stage.ask("Why?", meanwhile=("on_raw_message_edit", unfurled))
    stage.conversations.submit.assert_called_once()


async def test_who_asks_too_fast_is_told() -> None:
    stage = Stage()
    stage.chat.admit.side_effect = BusyError(user_message="Please wait 3 s.")
    refused = await stage.ask("Why?")
    assert refused.response.send_message.await_args.args == ("Please wait 3 s.",)
    stage.conversations.submit.assert_not_called()


async def test_an_open_form_is_forgotten_after_a_while() -> None:
    assert QuestionForm(AsyncMock()).timeout is not None


def test_every_line_of_the_message_is_marked() -> None:
    asked = asked_about(Quote("ben", "one\n\ntwo"), "Why?")
    assert asked == "[About this, which ben wrote:]\n> one\n> \n> two\nWhy?"
