"""Turns that change while they are answered: edits, deletions, further messages."""

import asyncio
import logging
from dataclasses import replace

import pytest

from services.conversation import RESTARTS, WAITING_SIGN
from services.core.errors import ProviderConnectionError
from services.core.types import IncomingMessage, Quote, UserTurn
from tests.services.chat_fakes import FakeChannel, ScriptedLLM, message, now, words
from tests.services.test_conversations import Bot, running

pytestmark = pytest.mark.virtual_time

OLD = words("one two three four five six seven eight nine ten")
NEW = words("All new words.")
BEFORE, AFTER = 0.25, 0.55
"""Seconds after the question: before and after the first text is shown."""


def changed(bot: Bot, text: str, *, id: int = 1) -> None:
    bot.conversations.revise(100, id, text)


def deleted(bot: Bot, *ids: int) -> None:
    bot.conversations.withdraw(100, set(ids))


def kinds(channel: FakeChannel) -> list[str]:
    return [kind for _, kind, _, _ in channel.events if kind not in ("mark", "unmark")]


async def test_a_question_edited_before_the_first_text_is_answered_as_it_reads_now() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        channel = bot.ask()
        await asyncio.sleep(BEFORE)
        changed(bot, "What else?")
        await asyncio.sleep(3)
        assert bot.told(1) == ["What else?"]
        assert channel.texts == ["All new words."]
        assert not any("one" in text for _, _, _, text in channel.events)
        assert bot.kept == ["What else?", "All new words."]
        assert bot.llm.closed == 2


async def test_a_question_edited_later_is_answered_in_the_same_message() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        channel = bot.ask()
        await asyncio.sleep(AFTER)
        assert channel.texts
        changed(bot, "What else?")
        await asyncio.sleep(3)
        assert channel.texts == ["All new words."]
        assert kinds(channel).count("send") == 1
        assert bot.kept == ["What else?", "All new words."]


async def test_one_turn_is_one_line_in_the_log_and_one_in_the_statistics(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        with caplog.at_level(logging.INFO):
            bot.ask()
            await asyncio.sleep(AFTER)
            changed(bot, "What else?")
            await asyncio.sleep(3)
        [line] = [record.getMessage() for record in caplog.records if record.name == "turn"]
        assert "restarts=1" in line
        assert "ttft=650" in line
        assert bot.statistics.turns == 1


async def test_an_edit_that_reads_the_same_or_comes_too_late_changes_nothing() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        bot.ask()
        await asyncio.sleep(AFTER)
        changed(bot, "Question 1.")
        changed(bot, "Of nobody.", id=9)
        await asyncio.sleep(3)
        changed(bot, "What else?")
        await asyncio.sleep(3)
        assert len(bot.llm.contexts) == 1


async def test_a_waiting_question_is_edited_in_line() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        bot.ask(id=1)
        await asyncio.sleep(AFTER)
        bot.ask(id=2)
        changed(bot, "What else?", id=2)
        await asyncio.sleep(3)
        assert bot.told(1)[-1] == "What else?"
        assert len(bot.llm.contexts) == 2


async def test_somebody_who_edits_for_ever_gets_an_answer_in_the_end() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        bot.ask()
        for number in range(20):
            await asyncio.sleep(BEFORE)
            changed(bot, f"Version {number}")
        await asyncio.sleep(3)
        assert len(bot.llm.contexts) == 1 + RESTARTS
        assert bot.kept[0] == "Version 6"


async def test_an_edit_is_answered_where_the_first_version_failed() -> None:
    broken = [*words("one two three four"), (0.1, ProviderConnectionError("no"))]
    async with running(ScriptedLLM(broken, NEW)) as bot:
        channel = bot.ask()
        channel.latency = 0.2
        await asyncio.sleep(0.65)
        changed(bot, "What else?")
        await asyncio.sleep(3)
        assert channel.texts == ["All new words."]
        assert bot.statistics.errors == 0


async def test_a_long_answer_gives_up_its_further_messages() -> None:
    long = [(0.1, "word " * 300), (0.5, "word " * 300), *words("more and more and more words")]
    async with running(ScriptedLLM(long, NEW)) as bot:
        channel = bot.ask()
        await asyncio.sleep(1.0)
        assert len(channel.texts) == 2
        changed(bot, "What else?")
        await asyncio.sleep(3)
        assert channel.texts == ["All new words."]
        assert list(channel.messages) == [1001]


async def test_an_old_text_never_stands_beside_the_new_one_for_want_of_an_edit() -> None:
    async with running(ScriptedLLM(OLD, OLD, OLD, NEW)) as bot:
        channel = bot.ask()
        for number in range(RESTARTS):
            await asyncio.sleep(0.9)
            changed(bot, f"Version {number}")
        await asyncio.sleep(9)
        assert channel.texts == ["All new words."]


async def test_a_spoken_answer_falls_silent_and_is_spoken_anew() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        channel = bot.ask(speak=True)
        await asyncio.sleep(5)
        assert channel.texts == ["one two three four five six seven eight nine ten"]
        changed(bot, "What else?")
        await asyncio.sleep(3)
        assert [speech.stopped for speech in bot.speeches] == [True, False]
        assert bot.speeches[1].pushed.strip() == "All new words."
        assert channel.texts == ["All new words."]
        await asyncio.sleep(30)
        assert bot.kept == ["What else?", "All new words."]


@pytest.mark.parametrize("seconds", [0.0, BEFORE, AFTER])
async def test_a_deleted_question_takes_its_unfinished_answer_with_it(seconds: float) -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        channel = bot.ask(speak=True)
        await asyncio.sleep(seconds)
        deleted(bot, 1)
        await asyncio.sleep(3)
        assert channel.texts == []
        assert bot.kept == []
        assert bot.llm.running == 0
        assert all(speech.stopped for speech in bot.speeches)
        assert bot.statistics.turns == 1


async def test_a_complete_answer_outlives_its_question() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        channel = bot.ask()
        await asyncio.sleep(3)
        deleted(bot, 1)
        assert len(channel.texts) == 1
        assert len(bot.kept) == 2


async def test_a_deleted_question_leaves_the_line() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        bot.ask(id=1)
        await asyncio.sleep(AFTER)
        second, third = bot.ask(id=2), bot.ask(id=3)
        deleted(bot, 2)
        await asyncio.sleep(5)
        assert second.texts == []
        assert third.texts == ["All new words."]
        assert len(bot.llm.contexts) == 2


async def test_what_is_left_of_a_turn_is_answered() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        channel = FakeChannel()
        asked = UserTurn("t1", (message("Keep this.", id=1), message("Not this.", id=2)))
        bot.conversations.submit(asked, channel=channel)
        await asyncio.sleep(BEFORE)
        deleted(bot, 2, 3)
        await asyncio.sleep(3)
        assert bot.told(1) == ["Keep this."]
        assert list(channel.replies.values()) == [1]


async def test_a_further_message_joins_until_something_is_shown() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        first = bot.ask(id=1)
        await asyncio.sleep(BEFORE)
        second = bot.ask(id=2)
        await asyncio.sleep(3)
        assert bot.told(1) == ["Question 1.\nQuestion 2."]
        assert first.texts == ["All new words."]
        assert list(first.replies.values()) == [2]
        assert second.events == []
        assert bot.taken == [True, True]
        assert bot.kept == ["Question 1.", "Question 2.", "All new words."]
        assert bot.statistics.turns == 1
        assert first.typing_spans == [[0.0, pytest.approx(BEFORE + 0.3)]]


async def test_a_message_after_the_first_text_waits_under_a_sign() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        bot.ask(id=1)
        await asyncio.sleep(AFTER)
        second = bot.ask(id=2)
        await asyncio.sleep(3)
        signs = [(at, kind, id) for at, kind, id, text in second.events if text == WAITING_SIGN]
        assert signs == [(AFTER, "mark", 2), (pytest.approx(1.0), "unmark", 2)]


async def test_a_sign_that_is_not_allowed_is_no_error() -> None:
    async with running(ScriptedLLM(OLD, NEW)) as bot:
        bot.ask(id=1)
        await asyncio.sleep(AFTER)
        second = bot.ask(id=2)
        second.mark_error = PermissionError("no")
        await asyncio.sleep(3)
        assert second.texts == ["All new words."]
        assert len(second.typing_spans) == 1


async def test_the_end_of_the_bot_leaves_no_sign_behind() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        bot.ask(id=1)
        await asyncio.sleep(AFTER)
        second = bot.ask(id=2)
        second.sign_latency = 0.5
        await asyncio.sleep(0.1)
    assert [kind for _, kind, _, _ in second.events if "mark" in kind] == ["mark", "unmark"]


async def test_somebody_who_goes_on_and_on_is_answered_in_the_end() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        channels = []
        for number in range(1, RESTARTS + 3):
            channels.append(bot.ask(id=number))
            await asyncio.sleep(BEFORE)
        await asyncio.sleep(5)
        assert [bool(channel.texts) for channel in channels] == [True, False, False, False, True]


@pytest.mark.parametrize("id", [0, 2])
async def test_voice_and_other_places_never_join(id: int) -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        bot.ask(id=1)
        await asyncio.sleep(BEFORE)
        other = FakeChannel()
        other.rate_key = "channel-100" if id == 0 else "webhook-2"
        bot.conversations.submit(UserTurn("t2", (message("And?", id=id),)), channel=other)
        await asyncio.sleep(5)
        assert other.texts
        assert len(bot.llm.contexts) == 2


async def test_what_was_heard_is_not_begun_anew() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        bot.ask(id=1, speak=True)
        await asyncio.sleep(BEFORE)
        bot.metrics[-1].mark("ttfa")
        second = bot.ask(id=2)
        await asyncio.sleep(30)
        assert second.texts
        assert not bot.speeches[0].stopped


async def test_a_stop_is_stronger_than_an_edit() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        channel = bot.ask()
        await asyncio.sleep(AFTER)
        changed(bot, "What else?")
        bot.conversations.stop_author(100, 7)
        changed(bot, "What now?")
        await asyncio.sleep(3)
        assert channel.texts == ["*(stopped)*"]
        assert len(bot.llm.contexts) == 1
        assert now() < 5


async def test_the_end_comes_during_a_restart() -> None:
    bot = Bot(ScriptedLLM(OLD))
    channel = bot.ask()
    await asyncio.sleep(AFTER)
    changed(bot, "What else?")
    await bot.conversations.aclose()
    assert channel.texts == ["*(stopped)*"]
    assert bot.kept == []


def about(bot: Bot, asked: IncomingMessage) -> FakeChannel:
    channel = FakeChannel()
    bot.conversations.submit(UserTurn("t1", (asked,)), channel=channel)
    return channel


@pytest.mark.parametrize("seconds", [0.0, BEFORE, AFTER])
async def test_nothing_is_kept_of_an_answer_about_a_message_deleted_meanwhile(
    seconds: float,
) -> None:
    quoting = replace(message("And?"), quote=Quote("ben", "my secret", 55, 8))
    repeating = replace(message("> my secret\nExplain this."), about=(8, 55))
    for asked in (quoting, repeating):
        async with running(ScriptedLLM(OLD)) as bot:
            channel = about(bot, asked)
            await asyncio.sleep(seconds)
            deleted(bot, 55)
            await asyncio.sleep(3)
            assert len(channel.texts) == 1, "its asker has it"
            assert bot.kept == []


async def test_a_question_that_repeats_a_message_edited_meanwhile_is_not_kept() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        about(bot, replace(message("> my secret\nExplain this."), about=(8, 55)))
        await asyncio.sleep(AFTER)
        changed(bot, "nothing", id=55)
        await asyncio.sleep(3)
        assert bot.kept == []
        about(bot, replace(message("And?"), quote=Quote("ben", "words", 55, 8)))
        await asyncio.sleep(AFTER)
        changed(bot, "other words", id=55)
        await asyncio.sleep(3)
        assert len(bot.kept) == 2, "an answer made from it stays"
        assert len(bot.llm.contexts) == 2


async def test_what_a_stopped_answer_repeats_of_a_deleted_message_is_not_kept() -> None:
    async with running(ScriptedLLM(OLD)) as bot:
        channel = FakeChannel()
        asked = UserTurn("t1", (message("Keep this.", id=1), message("Not this.", id=2)))
        bot.conversations.submit(asked, channel=channel)
        await asyncio.sleep(AFTER)
        channel.latency = 0.2
        bot.conversations.stop_author(100, 7)
        await asyncio.sleep(0.1)
        deleted(bot, 2)
        await asyncio.sleep(3)
        assert bot.kept == []


async def test_an_edit_while_files_are_read_is_kept_even_where_it_is_one_too_many() -> None:
    async def read(turn: UserTurn) -> UserTurn:
        await asyncio.sleep(1)
        return turn

    async with running(ScriptedLLM(OLD)) as bot:
        bot.conversations._read = read
        bot.ask()
        for number in range(RESTARTS + 1):
            await asyncio.sleep(BEFORE)
            changed(bot, f"Version {number}")
        await asyncio.sleep(5)
        assert bot.kept[0] == f"Version {RESTARTS}"
