"""What every HistoryStore must do, whatever it keeps its entries in."""

import asyncio

from services.core.protocols import HistoryStore
from services.core.types import HistoryEntry


def entry(text: str, **fields: object) -> HistoryEntry:
    """Return an entry of a user with this text."""
    values = {"role": "user", "at": 1.5, "author_id": 7, "author": "Ann", **fields}
    return HistoryEntry(text=text, **values)  # type: ignore[arg-type]


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

    async def test_closing_twice_is_fine(self, store: HistoryStore) -> None:
        await store.append("c", [entry("a")])
        await store.aclose()
        await store.aclose()
