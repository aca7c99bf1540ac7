"""What every HistoryStore must do, whatever it keeps its entries in."""

import asyncio

from services.core.protocols import HistoryStore
from services.core.types import HistoryEntry


def entry(text: str, **fields: object) -> HistoryEntry:
    """Return an entry of a user with this text."""
    values = {"role": "user", "at": 1.5, "author_id": 7, "author": "Ann", **fields}
    return HistoryEntry(text=text, **values)  # type: ignore[arg-type]


async def texts(store: HistoryStore, key: str) -> list[str]:
    """Return what a conversation says."""
    return [each.text for each in await store.load(key, limit=1000)]


class HistoryStoreContract:
    """Inherit as TestX and give a fixture `store` that is open, empty and closed after the test."""

    async def test_an_unknown_conversation_is_empty(self, store: HistoryStore) -> None:
        assert await store.load("channel-1", limit=10) == []
        assert await store.clear("channel-1") == 0

    async def test_every_field_comes_back_as_it_was(self, store: HistoryStore) -> None:
        entries = [
            entry("é😀\n\r\u2028\t\x00 end", message_ids=(1, 2**63)),
            entry("", role="assistant", author="", author_id=-1, at=1_700_000_000.123456),
            entry('{"a": "b\\"}', role="system"),
        ]
        await store.append("channel-1", entries)
        assert await store.load("channel-1", limit=10) == entries

    async def test_the_newest_come_oldest_first(self, store: HistoryStore) -> None:
        for start in range(0, 30, 2):
            await store.append("c", [entry(str(start)), entry(str(start + 1))])
        newest = await store.load("c", limit=5)
        assert [item.text for item in newest] == ["25", "26", "27", "28", "29"]

    async def test_a_limit_of_nothing_loads_nothing(self, store: HistoryStore) -> None:
        await store.append("c", [entry("a")])
        assert await store.load("c", limit=0) == []

    async def test_appending_nothing_changes_nothing(self, store: HistoryStore) -> None:
        await store.append("c", [])
        assert await store.load("c", limit=5) == []

    async def test_conversations_never_mix(self, store: HistoryStore) -> None:
        keys = ["a", "a-1", "a/1", "../a", "a%2F1", ".", "..", "", "é", "x" * 300, "x" * 301]
        for key in keys:
            await store.append(key, [entry(key)])
        for key in keys:
            assert [item.text for item in await store.load(key, limit=5)] == [key]

    async def test_clearing_forgets_and_counts(self, store: HistoryStore) -> None:
        await store.append("c", [entry("a"), entry("b")])
        await store.append("other", [entry("c")])
        assert await store.clear("c") == 2
        assert await store.load("c", limit=5) == []
        assert len(await store.load("other", limit=5)) == 1
        await store.append("c", [entry("new")])
        assert [item.text for item in await store.load("c", limit=5)] == ["new"]

    async def test_entries_appended_together_stay_together(self, store: HistoryStore) -> None:
        pairs = [[entry(f"{n}?"), entry(f"{n}!", role="assistant")] for n in range(40)]
        await asyncio.gather(*(store.append("c", pair) for pair in pairs))
        loaded = await store.load("c", limit=100)
        found = [loaded[n : n + 2] for n in range(0, 80, 2)]
        assert sorted(found, key=str) == sorted(pairs, key=str)

    async def test_long_texts_are_kept(self, store: HistoryStore) -> None:
        entries = [entry("é" * 50_000), entry("short")]
        await store.append("c", entries)
        assert await store.load("c", limit=1) == entries[1:]
        assert await store.load("c", limit=2) == entries

    async def test_a_changed_message_changes_its_entry_alone(self, store: HistoryStore) -> None:
        await store.append("c", [entry("a", message_ids=(11,)), entry("b", message_ids=(1,))])
        assert await store.revise("c", 1, "é\nnew")
        assert not await store.revise("c", 2, "nobody's")
        assert not await store.revise("other", 1, "elsewhere")
        assert await texts(store, "c") == ["a", "é\nnew"]

    async def test_an_entry_of_several_messages_is_not_revised(self, store: HistoryStore) -> None:
        await store.append("c", [entry("a\nb", message_ids=(1, 2))])
        assert not await store.revise("c", 1, "x")
        assert await texts(store, "c") == ["a\nb"]

    async def test_deleted_messages_take_their_entries_along(self, store: HistoryStore) -> None:
        numbers = [(1,), (2, 3), (4,), ()]
        await store.append("c", [entry(str(ids), message_ids=ids) for ids in numbers])
        assert await store.forget_messages("c", {3, 4, 5}) == 2
        assert await store.forget_messages("c", []) == 0
        assert await texts(store, "c") == ["(1,)", "()"]

    async def test_a_forgotten_person_is_forgotten_everywhere(self, store: HistoryStore) -> None:
        for key in ("c", "d", "e"):
            await store.append(key, [entry("mine"), entry("answer", role="assistant")])
            await store.append(key, [entry("hers", author_id=77)])
        assert await store.forget_author(7) == 6
        assert await store.forget_author(7) == 0
        assert [await texts(store, key) for key in ("c", "d", "e")] == [["hers"]] * 3
        await store.append("c", [entry("again")])
        assert await texts(store, "c") == ["hers", "again"]

    async def test_a_persons_entries_are_found_with_their_places(self, store: HistoryStore) -> None:
        await store.append("channel-1", [entry("a"), entry("b", author_id=77)])
        await store.append("channel-2", [entry("c")])
        found = [(key, each.text) async for key, each in store.entries_of(7)]
        assert found == [("channel-1", "a"), ("channel-2", "c")]

    async def test_what_is_said_while_a_person_is_forgotten_stays(
        self, store: HistoryStore
    ) -> None:
        for number in range(20):
            await store.append(f"c{number}", [entry("old"), entry("hers", author_id=77)])
        news = [store.append(f"c{number}", [entry("new", author_id=77)]) for number in range(20)]
        await asyncio.gather(store.forget_author(7), *news)
        for number in range(20):
            assert await texts(store, f"c{number}") == ["hers", "new"]

    async def test_closing_twice_is_fine(self, store: HistoryStore) -> None:
        await store.append("c", [entry("a")])
        await store.aclose()
        await store.aclose()
