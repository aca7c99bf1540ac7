import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from services import kept_copies
from services.core.errors import StorageError
from services.core.types import HistoryEntry
from services.kept_copies import RETRY_SECONDS, KeptCopies
from services.mind import Mind
from services.profiles import Profiles
from tests.services.chat_fakes import MemoryHistory

pytestmark = pytest.mark.virtual_time

KEY = "channel-100"


def entry(text: str, *ids: int, about: tuple[int, ...] = (), guild: int = 5) -> HistoryEntry:
    role = "assistant" if about else "user"
    return HistoryEntry(role, text, 0.0, 7, "ana", ids, about, guild)  # type: ignore[arg-type]


class Disk(MemoryHistory):
    """Count what is asked of it, and refuse as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0
        self.calls = 0
        self.refused = ""
        self.guild_refused = False

    async def forget_guild(self, guild_id: int) -> list[str]:
        if self.guild_refused:
            raise StorageError("read-only")
        return await super().forget_guild(guild_id)

    async def forget_messages(self, conversation: str, message_ids: Collection[int]) -> int:
        self.calls += 1
        await asyncio.sleep(0.1)
        if conversation == self.refused:
            raise StorageError("damaged")
        if self.refusals:
            self.refusals -= 1
            raise StorageError("full")
        return await super().forget_messages(conversation, message_ids)


class Summaries(Mind):
    def __init__(self) -> None:
        super().__init__(summaries=None, profiles=None, personas=None)
        self.forgotten: list[str] = []

    async def forget_conversation(self, key: str) -> None:
        self.forgotten.append(key)

    async def forget_messages(self, key: str, message_ids: Collection[int]) -> None:
        self.forgotten.append(key)


class Facts(Profiles):
    """Note what is to be forgotten."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def forget_messages(self, message_ids: Collection[int]) -> int:
        self.asked.append(f"delete {sorted(message_ids)}")
        return 0

    async def revise_message(self, message_id: int, text: str) -> int:
        self.asked.append(f"revise {message_id}: {text}")
        return 0

    async def forget_channel(self, channel_id: int) -> int:
        self.asked.append(f"channel {channel_id}")
        return 0

    async def forget_guild(self, guild_id: int) -> int:
        self.asked.append(f"guild {guild_id}")
        return 0


class Room:
    def __init__(self) -> None:
        self.disk, self.mind, self.facts = Disk(), Summaries(), Facts()
        self.copies = KeptCopies(history=self.disk, mind=self.mind, profiles=self.facts)

    @property
    def kept(self) -> list[str]:
        return [each.text for each in self.disk.kept.get(KEY, [])]


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    made = Room()
    question, answer = entry("question", 1), entry("answer", 11, about=(1,))
    await made.disk.append(KEY, [question, answer, entry("other", 2)])
    yield made
    await made.copies.aclose()


async def test_a_deleted_question_takes_its_answer_and_the_summary_along() -> None:
    async with room() as made:
        await made.copies.delete(100, {1})
        await asyncio.sleep(1)
        assert made.kept == ["other"]
        assert made.mind.forgotten == [KEY]


async def test_a_message_that_was_never_kept_costs_no_summary() -> None:
    async with room() as made:
        await made.copies.delete(100, {9})
        await made.copies.delete(200, {1})
        await made.copies.revise(100, 9, "new")
        await asyncio.sleep(1)
        assert len(made.kept) == 3
        assert made.mind.forgotten == []


async def test_facts_follow_even_where_the_history_was_reset() -> None:
    async with room() as made:
        made.disk.kept.clear()
        await made.copies.delete(100, {1, 4})
        await made.copies.revise(100, 2, "new")
        await made.copies.revise(100, 3, "")
        await made.copies.delete_channel(200)
        await asyncio.sleep(1)
        await made.copies.delete_guild(5)
        assert made.facts.asked == ["delete [1, 3, 4]", "revise 2: new", "channel 200", "guild 5"]


async def test_a_changed_message_is_kept_as_it_reads_now() -> None:
    async with room() as made:
        await made.copies.revise(100, 1, "newer")
        await made.copies.revise(100, 1, "newest")
        await made.copies.revise(100, 2, "")
        await asyncio.sleep(1)
        assert made.kept == ["newest", "answer"]
        assert made.mind.forgotten == [KEY]


async def test_what_was_changed_and_then_deleted_is_gone() -> None:
    async with room() as made:
        await made.copies.revise(100, 1, "new")
        await made.copies.delete(100, {1})
        await asyncio.sleep(1)
        assert made.kept == ["other"]


async def test_a_channel_or_guild_that_is_gone_is_forgotten() -> None:
    async with room() as made:
        await made.disk.append("channel-200", [entry("there", 5)])
        await made.disk.append("channel-300", [entry("elsewhere", 6, guild=6)])
        await made.copies.delete_channel(100)
        await asyncio.sleep(1)
        assert made.kept == []
        assert await made.copies.delete_guild(5) == 1
        assert made.mind.forgotten == [KEY, "channel-200"]
        assert list(made.disk.kept) == ["channel-300"]


async def test_facts_of_a_guild_go_although_its_history_is_refused() -> None:
    async with room() as made:
        made.disk.guild_refused = True
        with pytest.raises(StorageError):
            await made.copies.delete_guild(5)
        assert made.facts.asked == ["guild 5"]


async def test_a_disk_that_refuses_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    async with room() as made:
        made.disk.refusals = 2
        await made.copies.delete(100, {1})
        await asyncio.sleep(1)
        await made.copies.delete(100, {2})
        await asyncio.sleep(RETRY_SECONDS)
        assert len(made.kept) == 3
        await asyncio.sleep(RETRY_SECONDS)
        assert made.kept == []
        assert "still kept" in caplog.text


async def test_a_channel_that_is_refused_for_ever_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_copies, "MAX_WAITING", 50)
    async with room() as made:
        made.disk.refused = KEY
        await made.copies.delete(100, {1})
        for number in range(200):
            async with asyncio.timeout(3 * RETRY_SECONDS):
                await made.copies.delete(200 + number, {number})
        await made.disk.append("channel-999", [entry("there", 5)])
        await made.copies.delete(999, {5})
        await asyncio.sleep(3 * RETRY_SECONDS)
        assert made.disk.kept["channel-999"] == []


async def test_many_deletions_in_one_channel_are_few_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_copies, "MAX_WAITING", 50)
    async with room() as made:
        for number in range(1000):
            await made.copies.delete(100, {number})
        await asyncio.sleep(5)
        assert made.kept == []
        assert made.disk.calls < 60


async def test_the_end_waits_a_moment_for_what_is_known() -> None:
    async with room() as made:
        await made.copies.delete(100, {1})
        await made.copies.aclose()
        assert made.kept == ["other"]
    async with room() as made:
        made.disk.refusals = 100
        await made.copies.delete(100, {1})
        await made.copies.aclose()
        assert len(made.kept) == 3


async def test_what_comes_after_the_end_is_left_out_quietly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with room() as made:
        await made.copies.aclose()
        with caplog.at_level(logging.INFO):
            await made.copies.revise(100, 1, "too late")
        assert "after the end" in caplog.text
        assert len(made.kept) == 3
