import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest
import pytest_asyncio

from cogs.question import FORGOTTEN, GONE
from cogs.reply_buttons import AT_IT, ENDED, NOT_YOURS, SAYING, ReplyButtons
from cogs.thinking import ACKNOWLEDGED
from cogs.voice import NOWHERE
from services.core.errors import BotError, BusyError, StorageError
from services.core.types import (
    Author,
    HistoryEntry,
    IncomingMessage,
    ReplyButton,
    ReplyControls,
    UserTurn,
)

ASKER, QUESTION, CHANNEL = 7, 70, 100


def kept(text: str = "why?", *ids: int, role: Any = "user") -> HistoryEntry:
    return HistoryEntry(role, text, 0.0, ASKER, "ana", ids or (QUESTION,))


def not_found() -> discord.NotFound:
    return discord.NotFound(MagicMock(status=404, reason="no"), {"code": 10008, "message": "no"})


class Stage:
    """Press buttons; `shown` are those that a press left under the message."""

    def __init__(self) -> None:
        self.lost: Exception | None = None  # raised where a press is answered, which was done
        self.conversations = MagicMock()
        self.conversations.stop_reply.return_value = 0
        self.conversations.is_writing.return_value = False
        self.conversations.is_speaking.return_value = False
        self.conversations.recall = AsyncMock(return_value=None)
        self.chat = MagicMock()
        self.chat.read = lambda message, text, asker: IncomingMessage(
            message.id, CHANNEL, 5, Author(asker.id, "ana"), text, 0.0
        )
        self.chat.read_command = lambda _, text: self.chat.read(MagicMock(id=1), text, MagicMock())
        self.voice = MagicMock(enter=AsyncMock(), speak=AsyncMock())
        self.gate = MagicMock()
        self.gate.refusal.return_value = ""
        self.client = MagicMock()
        self.client.own_id.return_value = 99
        self.fetch = self.client.get_partial_messageable.return_value.fetch_message = AsyncMock(
            side_effect=lambda number: SimpleNamespace(
                id=number,
                content=f"<@99> text {number}",
                mentions=[],
                attachments=[],
                message_snapshots=[],
                author=SimpleNamespace(id=ASKER),
            )
        )
        self.cog = ReplyButtons(self.client, self.gate, self.chat, self.voice, self.conversations)

    async def press(
        self,
        button: ReplyButton,
        *,
        user: int = ASKER,
        moderates: bool = False,
        under: tuple[ReplyButton, ...] = ("again", "speak"),
        content: str = "Because.",
        command: bool = False,
    ) -> Any:
        controls = ReplyControls(ASKER, QUESTION, (button,))
        ids = [f"reply:{each}:{ASKER}:{QUESTION}" for each in under]
        row = MagicMock(spec=discord.ActionRow)
        row.children = [SimpleNamespace(custom_id=each) for each in ids]
        interaction: Any = MagicMock(channel_id=CHANNEL, guild_id=5)
        interaction.user = SimpleNamespace(id=user)
        interaction.guild.get_member.return_value = None
        interaction.permissions.manage_messages = moderates
        interaction.message = SimpleNamespace(
            id=71,
            content=content,
            components=[row],
            interaction_metadata=MagicMock() if command else None,
        )
        for name in ("edit_message", "defer", "send_message"):
            setattr(interaction.response, name, AsyncMock())
        interaction.response.edit_message.side_effect = self.lost
        interaction.followup.send = AsyncMock()
        interaction.edit_original_response = AsyncMock()
        interaction.response.is_done = lambda: interaction.response.edit_message.await_count > 0
        await self.cog.on_reply_button(interaction, controls)
        await asyncio.sleep(0)
        return interaction

    @property
    def turn(self) -> UserTurn:
        turn: UserTurn = self.conversations.submit.call_args.args[0]
        return turn


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.cog.cog_unload()


def left(call: AsyncMock) -> list[str]:
    """Return what an answer to a press left under the message."""
    view = call.await_args.kwargs["view"] if call.await_args else None
    return [each.item.label for each in view.children] if view else []


def told(interaction: Any) -> str:
    calls = [interaction.response.send_message, interaction.followup.send]
    [sentence] = [call.await_args.args[0] for call in calls if call.await_args]
    assert all(call.await_args.kwargs["ephemeral"] for call in calls if call.await_args)
    return str(sentence)


@pytest.mark.parametrize("button", ["stop", "again", "speak"])
async def test_strangers_may_press_nothing(stage: Stage, button: ReplyButton) -> None:
    assert told(await stage.press(button, user=8)) == NOT_YOURS
    stage.conversations.stop_reply.assert_not_called()
    stage.conversations.submit.assert_not_called()
    stage.voice.speak.assert_not_called()


async def test_a_moderator_may_press_and_a_refused_person_not(stage: Stage) -> None:
    stage.conversations.stop_reply.return_value = 1
    await stage.press("stop", user=8, moderates=True, under=("stop",))
    stage.conversations.stop_reply.assert_called_once_with(CHANNEL, QUESTION)
    stage.gate.refusal.return_value = "Not here."
    assert told(await stage.press("stop")) == "Not here."


async def test_what_is_being_written_changes_its_buttons_itself(stage: Stage) -> None:
    stage.conversations.stop_reply.return_value = 1
    pressed = await stage.press("stop", under=("stop",))
    pressed.response.defer.assert_awaited_once()
    pressed.response.edit_message.assert_not_awaited()


async def test_stop_goes_with_the_speech_it_ended(stage: Stage) -> None:
    stage.conversations.stop_reply.return_value = 1
    pressed = await stage.press("stop", under=("stop", "again", "speak"))
    assert left(pressed.response.edit_message) == ["Again", "Speak"]
    pressed.followup.send.assert_not_awaited()


@pytest.mark.parametrize("under", [("stop",), ("stop", "again", "speak")])
async def test_a_stop_without_its_answer_says_so_and_goes(
    stage: Stage, under: tuple[ReplyButton, ...]
) -> None:
    pressed = await stage.press("stop", under=under)
    assert left(pressed.response.edit_message) == ["Again", "Speak"]
    assert told(pressed) == ENDED


async def test_again_asks_all_messages_of_the_turn_as_they_are_now(stage: Stage) -> None:
    stage.conversations.recall.return_value = kept("old words", 69, QUESTION)
    pressed = await stage.press("again")
    assert left(pressed.response.edit_message) == []
    assert [each.id for each in stage.turn.messages] == [69, QUESTION]
    assert stage.turn.text == "text 69\ntext 70"
    stage.conversations.stop_reply.assert_called_once_with(CHANNEL, QUESTION)


async def test_what_discord_no_longer_shows_is_asked_from_the_history(stage: Stage) -> None:
    message = SimpleNamespace(id=QUESTION, content="", author=SimpleNamespace(id=ASKER))
    message.attachments = message.message_snapshots = []
    stage.fetch.side_effect = [message]
    stage.conversations.recall.return_value = kept("why?")
    await stage.press("again")
    assert stage.turn.text == "why?"


async def test_again_without_its_question_is_one_sentence(stage: Stage) -> None:
    stage.fetch.side_effect = not_found()
    assert told(await stage.press("again")) == GONE
    assert told(await stage.press("again", command=True)) == FORGOTTEN
    stage.conversations.submit.assert_not_called()


async def test_a_command_is_asked_again_from_the_history(stage: Stage) -> None:
    stage.conversations.recall.return_value = kept("why?")
    await stage.press("again", command=True, user=8, moderates=True)
    assert (stage.turn.last.id, stage.turn.text) == (QUESTION, "why?")
    assert stage.turn.author == Author(ASKER, "ana")
    stage.fetch.assert_not_awaited()


async def test_again_is_counted_and_one_at_a_time(stage: Stage) -> None:
    stage.conversations.is_writing.return_value = True
    assert told(await stage.press("again")) == AT_IT
    stage.conversations.is_writing.return_value = False
    stage.chat.admit.side_effect = BusyError(user_message="Please wait 3 s.")
    refused = await stage.press("again")
    assert told(refused) == "Please wait 3 s."
    refused.response.edit_message.assert_not_awaited()


async def test_two_quick_presses_ask_once(stage: Stage) -> None:

    async def recall(*_: object) -> None:
        await asyncio.sleep(0)

    stage.conversations.recall = recall
    await asyncio.gather(stage.press("again"), stage.press("again"))
    stage.conversations.submit.assert_called_once()


async def test_speak_says_the_answer_and_shows_stop_meanwhile(stage: Stage) -> None:
    pressed = await stage.press("speak", content="Because. *(stopped)*")
    await asyncio.sleep(0)
    assert left(pressed.response.edit_message) == ["Stop", "Again"]
    stage.voice.speak.assert_awaited_once_with(pressed, "Because.")
    await asyncio.sleep(0)
    assert left(pressed.edit_original_response) == ["Again", "Speak"]


async def test_speak_says_the_whole_of_an_answer_in_several_messages(stage: Stage) -> None:
    whole = "The first part. The second part."
    stage.conversations.recall.return_value = kept(whole, 71, 72, role="assistant")
    pressed = await stage.press("speak", content="The first part.")
    await asyncio.sleep(0)
    stage.voice.speak.assert_awaited_once_with(pressed, whole)


async def test_what_is_spoken_already_is_not_spoken_twice(stage: Stage) -> None:
    heard = asyncio.Event()

    async def speak(*_: object) -> None:
        await heard.wait()

    stage.voice.speak = speak
    await stage.press("speak")
    assert told(await stage.press("speak")) == SAYING
    stopped = await stage.press("stop", under=("stop", "again"))
    assert left(stopped.response.edit_message) == ["Again", "Speak"]
    stopped.followup.send.assert_not_awaited()
    await stage.press("speak")
    await asyncio.sleep(0)
    assert told(await stage.press("speak")) == SAYING, "the end of the first speech is not its own"
    stage.conversations.is_speaking.return_value = True
    assert told(await stage.press("speak")) == SAYING


async def test_speak_without_a_voice_channel_is_one_sentence(stage: Stage) -> None:
    stage.voice.check_reach.side_effect = BotError(user_message=NOWHERE)
    refused = await stage.press("speak")
    assert told(refused) == NOWHERE
    refused.response.edit_message.assert_not_awaited()


async def test_speech_that_fails_is_told_and_may_be_tried_again(stage: Stage) -> None:
    stage.voice.enter.side_effect = BotError(user_message="Full.")
    pressed = await stage.press("speak")
    await asyncio.sleep(0)
    assert told(pressed) == "Full."
    assert left(pressed.edit_original_response) == ["Again", "Speak"]


async def test_the_buttons_are_back_where_the_question_could_not_be_read(stage: Stage) -> None:
    broken = discord.DiscordServerError(MagicMock(status=503, reason="no"), "no")
    stage.fetch.side_effect = broken
    pressed = await stage.press("again")
    assert "try again" in told(pressed)
    assert left(pressed.edit_original_response) == ["Again", "Speak"]
    stage.conversations.recall.side_effect = StorageError("disk")
    assert left((await stage.press("again")).edit_original_response) == ["Again", "Speak"]
    stage.conversations.submit.assert_not_called()


@pytest.mark.parametrize("button", ["again", "speak"])
async def test_a_press_whose_answer_was_lost_does_what_it_says(
    stage: Stage, button: ReplyButton
) -> None:
    refusal = discord.HTTPException(MagicMock(status=400, reason="-"), {"code": ACKNOWLEDGED})
    stage.lost = refusal
    await stage.press(button)
    await asyncio.sleep(0)
    assert stage.conversations.submit.called or stage.voice.speak.await_count == 1


async def test_the_buttons_are_back_where_the_question_is_refused(stage: Stage) -> None:
    stage.conversations.submit.return_value = False
    pressed = await stage.press("again")
    assert left(pressed.edit_original_response) == ["Again", "Speak"]
    stage.conversations.submit.return_value = True
    assert left((await stage.press("again")).edit_original_response) == []
