import asyncio
from pathlib import Path

import pytest

from services.core.errors import StorageError
from services.core.types import Place
from services.facts import Fact
from services.history.encryption import FernetCipher
from services.profile_store import ProfileStore

CANARY = "Keeps a canary called Pip."
FACT = Fact("pet", CANARY, Place(10, 5, public=True), 10, 1_800_000_000.0, (1, 1 << 62))


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def store(folder: Path, *, clock: Time | None = None, **more: object) -> ProfileStore:
    given = {"cipher": None, "clock": clock or Time()} | more
    return ProfileStore(folder, **given)  # type: ignore[arg-type]


async def put(kept: ProfileStore, user_id: int, *facts: Fact) -> None:
    await kept.change(user_id, lambda _: facts)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_facts_are_there_again_after_a_restart(tmp_path: Path) -> None:
    await put(store(tmp_path / "p"), 7, FACT)
    again = store(tmp_path / "p")
    assert await again.load(7) == (FACT,)
    assert await again.load(8) == ()
    assert await again.holders(lambda fact: fact.subject == "pet") == {7}
    assert await again.holders(lambda fact: fact.subject == "x") == set()


async def test_a_profile_belongs_to_the_bot_alone(tmp_path: Path) -> None:
    await put(store(tmp_path / "p"), 7, FACT)
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "p" / "7.json").stat().st_mode & 0o777 == 0o600


async def test_a_sealed_profile_shows_nobodys_words(tmp_path: Path) -> None:
    cipher = FernetCipher("x7_" + "A" * 40 + "=")
    await put(store(tmp_path), 8, FACT)
    sealed = store(tmp_path, cipher=cipher)
    await put(sealed, 7, FACT)
    assert b"canary" not in (await asyncio.to_thread(files, tmp_path))["7.json"]
    again = store(tmp_path, cipher=cipher)
    assert await again.load(7) == await again.load(8) == (FACT,)


async def test_nothing_is_left_of_who_is_forgotten(tmp_path: Path) -> None:
    kept = store(tmp_path)
    await put(kept, 7, FACT)
    await put(kept, 77, FACT)
    for left in ("7.json.part", "7.json.corrupt"):
        await asyncio.to_thread((tmp_path / left).write_text, CANARY)
    assert await kept.forget(7) == 3
    assert list(await asyncio.to_thread(files, tmp_path)) == ["77.json"]
    assert await kept.load(7) == ()
    assert await kept.forget(7) == 0


async def test_the_last_fact_takes_the_file_along(tmp_path: Path) -> None:
    kept = store(tmp_path)
    await put(kept, 7, FACT)
    await put(kept, 7)
    assert await asyncio.to_thread(files, tmp_path) == {}


async def test_profiles_are_read_once_in_a_while(tmp_path: Path) -> None:
    clock = Time()
    kept, other = store(tmp_path, clock=clock), store(tmp_path)
    assert await kept.load(7) == ()
    await put(other, 7, FACT)
    clock.now = 599.0
    assert await kept.load(7) == ()
    clock.now = 601.0
    assert await kept.load(7) == (FACT,)


async def test_only_so_many_profiles_stay_in_memory(tmp_path: Path) -> None:
    kept, other = store(tmp_path, max_cached=1), store(tmp_path)
    assert await kept.load(7) == await kept.load(8) == ()
    await put(other, 7, FACT)
    assert await kept.load(7) == (FACT,)


@pytest.mark.parametrize("content", [b"", b"[", b'[{"subject": 1}]', b"\xff", b"gAAAA"])
async def test_a_profile_that_cannot_be_read_is_set_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread((tmp_path / "7.json").write_bytes, content)
    kept = store(tmp_path)
    assert await kept.load(7) == ()
    assert await asyncio.to_thread(files, tmp_path) == {"7.json.corrupt": content}
    assert "cannot be read" in caplog.text
    assert await kept.tellers({1}) == set()
    assert await kept.forget(7) == 1


async def test_who_told_something_in_a_message_is_found(tmp_path: Path) -> None:
    await put(store(tmp_path), 7, FACT)
    kept = store(tmp_path)
    assert await kept.tellers({1 << 62, 5}) == {7}
    await put(kept, 8, Fact("x", "Runs.", FACT.place, 10, 1.0, (9,)))
    assert await kept.tellers({1, 9}) == {7, 8}
    assert await kept.tellers({5}) == set()
    await put(kept, 8)
    assert await kept.tellers({1, 9}) == {7}


async def test_one_person_too_many_is_refused_in_words(tmp_path: Path) -> None:
    kept = store(tmp_path, max_profiles=1)
    await put(kept, 7, FACT)
    with pytest.raises(StorageError) as refusal:
        await put(kept, 8, FACT)
    assert "as many people" in refusal.value.user_message
    await put(kept, 7, FACT, FACT)
    assert await kept.load(8) == ()


async def test_a_disk_that_refuses_changes_nothing(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "file").write_text, "")
    kept = store(tmp_path / "file")
    with pytest.raises(StorageError) as refusal:
        await put(kept, 7, FACT)
    assert "disk refused" in refusal.value.user_message
