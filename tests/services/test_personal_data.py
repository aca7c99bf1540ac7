import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.core.errors import StorageError
from services.personal_data import PersonalData, PersonalStore
from services.preferences import PreferenceStore, UserPreferences


class Shelf:
    """Keep things of people; refuse when it is broken."""

    def __init__(self, name: str, *, forgets: bool = True) -> None:
        self.things: dict[int, list[str]] = {7: ["a", "é"], 8: ["hers"]}
        self.broken = False
        self.store = PersonalStore(
            name=name,
            what="things",
            where="here",
            how_long="long",
            export=self.export,
            forget=self.forget if forgets else None,
        )

    async def export(self, user_id: int) -> Sequence[object]:
        if self.broken:
            raise StorageError("broken")
        return self.things.get(user_id, [])

    async def forget(self, user_id: int) -> int:
        await asyncio.sleep(0)
        if self.broken:
            raise StorageError("broken")
        return len(self.things.pop(user_id, []))


class House:
    def __init__(self, folder: Path) -> None:
        self.shelves = [Shelf("one"), Shelf("two"), Shelf("law", forgets=False)]
        self.users = PreferenceStore(UserPreferences, directory=folder)
        self.interrupted: list[tuple[int, bool]] = []
        self.data = PersonalData(
            stores=[shelf.store for shelf in self.shelves],
            interrupt=self.interrupt,
            users=self.users,
            clock=lambda: 1_800_000_000.0,
        )

    def interrupt(self, user_id: int) -> int:
        self.interrupted.append((user_id, user_id in self.shelves[0].things))
        return 2


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_every_store_tells_how_much_it_keeps(house: House) -> None:
    house.shelves[1].broken = True
    assert [holding.count for holding in await house.data.show(7)] == [2, None, 2]
    assert [holding.count for holding in await house.data.show(9)] == [0, None, 0]


async def test_an_export_holds_everything_of_one_person(house: House) -> None:
    document = json.loads(await house.data.export(7))
    assert document == {
        "user_id": 7,
        "exported": "2027-01-15T08:00:00+00:00",
        **{name: ["a", "é"] for name in ("one", "two", "law")},
    }


async def test_an_export_is_whole_or_refused(house: House) -> None:
    house.shelves[1].broken = True
    with pytest.raises(StorageError):
        await house.data.export(7)


async def test_forgetting_interrupts_first_and_leaves_others_alone(house: House) -> None:
    done = await house.data.forget(7)
    assert house.interrupted == [(7, True)]
    assert (done.stopped, done.is_complete) == (2, True)
    assert [(each.store.name, each.count) for each in done.forgotten] == [("one", 2), ("two", 2)]
    assert house.shelves[0].things == house.shelves[1].things == {8: ["hers"]}
    assert [each.count for each in (await house.data.forget(7)).forgotten] == [0, 0]


async def test_a_store_that_fails_stops_no_other_and_the_receipt_tells(house: House) -> None:
    house.shelves[0].broken = True
    done = await house.data.forget(7)
    assert not done.is_complete
    assert [each.count for each in done.forgotten] == [None, 2]


async def test_an_opt_out_is_kept_until_it_is_taken_back(house: House) -> None:
    await house.users.change(7, lambda now: replace(now, voice="x"))
    assert not house.data.is_opted_out(7)
    await house.data.opt_out(7)
    assert house.data.is_opted_out(7)
    await house.data.opt_in(7)
    assert house.users.get(7) == UserPreferences(voice="x")
