import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.conversation_summarizer import (
    FIRST_PAUSE,
    LONGEST_MESSAGE,
    LONGEST_SUMMARY,
    ConversationSummarizer,
    sources_of,
    transcript_line,
)
from services.core.errors import BusyError, ProviderConnectionError, StorageError
from services.core.types import Background, HistoryEntry, Role
from services.limits import Payer
from services.summary_store import Summary, SummaryStore, Version
from services.trim_thresholds import Reached, TrimThresholds
from tests.services.chat_fakes import MemoryHistory

pytestmark = pytest.mark.virtual_time

KEY = "channel-100"


class MemoryStore(SummaryStore):
    """Keep summaries without threads, which virtual time does not know."""

    def __init__(self) -> None:
        super().__init__(Path("never-written"))
        self.kept: dict[str, Summary] = {}
        self.broken = False

    async def get(self, key: str) -> Summary | None:
        if self.broken:
            raise StorageError("no disk")
        return self.kept.get(key)

    async def put(self, key: str, summary: Summary, *, version: Version) -> bool:
        if version == self.version(key):
            self.kept[key] = summary
        return version == self.version(key)

    async def forget_conversation(self, key: str) -> bool:
        self._outdate(key)
        return self.kept.pop(key, None) is not None


class Model:
    """Answer each request after a second with its number, or fail as told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.payers: list[Payer] = []
        self.failures: list[Exception] = []
        self.running = self.most_running = 0
        self.answer: Callable[[int], str] = "summary {}".format

    async def complete(self, instruction: str, text: str, payer: Payer) -> str:
        assert "120 words" in instruction
        self.payers.append(payer)
        self.asked.append(text)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(1)
        self.running -= 1
        if self.failures:
            raise self.failures.pop(0)
        return self.answer(len(self.asked))


class World:
    def __init__(self, *, max_tokens: int = 2000, enabled: bool = True) -> None:
        self.model = Model()
        self.history = MemoryHistory()
        self.store = MemoryStore()
        self.summarizer = ConversationSummarizer(
            complete=self.model.complete,
            history=self.history,
            store=self.store,
            thresholds=TrimThresholds(10),
            count=lambda text: len(text.split()),
            max_tokens=max_tokens,
            enabled=enabled,
            max_waiting=3,
        )
        self._said = 0

    async def say(self, count: int, *, key: str = KEY, author: int = 7, guild: int = 0) -> None:
        """Let a conversation grow by so many messages, two to a turn."""
        for _ in range(count // 2):
            turn = [self._entry("user", author), self._entry("assistant", author)]
            entries = [replace(each, guild_id=guild) for each in turn]
            await self.history.append(key, entries)
            self.summarizer.learn(key)

    async def recall(self, limit: int = 30) -> Background:
        return await self.summarizer.recall(KEY, await self.history.load(KEY, limit=limit))

    def _entry(self, role: Role, author: int) -> HistoryEntry:
        self._said += 1
        name = "Ann" if role == "user" else ""
        text = f"message {self._said}"
        return HistoryEntry(
            role, text, float(self._said), author, name, (1000 + self._said,), (555,)
        )


@asynccontextmanager
async def world(*, max_tokens: int = 2000, enabled: bool = True) -> AsyncIterator[World]:
    made = World(max_tokens=max_tokens, enabled=enabled)
    yield made
    await made.summarizer.aclose()


async def test_nothing_is_asked_before_the_threshold() -> None:
    async with world() as made:
        await made.say(22)
        await asyncio.sleep(5)
        assert made.model.asked == []
        assert await made.recall() == Background(unsummarised=22)


async def test_what_fell_out_is_summed_up_and_the_rest_told_apart() -> None:
    async with world() as made:
        await made.say(24)
        assert made.model.asked == []
        await asyncio.sleep(5)
        [asked] = made.model.asked
        assert asked.startswith(
            "Notes so far:\n(none yet)\n\nSaid since then:\nAnn: message 1\nBot:"
        )
        assert asked.endswith("Bot: message 12")
        assert await made.recall() == Background(summary="summary 1", unsummarised=12)
        assert made.store.kept[KEY].sources == frozenset({7, 555})


async def test_each_summary_takes_in_the_one_before_and_every_message_once() -> None:
    async with world() as made:
        for author in range(1, 41):
            await made.say(2, author=author)
            await asyncio.sleep(5)
        assert len(made.model.asked) == 5
        for number, asked in enumerate(made.model.asked[1:], start=1):
            assert asked.startswith(f"Notes so far:\nsummary {number}\n")
        taken = [line for asked in made.model.asked for line in asked.splitlines()]
        numbers = [int(line.split()[-1]) for line in taken if ": message" in line]
        assert numbers == list(range(1, max(numbers) + 1))
        told = await made.recall()
        assert max(numbers) + told.unsummarised == 80
        assert made.store.kept[KEY].sources == frozenset({555, *range(1, max(numbers) // 2 + 1)})


async def test_a_failure_leaves_all_as_it_was_and_is_tried_again_later() -> None:
    async with world() as made:
        made.model.failures = [ProviderConnectionError("gone"), BusyError("full")]
        await made.say(24)
        await asyncio.sleep(5)
        assert made.store.kept == {}
        assert await made.recall() == Background(unsummarised=24)
        await made.say(2)
        await asyncio.sleep(FIRST_PAUSE)
        assert len(made.model.asked) == 1
        await made.say(2)
        await asyncio.sleep(FIRST_PAUSE + 5)
        await made.say(2)
        await asyncio.sleep(FIRST_PAUSE)
        assert len(made.model.asked) == 2
        await made.say(2)
        await asyncio.sleep(5)
        assert await made.recall() == Background(summary="summary 3", unsummarised=12)


async def test_a_summary_gives_way_to_a_question_once_and_comes_after_the_next_turn() -> None:
    async with world() as made:
        for text in ("first", "second"):
            await made.say(24)
            await asyncio.sleep(0.5)
            await made.recall()
            await asyncio.sleep(5)
            assert made.store.kept == {}, text
            await made.say(2)
            await asyncio.sleep(0.5)
            await made.recall()
            await asyncio.sleep(5)
            assert (await made.recall()).unsummarised == 12
            made.store.kept.clear()
            made.history.kept.clear()
        assert len(made.model.asked) == 4


async def test_a_server_pays_for_its_summaries_and_a_person_for_their_own() -> None:
    async with world() as made:
        await made.say(24, key="channel-1", author=7)
        await made.say(24, key="channel-2", author=8, guild=5)
        await asyncio.sleep(5)
        assert made.model.payers == [Payer(7, 0), Payer(0, 5)]


async def test_an_empty_answer_is_a_failure() -> None:
    async with world() as made:
        made.model.answer = lambda _: " \n"
        await made.say(24)
        await asyncio.sleep(5)
        assert made.store.kept == {}


async def test_a_summary_that_grew_too_long_is_cut() -> None:
    async with world() as made:
        made.model.answer = lambda _: "word " * 500
        await made.say(24)
        await asyncio.sleep(5)
        assert len(made.store.kept[KEY].text.split()) == LONGEST_SUMMARY


async def test_one_request_takes_in_no_more_than_the_model_reads() -> None:
    async with world(max_tokens=12) as made:
        await made.say(24)
        await asyncio.sleep(30)
        assert len(made.model.asked) == 6
        assert max(len(asked.split()) for asked in made.model.asked) <= 12 + 8
        assert (await made.recall()).unsummarised == 12


async def test_a_message_longer_than_that_is_taken_in_alone_and_shortened() -> None:
    long = HistoryEntry("user", "word \n" * 3000, 1.0, 7, "Ann\nB")
    line = transcript_line(long)
    assert line.startswith("Ann B: word word")
    assert line.endswith("word…")
    assert len(line) <= LONGEST_MESSAGE + 10


async def test_summaries_are_made_one_at_a_time_and_only_so_many_wait() -> None:
    async with world() as made:
        for number in range(6):
            await made.say(24, key=str(number))
        await asyncio.sleep(30)
        assert made.model.most_running == 1
        assert set(made.store.kept) == {"0", "1", "2"}
        await made.say(2, key="5")
        await asyncio.sleep(5)
        assert "5" in made.store.kept


async def test_what_is_forgotten_meanwhile_stays_forgotten() -> None:
    async with world() as made:
        await made.say(24)
        await asyncio.sleep(0.5)
        await made.history.clear(KEY)
        await made.summarizer.forget_conversation(KEY)
        await asyncio.sleep(5)
        assert len(made.model.asked) == 1
        assert made.store.kept == {}


async def test_a_long_history_without_a_summary_is_caught_up_with_in_part() -> None:
    async with world() as made:
        entries = [HistoryEntry("user", f"old {n}", float(n), 7, "Ann") for n in range(1000)]
        await made.history.append(KEY, entries)
        made.summarizer.learn(KEY)
        await asyncio.sleep(5)
        [asked] = made.model.asked
        assert asked.count("Ann: old") == 120 - 12
        assert (await made.recall()).unsummarised == 12


def test_the_people_of_a_summary_are_known_up_to_a_number() -> None:
    entries = [HistoryEntry("user", "a", 1.0, n, "A", (n + 5000,), (n + 5000,)) for n in range(600)]
    reached = Reached(1.0, "user", 1)
    first = sources_of(None, entries)
    assert first == frozenset(range(600))
    assert sources_of(Summary("a", reached, frozenset({9999})), entries) == frozenset(
        {*range(600), 9999}
    )
    assert sources_of(Summary("a", reached, frozenset(range(900, 1900))), entries) is None
    assert sources_of(Summary("a", reached, None), entries) is None


async def test_the_end_of_the_bot_ends_what_is_being_written() -> None:
    async with world() as made:
        await made.say(24)
        await asyncio.sleep(0.5)
        await made.summarizer.aclose()
        await made.say(2)
        assert made.store.kept == {}


async def test_without_summaries_nothing_is_recalled_but_all_can_be_forgotten() -> None:
    async with world(enabled=False) as made:
        made.store.kept[KEY] = Summary("old", Reached(1.0, "user", 0), frozenset({7}))
        await made.say(40)
        await asyncio.sleep(5)
        assert made.model.asked == []
        assert await made.recall() == Background()
        assert await made.summarizer.forget_conversation(KEY)


async def test_a_disk_that_cannot_be_read_leaves_out_the_summary() -> None:
    async with world() as made:
        made.store.broken = True
        await made.say(24)
        await asyncio.sleep(5)
        assert await made.recall() == Background(unsummarised=24)
        assert made.model.asked == []
