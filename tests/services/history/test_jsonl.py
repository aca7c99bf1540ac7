import asyncio
import logging
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path

import pytest
import pytest_asyncio

from services.core.errors import CorruptHistoryError, StorageError
from services.history import files, writer_thread
from services.history.jsonl import JsonlHistoryStore
from tests.services.history.contract import HistoryStoreContract, entry


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[JsonlHistoryStore]:
    opened = JsonlHistoryStore(tmp_path / "history", fsync_interval=0.01)
    yield opened
    await opened.aclose()


class TestJsonlHistoryStore(HistoryStoreContract):
    pass


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(data)


def content(path: Path) -> bytes:
    return path.read_bytes()


def make_public(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o755)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def texts(store: JsonlHistoryStore, limit: int = 100) -> list[str]:
    return [item.text for item in await store.load("channel-1", limit=limit)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history" / "channel-1.jsonl"


async def test_files_are_their_owners_alone(store: JsonlHistoryStore, path: Path) -> None:
    make_public(path.parent)
    await store.append("channel-1", [entry("a")])
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]


async def test_what_was_appended_is_there_for_the_next_process(
    store: JsonlHistoryStore, path: Path
) -> None:
    await store.append("channel-1", [entry("a")])
    other = JsonlHistoryStore(path.parent)
    assert await texts(other) == ["a"]
    await other.append("channel-1", [entry("b")])
    await other.aclose()
    await store.append("channel-1", [entry("c")])
    assert await texts(store) == ["a", "b", "c"]


@pytest.mark.parametrize("torn", [b'{"role":"us', b"\x00" * 40_000, b"x"])
async def test_an_unfinished_last_line_is_dropped(
    store: JsonlHistoryStore, path: Path, torn: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first = JsonlHistoryStore(path.parent)
    await first.append("channel-1", [entry("secret words")])
    await first.aclose()
    write(path, torn)
    assert await texts(store) == ["secret words"]
    with caplog.at_level(logging.DEBUG):
        await store.append("channel-1", [entry("b")])
    assert await texts(store) == ["secret words", "b"]
    assert f"unfinished last line of {len(torn)} bytes" in caplog.text
    assert "secret" not in caplog.text


async def test_a_file_of_one_unfinished_line_is_begun_again(
    store: JsonlHistoryStore, path: Path
) -> None:
    write(path, b"x" * 50_000)
    await store.append("channel-1", [entry("a")])
    assert await texts(store) == ["a"]


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b"",
        b"[" * 100_000,
        b'{"role":"boss","text":"","at":1,"author_id":1,"author":"","message_ids":[]}',
        b'{"role":[],"text":"","at":1,"author_id":1,"author":"","message_ids":[]}',
        b'{"role":"user","text":1,"at":1,"author_id":1,"author":"","message_ids":[]}',
    ],
)
async def test_a_damaged_file_is_set_aside_and_said_once(
    store: JsonlHistoryStore, path: Path, line: bytes
) -> None:
    await store.append("channel-1", [entry("a")])
    write(path, line + b"\n")
    damaged = content(path)
    with pytest.raises(CorruptHistoryError, match=r"channel-1\.jsonl\.corrupt"):
        await texts(store)
    assert await texts(store) == []
    await store.append("channel-1", [entry("fresh")])
    assert await texts(store) == ["fresh"]
    assert content(path.with_name("channel-1.jsonl.corrupt")) == damaged


async def test_damaged_files_never_replace_each_other(store: JsonlHistoryStore, path: Path) -> None:
    for number in range(3):
        write(path, b"damaged %d\n" % number)
        with pytest.raises(CorruptHistoryError):
            await texts(store)
    kept = sorted(file.read_bytes() for file in path.parent.iterdir())
    assert kept == [b"damaged 0\n", b"damaged 1\n", b"damaged 2\n"]


async def test_fields_of_a_later_version_are_passed_over(
    store: JsonlHistoryStore, path: Path
) -> None:
    line = b'{"role":"user","text":"a","at":1,"author_id":1,"author":"","message_ids":[],"new":1}\n'
    write(path, line)
    assert await texts(store) == ["a"]


async def test_a_file_moved_away_is_begun_afresh(store: JsonlHistoryStore, path: Path) -> None:
    await store.append("channel-1", [entry("a")])
    os.rename(path, path.with_name("archived"))  # noqa: PTH104 - as another process would
    await store.append("channel-1", [entry("b")])
    assert await texts(store) == ["b"]


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
async def test_few_files_are_open_at_once(
    store: JsonlHistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_OPEN_FILES", 4)
    before = open_files()
    for number in [*range(40), *range(40)]:
        await store.append(f"c{number}", [entry("a")])
    assert open_files() <= before + 6
    assert len(await store.load("c0", limit=5)) == 2


@pytest.mark.parametrize("count", [1, 10, 63, 64, 65, 2000])
async def test_reading_from_the_end_finds_every_line(
    store: JsonlHistoryStore, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BLOCK_BYTES", 97)
    await store.append("channel-1", [entry(str(n)) for n in range(64)])
    assert await texts(store, count) == [str(n) for n in range(max(0, 64 - count), 64)]


async def test_a_write_that_fails_half_way_leaves_nothing(
    store: JsonlHistoryStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.append("channel-1", [entry("a")])

    class Full(FileIO):
        written = 0

        def write(self, data: object, /) -> int:
            if self.written:
                raise OSError(28, "No space left on device")
            self.written = super().write(bytes(data)[:20])  # type: ignore[call-overload]
            return self.written

    monkeypatch.setattr(files, "FileIO", Full)
    broken = JsonlHistoryStore(path.parent)
    with pytest.raises(StorageError, match="No space left"):
        await broken.append("channel-1", [entry("b")])
    await broken.aclose()
    assert await texts(store) == ["a"]
    assert content(path).endswith(b"\n")


async def test_what_was_written_is_synced_soon_and_once(
    store: JsonlHistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    synced = asyncio.Event()
    count = 0

    def fsync(descriptor: int) -> None:
        nonlocal count
        count += not stat.S_ISDIR(os.fstat(descriptor).st_mode)
        loop.call_soon_threadsafe(synced.set)

    monkeypatch.setattr(os, "fsync", fsync)
    await asyncio.gather(*(store.append("channel-1", [entry("a")]) for _ in range(20)))
    async with asyncio.timeout(5):
        await synced.wait()
    await store.aclose()
    assert 1 <= count <= 20


async def test_a_failing_sync_is_logged_and_work_goes_on(
    store: JsonlHistoryStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fsync(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    await store.append("channel-1", [entry("a")])
    await store.aclose()
    assert "Input/output error" in caplog.text


async def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    write(tmp_path / "history", b"a file")
    store = JsonlHistoryStore(tmp_path / "history")
    with pytest.raises(StorageError):
        await store.append("channel-1", [entry("a")])
    with pytest.raises(StorageError):
        await store.load("channel-1", limit=1)
    await store.aclose()


async def test_a_closed_store_says_so(store: JsonlHistoryStore) -> None:
    await store.aclose()
    with pytest.raises(StorageError, match="closed"):
        await store.append("channel-1", [entry("a")])


async def test_more_work_than_the_queue_holds_waits(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_thread, "CAPACITY", 2)
    store = JsonlHistoryStore(path.parent)
    await asyncio.gather(*(store.append("channel-1", [entry("a")]) for _ in range(50)))
    assert len(await texts(store)) == 50
    await store.aclose()


async def test_a_cancelled_append_is_still_written(store: JsonlHistoryStore) -> None:
    task = asyncio.create_task(store.append("channel-1", [entry("a")]))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await store.append("channel-1", [entry("b")])
    assert await texts(store) == ["a", "b"]


CHILD = """
import asyncio, sys
from pathlib import Path
from services.core.types import HistoryEntry
from services.history.jsonl import JsonlHistoryStore

async def main():
    store = JsonlHistoryStore(Path(sys.argv[1]))
    for number in range(10**9):
        question = HistoryEntry("user", f"{number} " + "x" * 500, 0.0, 1, "Ann")
        answer = HistoryEntry("assistant", f"{number}", 0.0, 2, "Bot")
        await store.append("channel-1", [question, answer])
        print(number, flush=True)

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_that_was_acknowledged(
    store: JsonlHistoryStore, path: Path
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path.parent), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    async with asyncio.timeout(20):
        while int(await child.stdout.readline()) < 200:
            pass
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
    acknowledged = int(rest.splitlines()[-1]) if rest.split() else 200
    await store.append("channel-1", [entry("after")])
    loaded = await texts(store, 1_000_000)
    assert loaded.pop() == "after"
    questions = [int(text.split()[0]) for text in loaded[::2]]
    assert questions == list(range(len(questions)))
    assert len(questions) > acknowledged
