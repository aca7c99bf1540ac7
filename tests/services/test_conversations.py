import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.channel_pacer import ChannelPacers
from services.chatter import CLOSED, STOPPED
from services.conversation import RUNNING, WAITING, WAITING_OF_ONE
from services.conversations import Conversations
from services.core.errors import BusyError, ProviderConnectionError, StorageError
from services.core.metrics import TurnMetrics, TurnStatistics
from services.core.protocols import Speech
from services.core.types import ChatDelta, HistoryEntry, Quote, TokenUsage, UserTurn
from services.daily_budget import DailyBudget
from services.limits import DailyShares, Limits
from services.mind import Mind
from services.rate_limiter import RateLimiter
from tests.services.chat_fakes import (
    FakeChannel,
    FakeSpeech,
    MemoryHistory,
    ScriptedLLM,
    as_it_is,
    now,
    plain_context,
    turn,
    words,
)

pytestmark = pytest.mark.virtual_time

KEY = "channel-100"


def limits(shares: DailyShares) -> Limits:
    def wide() -> RateLimiter:
        return RateLimiter(capacity=1000, refill_per_second=1.0, clock=now, max_keys=10)

    budget = DailyBudget(Path("never-written.json"), clock=lambda: 1_800_014_400.0)
    return Limits(channels=wide(), guilds=wide(), budget=budget, shares=shares)


class Bot:
    def __init__(
        self,
        llm: ScriptedLLM,
        *,
        max_active: int = 100,
        buttons: bool = True,
        shares: DailyShares | None = None,
        history: MemoryHistory | None = None,
        mind: Mind | None = None,
    ) -> None:
        self.llm = llm
        self.history = history or MemoryHistory()
        self.opted_out: set[int] = set()
        self.statistics = TurnStatistics()
        self.speeches: list[FakeSpeech] = []
        self.metrics: list[TurnMetrics] = []
        self.taken: list[bool] = []
        self.conversations = Conversations(
            llm=llm,
            read=as_it_is,
            build_context=plain_context,
            mind=mind or Mind(summaries=None, profiles=None, personas=None),
            history=self.history,
            history_limit=10,
            opted_out=self.opted_out.__contains__,
            limits=limits(shares or DailyShares()),
            statistics=self.statistics,
            pacers=ChannelPacers(),
            open_speech=self._open_speech,
            explain=str,
            count=len,
            streaming=True,
            interval=1.0,
            typing_pacer=None,
            buttons=buttons,
            max_active=max_active,
        )

    def _open_speech(self, turn: UserTurn, metrics: TurnMetrics) -> Speech | None:
        self.metrics.append(metrics)
        self.speeches.append(FakeSpeech(seconds=20.0))
        return self.speeches[-1]

    def ask(self, author: int = 7, *, id: int = 1, speak: bool = False) -> FakeChannel:
        channel = FakeChannel()
        asked = turn(f"Question {id}.", author=author, id=id, speak=speak)
        self.taken.append(self.conversations.submit(asked, channel=channel))
        return channel

    def told(self, index: int) -> list[str]:
        return [message.content for message in self.llm.contexts[index].messages]

    @property
    def kept(self) -> list[str]:
        return [entry.text for entry in self.history.kept.get(KEY, [])]


@asynccontextmanager
async def running(
    script: ScriptedLLM, *, max_active: int = 100, buttons: bool = True
) -> AsyncIterator[Bot]:
    bot = Bot(script, max_active=max_active, buttons=buttons)
    yield bot
    await bot.conversations.aclose()


async def test_a_turn_is_answered_and_kept() -> None:
    async with running(ScriptedLLM(words("one two three"))) as bot:
        channel = bot.ask()
        await asyncio.sleep(2)
        assert channel.texts == ["one two three"]
        assert bot.kept == ["Question 1.", "one two three"]
        assert bot.taken == [True]
        assert bot.statistics.turns == 1
        assert bot.conversations.stop_guild(5) == 0


async def test_typing_is_shown_at_once_and_until_the_first_text() -> None:
    async with running(ScriptedLLM(words("one two three"))) as bot:
        channel = bot.ask()
        await asyncio.sleep(2)
        assert channel.typing_spans == [[0.0, pytest.approx(0.3)]]


async def test_one_author_is_answered_one_turn_after_the_other() -> None:
    async with running(ScriptedLLM(words("one two three four five"), words("two"))) as bot:
        bot.ask(id=1)
        await asyncio.sleep(0.41)
        bot.ask(id=2)
        await asyncio.sleep(2)
        assert bot.llm.most_running == 1
        assert bot.told(1) == ["Question 1.", "one two three four five", "Question 2."]


async def test_three_authors_are_answered_at_once_and_the_fourth_waits() -> None:
    async with running(ScriptedLLM(words("one two three"))) as bot:
        channels = [bot.ask(author, id=author) for author in range(4)]
        await asyncio.sleep(5)
        assert bot.llm.most_running == 3
        assert all(channel.texts == ["one two three"] for channel in channels)
        assert len(bot.told(3)) > 1


async def test_one_turn_too_many_is_refused_in_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="turn")
    async with running(ScriptedLLM(words("one"))) as bot:
        channels = [bot.ask(number, id=number) for number in range(1, RUNNING + WAITING + 2)]
        await asyncio.sleep(30)
        assert channels[-1].texts == [BusyError.user_message]
        assert all(channel.texts == ["one"] for channel in channels[:-1])
    records = [record.getMessage() for record in caplog.records if record.name == "turn"]
    assert len(records) == len(channels)
    assert [record.endswith("error=BusyError") for record in records].count(True) == 1


async def test_somebody_with_too_many_turns_is_told_so_once_and_keeps_nobody_waiting() -> None:
    async with running(ScriptedLLM(words("one two three four five"))) as bot:
        channels = [bot.ask(1, id=1)]
        await asyncio.sleep(0.41)
        channels += [bot.ask(1, id=number) for number in range(2, 30)]
        other = bot.ask(2, id=30)
        await asyncio.sleep(1.0)
        assert other.texts == ["one two three four five"]
        await asyncio.sleep(60)
        refused = [channel for channel in channels if channel.texts == [BusyError.user_message]]
        answered = [channel for channel in channels if channel.texts and channel not in refused]
        assert len(answered) == WAITING_OF_ONE + 1
        assert len(refused) == 1


async def test_one_conversation_too_many_is_refused_in_words() -> None:
    async with running(ScriptedLLM(words("one")), max_active=0) as bot:
        channel = FakeChannel()
        assert not bot.conversations.submit(turn(), channel=channel)
        await asyncio.sleep(1)
        assert channel.texts == [BusyError.user_message]


async def test_a_failed_turn_leaves_the_conversation_usable() -> None:
    script = ScriptedLLM([(0.1, ProviderConnectionError("no"))], words("two"))
    async with running(script) as bot:
        bot.ask(id=1)
        await asyncio.sleep(0.5)
        bot.ask(id=2)
        await asyncio.sleep(2)
        assert bot.kept == ["Question 2.", "two"]
        assert bot.statistics.errors == 1


async def test_an_author_stops_their_own_turns_only() -> None:
    async with running(ScriptedLLM(words("one two three four five six seven"))) as bot:
        mine, other = bot.ask(1, id=1), bot.ask(2, id=3)
        await asyncio.sleep(0.41)
        waiting = bot.ask(1, id=2)
        await asyncio.sleep(0.14)
        assert bot.conversations.stop_author(100, 1) == 2
        await asyncio.sleep(3)
        assert mine.texts == [f"one two three four five {STOPPED}"]
        assert waiting.texts == [STOPPED]
        assert other.texts == ["one two three four five six seven"]


async def test_a_guild_is_stopped_whole() -> None:
    async with running(ScriptedLLM(words("one two three four"))) as bot:
        bot.ask(1, id=1)
        bot.ask(2, id=2)
        await asyncio.sleep(0.25)
        assert bot.conversations.stop_guild(6) == 0
        assert bot.conversations.stop_guild(5) == 2
        await asyncio.sleep(3)
        assert bot.kept == ["Question 1.", "one two", "Question 2.", "one two"]


async def test_a_reset_forgets_what_was_kept_and_what_is_being_written() -> None:
    async with running(ScriptedLLM(words("one two three four"))) as bot:
        bot.ask(id=1)
        await asyncio.sleep(2)
        bot.ask(id=2)
        await asyncio.sleep(0.25)
        assert await bot.conversations.reset(100) == 2
        await asyncio.sleep(2)
        assert bot.kept == []
        assert await bot.conversations.reset(999) == 0


async def test_the_next_turn_need_not_wait_for_the_speech_and_sees_its_text() -> None:
    async with running(ScriptedLLM(words("one"), words("two"))) as bot:
        bot.ask(id=1, speak=True)
        await asyncio.sleep(2)
        second = bot.ask(id=2)
        await asyncio.sleep(2)
        assert second.texts == ["two"]
        assert bot.told(1) == ["Question 1.", "one", "Question 2."]
        await asyncio.sleep(30)
        assert sorted(bot.kept) == ["Question 1.", "Question 2.", "one", "two"]


async def test_no_text_waits_for_speech_however_many_replies_are_spoken() -> None:
    async with running(ScriptedLLM(words("one"))) as bot:
        channels = [bot.ask(author, id=author, speak=True) for author in range(1, 3 * RUNNING)]
        await asyncio.sleep(2)
        assert all(channel.texts == ["one"] for channel in channels)


async def test_a_speech_is_stopped_after_its_text_is_done() -> None:
    async with running(ScriptedLLM(words("one two"))) as bot:
        bot.ask(speak=True)
        await asyncio.sleep(2)
        assert bot.conversations.stop_author(100, 7) == 1
        await asyncio.sleep(0.01)
        assert bot.speeches[0].stopped
        assert bot.kept == ["Question 1.", "one t"]


async def test_a_store_that_fails_does_not_harm_the_conversation() -> None:
    class Full(MemoryHistory):
        async def append(self, conversation: str, entries: Sequence[HistoryEntry]) -> None:
            raise StorageError("disk full")

    bot = Bot(ScriptedLLM(words("one")))
    bot.conversations._history = Full()
    first = bot.ask(id=1)
    await asyncio.sleep(1)
    second = bot.ask(id=2)
    await asyncio.sleep(1)
    assert first.texts == second.texts == ["one"]
    await bot.conversations.aclose()


async def test_the_end_leaves_every_text_marked_and_takes_no_more() -> None:
    bot = Bot(ScriptedLLM(words("one two three four")))
    channel = bot.ask()
    await asyncio.sleep(0.25)
    await bot.conversations.aclose()
    assert now() == pytest.approx(0.25)
    assert channel.texts == [f"one two {STOPPED}"]
    assert bot.kept == ["Question 1.", "one two"]
    late = bot.ask()
    await asyncio.sleep(1)
    await bot.conversations.aclose()
    assert late.texts == []


async def test_a_turn_during_the_end_is_refused_in_words() -> None:
    bot = Bot(ScriptedLLM(words("one two three four")))
    channel = bot.ask()
    channel.latency = 1.0
    await asyncio.sleep(0.35)
    async with asyncio.TaskGroup() as group:
        group.create_task(bot.conversations.aclose())
        await asyncio.sleep(0.1)
        late = bot.ask()
    assert late.texts == [CLOSED]


async def test_the_end_is_bounded() -> None:
    bot = Bot(ScriptedLLM(words("one two three four")))
    channel = bot.ask()
    channel.latency = 100.0
    await asyncio.sleep(1)
    await bot.conversations.aclose()
    assert now() == pytest.approx(5.0)


async def test_a_message_joins_no_answer_whose_post_is_on_its_way() -> None:
    """discord.py returns from a post that uses up its window seconds after everybody saw it."""
    async with running(ScriptedLLM(words("one"))) as bot:
        first = FakeChannel()
        first.latency = 5.0
        bot.conversations.submit(turn("First.", id=1), channel=first)
        await asyncio.sleep(1.0)
        second = bot.ask(id=2)
        await asyncio.sleep(20.0)
    assert first.texts == second.texts == ["one"]
    assert len(bot.llm.contexts) == 2


async def test_one_reply_of_two_is_stopped() -> None:
    async with running(ScriptedLLM(words("one two three four five six"))) as bot:
        first, second = bot.ask(author=7, id=1), bot.ask(author=8, id=2)
        await asyncio.sleep(0.5)
        assert bot.conversations.is_writing(100, 1)
        assert not bot.conversations.is_writing(101, 1)
        assert bot.conversations.stop_reply(100, 1) == 1
        await asyncio.sleep(2)
        assert first.texts[0].endswith(STOPPED)
        assert second.texts == ["one two three four five six"]
        assert bot.conversations.stop_reply(100, 1) == 0
        assert not bot.conversations.is_writing(100, 2)


async def test_an_answer_whose_end_is_on_its_way_is_not_being_written() -> None:
    """discord.py returns from an edit that uses up its window seconds after everybody saw it."""
    async with running(ScriptedLLM(words("one"), words("two"))) as bot:
        first = FakeChannel()
        first.latency = 5.0
        bot.conversations.submit(turn("First.", id=1), channel=first)
        await asyncio.sleep(1.0)
        assert not bot.conversations.is_writing(100, 1)
        again = bot.ask(id=1)
        assert bot.conversations.is_writing(100, 1)
        await asyncio.sleep(20.0)
    assert (first.texts, again.texts) == (["one"], ["two"])


async def test_a_question_asked_again_does_not_see_its_old_answer() -> None:
    async with running(ScriptedLLM(words("blue"), words("green"), words("red"))) as bot:
        for author, id in ((7, 1), (7, 1), (8, 2)):
            bot.ask(author=author, id=id)
            await asyncio.sleep(2)
        assert bot.told(1) == ["Question 1."]
        assert bot.told(2) == ["Question 1.", "green", "Question 2."]
        assert bot.kept.count("Question 1.") == 2


async def test_a_message_is_found_again_even_while_its_answer_is_spoken() -> None:
    async with running(ScriptedLLM(words("one two"))) as bot:
        bot.ask(speak=True)
        await asyncio.sleep(2)
        assert bot.conversations.is_speaking(100, 1)
        answer = await bot.conversations.recall(100, 1001)
        assert answer is not None
        assert (answer.role, answer.text) == ("assistant", "one two")
        await asyncio.sleep(30)
        assert not bot.conversations.is_speaking(100, 1)
        question = await bot.conversations.recall(100, 1)
        assert question is not None
        assert question.text == "Question 1."
        assert await bot.conversations.recall(100, 5) is None


async def test_without_buttons_there_are_none() -> None:
    async with running(ScriptedLLM(words("one two")), buttons=False) as bot:
        channel = bot.ask()
        await asyncio.sleep(2)
        assert channel.buttons == {}


async def test_a_person_whose_share_of_the_day_is_spent_is_told_so_once() -> None:
    usage = ChatDelta(usage=TokenUsage(90, 10))
    bot = Bot(ScriptedLLM([(0.1, "Yes."), (0.0, usage)]), shares=DailyShares(user_tokens=100))
    bot.ask(id=1)
    await asyncio.sleep(1)
    refused = bot.ask(id=2)
    bot.ask(id=3)
    other = bot.ask(author=8, id=4)
    await asyncio.sleep(1)
    assert refused.texts == [
        "You have used up your share of answers for today; it starts anew in 12 h."
    ]
    assert other.texts == ["Yes."]
    assert len(bot.llm.contexts) == 2
    await bot.conversations.aclose()


async def test_a_model_that_is_away_costs_nobody_their_share() -> None:
    gone = (0.1, ProviderConnectionError("gone"))
    script = ScriptedLLM([gone], [gone], [(0.1, "Yes.")])
    bot = Bot(script, shares=DailyShares(user_tokens=15))
    for number in (1, 2):
        bot.ask(id=number)
        await asyncio.sleep(2)
    answered = bot.ask(id=3)
    await asyncio.sleep(2)
    assert answered.texts == ["Yes."]
    await bot.conversations.aclose()


@pytest.mark.parametrize("stops", [True, False])
async def test_what_was_written_counts_where_the_server_does_not_say(stops: bool) -> None:
    bot = Bot(ScriptedLLM(words("word " * 20)), shares=DailyShares(user_tokens=60))
    bot.ask(id=1)
    await asyncio.sleep(1.55)
    assert bot.conversations.stop_author(100, 7 if stops else 8) == stops
    await asyncio.sleep(3)
    refused = bot.ask(id=2)
    await asyncio.sleep(3)
    assert refused.texts[0].startswith("You have used up your share")
    await bot.conversations.aclose()


async def test_an_answer_that_was_begun_anew_counts_as_two() -> None:
    bot = Bot(ScriptedLLM(words("one two three four five")), shares=DailyShares(user_tokens=20))
    bot.ask(id=1)
    await asyncio.sleep(0.45)
    bot.conversations.revise(100, 1, "What else?")
    await asyncio.sleep(3)
    used = bot.conversations._limits._budget.used("tokens of user 7")
    assert used == 10 + len("one two three four ") + 10 + len("one two three four five ")
    await bot.conversations.aclose()


async def test_where_the_days_speech_is_spent_the_answer_is_written_and_says_so() -> None:
    bot = Bot(ScriptedLLM(words("one")), shares=DailyShares(user_speech=10.0))
    spoken = bot.ask(id=1, speak=True)
    await asyncio.sleep(30)
    written = bot.ask(id=2, speak=True)
    await asyncio.sleep(1)
    assert spoken.texts == ["one"]
    assert written.texts[0].startswith("one\n-# Today's speech is used up")
    assert len(bot.speeches) == 1
    await bot.conversations.aclose()


async def test_nothing_is_kept_of_those_who_opted_out_nor_shown_to_others() -> None:
    async with running(ScriptedLLM(words("one"), words("two"))) as bot:
        bot.opted_out.add(7)
        assert bot.ask(author=7, id=1, speak=True).texts == []
        await asyncio.sleep(2)
        bot.ask(author=8, id=2)
        await asyncio.sleep(30)
        assert bot.told(1) == ["Question 2."]
        assert bot.kept == ["Question 2.", "two"]


async def test_what_is_asked_about_the_words_of_somebody_who_opted_out_is_not_kept() -> None:
    async with running(ScriptedLLM(words("one"))) as bot:
        bot.opted_out.add(9)
        asked = replace(turn().first, quote=Quote("ben", "words", 55, 9))
        bot.conversations.submit(UserTurn("t", (asked,)), channel=FakeChannel())
        await asyncio.sleep(2)
        assert bot.statistics.turns == 1
        assert bot.kept == []


async def test_a_person_disowned_while_answered_leaves_nothing_and_others_go_on() -> None:
    async with running(ScriptedLLM(words("one two three four"))) as bot:
        mine, others = bot.ask(author=7, id=1), bot.ask(author=8, id=2)
        about = replace(turn(author=9, id=4).first, about=(7, 55))
        bot.conversations.submit(UserTurn("t4", (about,)), channel=FakeChannel())
        await asyncio.sleep(0.25)
        assert bot.conversations.disown_person(7) == 2
        await asyncio.sleep(2)
        assert mine.texts == [f"one two {STOPPED}"]
        assert others.texts == ["one two three four"]
        assert bot.kept == ["Question 2.", "one two three four"]


@pytest.mark.parametrize("where", ["channel", "guild"])
async def test_a_place_that_is_gone_leaves_nothing_of_what_is_written_there(where: str) -> None:
    async with running(ScriptedLLM(words("one two three four"))) as bot:
        bot.ask()
        await asyncio.sleep(0.25)
        assert bot.conversations.disown_channel(101) == bot.conversations.disown_guild(6) == 0
        channel = where == "channel"
        disown = bot.conversations.disown_channel if channel else bot.conversations.disown_guild
        assert disown(100 if channel else 5) == 1
        await asyncio.sleep(2)
        assert bot.kept == []


class SlowHistory(MemoryHistory):
    """Write as a slow disk does."""

    async def append(self, conversation: str, entries: Sequence[HistoryEntry]) -> None:
        await super().append(conversation, entries)
        await asyncio.sleep(5)


async def test_what_is_forgotten_while_it_is_written_is_learned_from_no_more() -> None:
    learned: list[str] = []

    class Told(Mind):
        def learn(self, key: str, turn: UserTurn, entries: Sequence[HistoryEntry]) -> None:
            learned.append(turn.text)

    bot = Bot(
        ScriptedLLM(words("one")),
        history=SlowHistory(),
        mind=Told(summaries=None, profiles=None, personas=None),
    )
    bot.ask(author=7, id=1)
    bot.ask(author=8, id=2)
    await asyncio.sleep(2)
    assert len(bot.kept) == 4
    bot.conversations.disown_person(7)
    assert await bot.history.forget_author(7) == 2
    await asyncio.sleep(10)
    await bot.conversations.aclose()
    assert bot.kept == ["Question 2.", "one"]
    assert learned == ["Question 2."]
