import asyncio
import base64
import stat
from pathlib import Path

import pytest

from services.core.errors import StorageError
from services.core.protocols import Cipher
from services.history.encryption import FernetCipher
from services.summary_store import Summary, SummaryStore
from services.trim_thresholds import Reached

KEY = "channel-100"
CIPHER = FernetCipher(base64.urlsafe_b64encode(bytes(32)).decode())


def summary(text: str = "Ann likes tea. 茶", *sources: int) -> Summary:
    reached = Reached(1_800_000_000.123456, "assistant", 2**60)
    return Summary(text, reached, frozenset(sources or (7,)))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def kept(directory: Path, cipher: Cipher | None = None) -> SummaryStore:
    store = SummaryStore(directory, cipher=cipher)
    assert await store.put(KEY, summary(), version=store.version(KEY))
    return store


@pytest.mark.parametrize("cipher", [None, CIPHER])
async def test_a_summary_outlives_the_process(tmp_path: Path, cipher: Cipher | None) -> None:
    await kept(tmp_path / "summaries", cipher)
    path = tmp_path / "summaries" / f"{KEY}.json"
    assert (b"tea" in path.read_bytes()) == (cipher is None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = SummaryStore(tmp_path / "summaries", cipher=cipher)
    assert await again.get(KEY) == summary()
    assert await again.get("channel-1") is None


async def test_what_was_written_without_a_key_stays_readable(tmp_path: Path) -> None:
    await kept(tmp_path)
    assert await SummaryStore(tmp_path, cipher=CIPHER).get(KEY) == summary()


async def test_it_is_read_from_the_disk_once(tmp_path: Path) -> None:
    store = await kept(tmp_path)
    (tmp_path / f"{KEY}.json").unlink()
    assert await store.get(KEY) == summary()
    assert await SummaryStore(tmp_path).get(KEY) is None


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"text":1,"reached":{},"sources":[]}', b"\xff", b"x" * 50]
)
async def test_one_that_cannot_be_read_is_set_aside(tmp_path: Path, content: bytes) -> None:
    await kept(tmp_path)
    path = tmp_path / f"{KEY}.json"
    path.write_bytes(content)
    assert await SummaryStore(tmp_path, cipher=CIPHER).get(KEY) is None
    assert names(tmp_path) == [f"{path.name}.corrupt"]


async def test_any_key_has_a_file_of_its_own_inside_the_folder(tmp_path: Path) -> None:
    store = SummaryStore(tmp_path / "in")
    for key in ("../a", "a/b", ".", "a.b"):
        await store.put(key, summary(key), version=(0, 0))
    assert names(tmp_path) == ["in"]
    assert [(await SummaryStore(tmp_path / "in").get(key)) for key in ("../a", ".")] == [
        summary("../a"),
        summary("."),
    ]


async def test_a_conversation_is_forgotten(tmp_path: Path) -> None:
    store = await kept(tmp_path)
    assert await store.forget_conversation(KEY)
    assert await store.get(KEY) is None
    assert not await store.forget_conversation(KEY)
    assert names(tmp_path) == []


@pytest.mark.parametrize("ending", [".corrupt", ".part"])
async def test_nothing_of_a_forgotten_conversation_is_left(tmp_path: Path, ending: str) -> None:
    store = await kept(tmp_path)
    (tmp_path / f"{KEY}.json").rename(tmp_path / f"{KEY}.json{ending}")
    (tmp_path / f"{KEY}0.json{ending}").write_bytes(b"")
    assert await store.forget_messages(KEY, {1})
    assert names(tmp_path) == [f"{KEY}0.json{ending}"]
    assert not await store.forget_conversation(KEY)


@pytest.mark.parametrize("cipher", [None, CIPHER])
async def test_a_person_is_forgotten_and_so_is_what_nobody_can_read(
    tmp_path: Path, cipher: Cipher | None
) -> None:
    store = SummaryStore(tmp_path, cipher=cipher)
    for key, sources in {"a": (1, 2), "b": (2,), "c": (3,)}.items():
        await store.put(key, summary(key, *sources), version=(0, 0))
    (tmp_path / "old.json.corrupt").write_bytes(b"nonsense")
    assert await store.keys_of(1) == ["a", "old"]
    assert await store.forget_author(2) == 3
    assert names(tmp_path) == ["c.json"]
    assert await store.get("a") is None
    assert await store.get("c") == summary("c", 3)
    assert await SummaryStore(tmp_path / "none").forget_author(2) == 0


async def test_a_message_is_forgotten_with_the_summary_that_holds_it(tmp_path: Path) -> None:
    store = await kept(tmp_path)
    assert not await store.forget_messages(KEY, [2**60 + 1])
    assert not await store.forget_messages("other", [7])
    assert await store.get(KEY) == summary()
    assert await store.forget_messages(KEY, [2**60 + 1, 2**60])
    assert await store.get(KEY) is None


async def test_a_summary_without_a_last_id_or_of_too_many_people_goes_in_doubt(
    tmp_path: Path,
) -> None:
    store = SummaryStore(tmp_path)
    await store.put("a", Summary("a", Reached(1.0, "user", 0), frozenset({7})), version=(0, 0))
    await store.put("b", Summary("b", Reached(1.0, "user", 5), None), version=(0, 0))
    assert await SummaryStore(tmp_path).forget_messages("a", [99])
    assert await SummaryStore(tmp_path).forget_author(12) == 1
    assert names(tmp_path) == []


async def test_what_was_made_before_something_was_forgotten_is_not_kept(tmp_path: Path) -> None:
    store = await kept(tmp_path)
    version = store.version(KEY)
    other = store.version("other")
    await asyncio.gather(store.forget_messages(KEY, [7]), store.get(KEY))
    assert not await store.put(KEY, summary("late"), version=version)
    assert await store.get(KEY) is None
    assert await store.put("other", summary(), version=other)
    await store.forget_author(1)
    assert not await store.put("other", summary("late"), version=other)
    assert await store.get("other") == summary()


async def test_a_disk_that_refuses_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = SummaryStore(tmp_path / "file" / "summaries")
    with pytest.raises(StorageError):
        await store.put(KEY, summary(), version=(0, 0))
    with pytest.raises(StorageError):
        await store.get(KEY)


async def test_the_cache_is_bounded(tmp_path: Path) -> None:
    store = SummaryStore(tmp_path, max_cached=2)
    for number in range(4):
        await store.put(str(number), summary(str(number)), version=(0, 0))
    assert await store.get("0") == summary("0")
