from typing import Any, get_args
from unittest.mock import MagicMock

import discord
import pytest

from cogs.reply_view import PRESSED, TEMPLATE, PressedButton, view_of
from services.core.types import ReplyButton, ReplyControls

LARGEST = 2**64 - 1


@pytest.mark.parametrize("button", get_args(ReplyButton))
@pytest.mark.parametrize(("asker", "question"), [(1, 2), (LARGEST, LARGEST)])
async def test_a_custom_id_tells_all_that_a_press_needs(
    button: ReplyButton, asker: int, question: int
) -> None:
    made = PressedButton(ReplyControls(asker, question, (button,)))
    assert len(made.custom_id) <= 100, "Discord's limit"
    match = TEMPLATE.fullmatch(made.custom_id)
    assert match is not None
    again = await PressedButton.from_custom_id(MagicMock(), None, match)
    assert again.controls == ReplyControls(asker, question, (button,))


@pytest.mark.parametrize("custom_id", ["reply:stop:1", "reply:delete:1:2", "reply:stop:x:2", ""])
def test_other_custom_ids_are_not_ours(custom_id: str) -> None:
    assert TEMPLATE.fullmatch(custom_id) is None


async def test_a_view_is_one_row_that_never_times_out() -> None:
    view = view_of(ReplyControls(1, 2, ("stop", "again", "speak")))
    assert view is not None
    assert view.timeout is None
    [row] = view.to_components()
    assert [each["label"] for each in row["components"]] == ["Stop", "Again", "Speak"]


async def test_no_buttons_are_no_view() -> None:
    assert view_of(ReplyControls(1, 2, ())) is None


async def test_nothing_is_kept_of_a_view_that_was_sent() -> None:
    store = discord.ui.view.ViewStore(MagicMock())
    for message_id in range(10):
        view = view_of(ReplyControls(1, message_id, ("stop",)))
        assert view is not None
        store.add_view(view, message_id)
    assert not store._views
    assert not store._synced_message_views


async def test_a_press_becomes_an_event_of_the_client() -> None:
    interaction: Any = MagicMock()
    made = PressedButton(ReplyControls(1, 2, ("stop",)))
    await made.callback(interaction)
    interaction.client.dispatch.assert_called_once_with(PRESSED, interaction, made.controls)
