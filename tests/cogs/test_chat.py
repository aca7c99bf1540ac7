import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, call

import aiohttp
import discord
import pytest

from cogs.access import REFUSALS, Gate
from cogs.chat import LONGEST, TOO_LONG, Chat
from cogs.images import images_of
from services.access import Access
from services.chatter import NO_TEXT, NOT_TEXT
from services.core.types import IncomingMessage
from services.preferences import GuildPreferences
from services.rate_limiter import RateLimiter

BOT, CHANNEL = 99, 7
FORBIDDEN = discord.Forbidden(MagicMock(status=403, reason="no"), "no")


class Stage:
    def __init__(self, *, burst: int = 100, **lists: set[int]) -> None:
        self.taken: list[IncomingMessage] = []
        self.summon = MagicMock(return_value=True)
        batcher, conversations, sessions = MagicMock(), MagicMock(), MagicMock()
        batcher.add = self.taken.append
        sessions.get.return_value = None
        self.conversations, self.batcher = conversations, batcher
        made: dict[str, Any] = {name: frozenset(ids) for name, ids in lists.items()}
        choices = GuildPreferences(**made)
        self.chat = Chat(
            bot_id=lambda: BOT,
            batcher=batcher,
            conversations=conversations,
            sessions=sessions,
            images_of=images_of,
            limiter=limiter(burst),
            notices=limiter(1),
            gate=Gate(choices=lambda _: choices),
            summon=self.summon,
        )

    async def hear(
        self, content: str, *, refused: Exception | None = None, files: Sequence[Any] = ()
    ) -> list[str]:
        """Let somebody write, and return what they are told at once."""
        message: Any = MagicMock(
            id=1,
            content=content,
            channel=SimpleNamespace(id=CHANNEL),
            role_mentions=[],
            mention_everyone=False,
            reference=None,
            author=SimpleNamespace(id=1, bot=False, display_name="ana"),
            webhook_id=None,
            type=discord.MessageType.default,
            message_snapshots=[],
            attachments=files,
            mentions=[SimpleNamespace(id=BOT, display_name="Bot")] * ("<@99>" in content),
            reply=AsyncMock(side_effect=refused),
        )
        await self.chat.on_message(message)
        return [call.args[0] for call in message.reply.await_args_list]


def limiter(capacity: int) -> RateLimiter:
    clock = asyncio.get_running_loop().time
    return RateLimiter(capacity=capacity, refill_per_second=0.01, clock=clock, max_keys=10)


async def test_a_mention_is_taken() -> None:
    stage = Stage()
    assert await stage.hear("<@99> hello") == []
    assert [message.text for message in stage.taken] == ["hello"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("<@99>", NO_TEXT), ("<@99> " + "x" * (LONGEST + 1), TOO_LONG)],
    ids=["empty", "too long"],
)
async def test_what_cannot_be_answered_is_told_once(content: str, sentence: str) -> None:
    stage = Stage()
    assert await stage.hear(content) == [sentence]
    assert await stage.hear(content) == []
    assert stage.taken == []


def attached(name: str, kind: str) -> Any:
    return SimpleNamespace(filename=name, content_type=kind, url=f"https://x/{name}", size=3)


async def test_a_text_file_alone_is_a_question_and_another_file_is_not() -> None:
    stage = Stage()
    assert await stage.hear("<@99>", files=[attached("a.txt", "text/plain; charset=utf-8")]) == []
    assert [file.name for message in stage.taken for file in message.files] == ["a.txt"]
    assert await stage.hear("<@99>", files=[attached("a.zip", "application/zip")]) == [NOT_TEXT]
    assert len(stage.taken) == 1


async def test_the_longest_message_is_taken() -> None:
    stage = Stage()
    await stage.hear("<@99> " + "x" * LONGEST)
    assert len(stage.taken[0].text) == LONGEST


async def test_somebody_too_fast_is_told_how_long_to_wait() -> None:
    stage = Stage(burst=1)
    await stage.hear("<@99> one")
    assert "Please wait" in (await stage.hear("<@99> two"))[0]
    assert len(stage.taken) == 1


@pytest.mark.parametrize("refused", [FORBIDDEN, aiohttp.ServerDisconnectedError(), OSError("no")])
async def test_a_place_that_refuses_a_notice_is_no_error(refused: Exception) -> None:
    await Stage().hear("<@99>", refused=refused)


async def test_a_question_too_long_is_refused() -> None:
    stage = Stage()
    interaction: Any = MagicMock(user=SimpleNamespace(id=1))
    interaction.response.send_message = AsyncMock()
    await Chat.ask.callback(stage.chat, interaction, "x" * (LONGEST + 1))  # type: ignore[arg-type, call-arg]
    assert interaction.response.send_message.await_args.args == (TOO_LONG,)
    stage.conversations.submit.assert_not_called()


@pytest.mark.parametrize("held", [True, False])
async def test_an_edit_reaches_the_message_held_or_its_answer(held: bool) -> None:
    stage = Stage()
    stage.batcher.revise.return_value = held
    data = {"content": "<@99> new words", "edited_timestamp": "2026"}
    await stage.chat.on_raw_message_edit(SimpleNamespace(data=data, message_id=5, channel_id=6))  # type: ignore[arg-type]
    stage.batcher.revise.assert_called_once_with(5, "new words")
    assert stage.conversations.revise.call_args_list == ([] if held else [call(6, 5, "new words")])


async def test_an_event_that_is_no_edit_is_left_alone() -> None:
    stage = Stage()
    data: dict[str, Any] = {"content": "<@99> same", "edited_timestamp": None}
    await stage.chat.on_raw_message_edit(SimpleNamespace(data=data, message_id=5, channel_id=6))  # type: ignore[arg-type]
    stage.batcher.revise.assert_not_called()


async def test_messages_deleted_alone_or_in_bulk_are_answered_no_more() -> None:
    stage = Stage()
    await stage.chat.on_raw_message_delete(SimpleNamespace(message_id=5, channel_id=6))  # type: ignore[arg-type]
    bulk: Any = SimpleNamespace(message_ids={7, 8}, channel_id=6)
    await stage.chat.on_raw_bulk_message_delete(bulk)
    assert {each.args[0] for each in stage.batcher.discard.call_args_list} == {5, 7, 8}
    assert stage.conversations.withdraw.call_args_list == [call(6, {5}), call(6, {7, 8})]


async def test_free_chat_needs_no_mention() -> None:
    stage, other = Stage(free_channels={CHANNEL}), Stage(free_channels={8})
    for content in ("hello", "!play", "", "🎉"):
        assert await stage.hear(content) == await other.hear(content) == []
    assert [message.text for message in stage.taken] == ["hello"]
    assert other.taken == []


async def test_a_person_on_the_list_is_told_once_when_they_ask_and_never_in_free_chat() -> None:
    stage = Stage(denied_users={1}, free_channels={CHANNEL})
    assert await stage.hear("hello") == []
    assert await stage.hear("<@99> hello") == [REFUSALS[Access.WRONG_PERSON]]
    assert await stage.hear("<@99> hello?") == []
    assert stage.taken == []


async def test_a_channel_on_the_list_is_met_with_silence() -> None:
    stage = Stage(denied_channels={CHANNEL})
    assert await stage.hear("<@99> hello") == await stage.hear("<@99>") == []
    assert stage.taken == []


@pytest.mark.parametrize("comes", [True, False])
async def test_an_answer_is_spoken_where_the_bot_comes_for_it(comes: bool) -> None:
    stage = Stage()
    stage.summon.return_value = comes
    member = MagicMock(spec=discord.Member)
    assert stage.chat._speaks(CHANNEL, member) is comes
    stage.summon.assert_called_once_with(member, CHANNEL)
    assert not stage.chat._speaks(None, member)
    assert not stage.chat._speaks(CHANNEL, MagicMock(spec=discord.User))


@pytest.mark.parametrize("content", ["", "<@99>"])
async def test_a_message_whose_words_are_gone_is_answered_no_more(content: str) -> None:
    stage = Stage()
    data: dict[str, Any] = {"content": content, "edited_timestamp": "2026"}
    await stage.chat.on_raw_message_edit(SimpleNamespace(data=data, message_id=5, channel_id=6))  # type: ignore[arg-type]
    stage.batcher.discard.assert_called_once_with(5)
    stage.conversations.withdraw.assert_called_once_with(6, {5})
    stage.conversations.revise.assert_not_called()
    data["attachments"] = [{"id": "1"}]
    await stage.chat.on_raw_message_edit(SimpleNamespace(data=data, message_id=7, channel_id=6))  # type: ignore[arg-type]
    stage.batcher.revise.assert_called_once_with(7, "")
    stage.batcher.discard.assert_called_once_with(5)
