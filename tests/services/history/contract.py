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
            entry("about", about=(5, 2**63), guild_id=2**62),
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

    async def test_a_question_that_repeats_a_changed_message_is_forgotten(
        self, store: HistoryStore
    ) -> None:
        answer = entry("answer", role="assistant", about=(1,))
        await store.append("c", [entry("> old words", message_ids=(2,), about=(1, 77)), answer])
        assert await store.revise("c", 1, "new words")
        assert await texts(store, "c") == ["answer"]

    async def test_what_repeats_a_deleted_message_goes_with_it(self, store: HistoryStore) -> None:
        question = entry("asked", message_ids=(1,))
        answer = entry("answer", role="assistant", message_ids=(2,), about=(1, 9))
        await store.append("c", [question, answer, entry("other", message_ids=(3,))])
        assert await store.forget_messages("c", {9}) == 1
        await store.append("c", [answer])
        assert await store.forget_messages("c", {1}) == 2
        assert await texts(store, "c") == ["other"]

    async def test_what_repeats_a_forgotten_person_goes_with_them(
        self, store: HistoryStore
    ) -> None:
        repeated = entry("> mine", author_id=77, about=(7, 1))
        await store.append("c", [repeated, entry("hers", author_id=77, about=(8, 2))])
        assert await store.forget_author(7) == 1
        assert await texts(store, "c") == ["hers"]

    async def test_what_is_being_kept_of_a_forgotten_person_is_reached(
        self, store: HistoryStore
    ) -> None:
        saying = [store.append(f"c{number % 3}", [entry("mine")]) for number in range(30)]
        *_, forgotten = await asyncio.gather(*saying, store.forget_author(7))
        assert forgotten == 30
        assert [await texts(store, f"c{number}") for number in range(3)] == [[], [], []]

    async def test_a_guild_is_forgotten_with_all_its_conversations(
        self, store: HistoryStore
    ) -> None:
        await store.append("c", [entry("before"), entry("there", guild_id=5)])
        await store.append("d", [entry("elsewhere", guild_id=55)])
        await store.append("e", [entry("in private")])
        assert await store.forget_guild(5) == ["c"]
        assert await store.forget_guild(5) == []
        assert [await texts(store, key) for key in "cde"] == [[], ["elsewhere"], ["in private"]]

    async def test_deleted_messages_take_their_entries_along(self, store: HistoryStore) -> None:
        numbers = [(1,), (2, 3), (4,), ()]
        await store.append("c", [entry(str(ids), message_ids=ids) for ids in numbers])
        assert await store.forget_messages("c", {3, 4, 5}) == 2
        assert await store.forget_messages("c", []) == 0
        assert await texts(store, "c") == ["(1,)", "()"]

    async def test_many_messages_deleted_at_once_take_their_entries_along(
        self, store: HistoryStore
    ) -> None:
        for number in (50, 150):
            await store.append("a", [entry(f"{number}", message_ids=(number,))])
        assert await store.forget_messages("a", range(100)) == 1
        assert [each.text for each in await store.load("a", limit=9)] == ["150"]

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
