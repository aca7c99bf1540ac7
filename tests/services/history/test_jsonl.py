import asyncio
import gzip
import logging
import math
import os
import random
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from services.core.errors import CorruptHistoryError, StorageError
from services.disk_cleanup import archive_old
from services.history import files, jsonl, lines, writer_thread
from services.history.encryption import FernetCipher
from services.history.jsonl import JsonlHistoryStore
from services.history.record import encode
from tests.services.history.contract import HistoryStoreContract, entry


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[JsonlHistoryStore]:
    opened = JsonlHistoryStore(tmp_path / "history", fsync_interval=0.01)
    yield opened
    await opened.aclose()


class TestJsonlHistoryStore(HistoryStoreContract):
    pass


class TestSealedHistoryStore(HistoryStoreContract):
    @pytest_asyncio.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[JsonlHistoryStore]:
        cipher = FernetCipher(Fernet.generate_key().decode())
        opened = JsonlHistoryStore(tmp_path / "history", cipher=cipher)
        yield opened
        await opened.aclose()


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
    monkeypatch.setattr(lines, "BLOCK_BYTES", 97)
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
from services.history.encryption import FernetCipher
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


async def killed_while_appending(folder: Path, *, after: int) -> int:
    """Let a process append until it said so `after` times, kill it, and return its last word."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    async with asyncio.timeout(20):
        while int(await child.stdout.readline()) < after:
            pass
        await asyncio.sleep(random.random() / 1000)
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
    return int(rest.splitlines()[-1]) if rest.split() else after


async def test_processes_killed_at_any_moment_lose_nothing_that_was_acknowledged(
    store: JsonlHistoryStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand appends of five processes, one after the other upon what the last one left."""
    kept = 0
    for _ in range(5):
        last = await killed_while_appending(path.parent, after=random.randint(150, 250))
        await store.append("channel-1", [entry("after")])
        loaded = await texts(store, 1_000_000)
        assert loaded.pop() == "after"
        fresh = loaded[kept:]
        questions = [int(text.split()[0]) for text in fresh[::2]]
        assert questions == list(range(len(questions)))
        assert [int(text) for text in fresh[1::2]] == questions[: len(fresh) // 2]
        assert len(fresh) >= 2 * (last + 1)
        kept = len(loaded) + 1
    assert not list(path.parent.glob("*.corrupt"))
    assert caplog.text.count("unfinished") <= 5


def everything_kept(directory: Path) -> bytes:
    """Return every byte under a folder, unpacked where it is packed, names included."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    plain = [
        gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files
    ]
    return b"".join(plain) + str(sorted(files)).encode()


def archived(directory: Path, conversation: str) -> Path:
    return next(directory.glob(f"archive/{conversation}.*"))


class TestForgetting:
    @pytest_asyncio.fixture
    async def folder(self, store: JsonlHistoryStore, path: Path) -> Path:
        """Return a history with an archive, damaged files and what a crash left behind."""
        await store.append("channel-1", [entry("CANARY"), entry("hers", author_id=77)])
        await store.append("channel-2", [entry("CANARY")])
        await asyncio.to_thread(archive_old, path.parent, before=math.inf)
        await store.append("channel-1", [entry("CANARY too"), entry("hers now", author_id=77)])
        write(path.with_name("channel-3.jsonl.corrupt"), b"CANARY\n" + encode(entry("CANARY")))
        write(path.with_name("channel-3.jsonl.2.corrupt"), encode(entry("hers", author_id=77)))
        write(path.with_name("channel-4.jsonl.part"), b"CANARY")
        write(path.parent / "archive" / "channel-5.20260101-1.jsonl.gz.part", b"CANARY")
        return path.parent

    async def test_no_byte_of_a_person_is_left(
        self, store: JsonlHistoryStore, folder: Path
    ) -> None:
        await store.forget_author(7)
        kept = everything_kept(folder)
        assert b"CANARY" not in kept
        assert kept.count(b"hers") == 3

    async def test_clearing_reaches_the_archive_of_that_channel_alone(
        self, store: JsonlHistoryStore, folder: Path
    ) -> None:
        assert await store.clear("channel-1") == 4
        assert "channel-1." not in everything_kept(folder).decode()
        assert "channel-2." in everything_kept(folder).decode()

    async def test_a_deleted_message_is_found_in_archives_and_damaged_files(
        self, store: JsonlHistoryStore, folder: Path
    ) -> None:
        await store.append("channel-3", [entry("CANARY 3", message_ids=(3,))])
        write(folder / "channel-3.jsonl", b"damage\n")
        with pytest.raises(CorruptHistoryError):
            await store.load("channel-3", limit=5)
        assert await store.forget_messages("channel-3", {3}) == 1
        await store.append("channel-1", [entry("CANARY 1", message_ids=(1,))])
        await asyncio.to_thread(archive_old, folder, before=math.inf)
        assert await store.forget_messages("channel-1", {1}) == 1
        kept = everything_kept(folder)
        assert b"CANARY 3" not in kept
        assert b"CANARY 1" not in kept
        assert b"hers now" in kept

    async def test_a_channel_without_history_costs_two_looks_at_the_disk(
        self, store: JsonlHistoryStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await store.forget_messages("channel-9", {1})
        monkeypatch.setattr(os, "scandir", None)
        monkeypatch.setattr(os, "listdir", None)
        assert await store.forget_messages("channel-9", {1}) == 0

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: data[: len(data) // 2],
            lambda data: data[:200] + b"\xff\xff\xff" + data[203:],
            lambda data: b"no archive" + data,
        ],
        ids=["cut", "changed", "something else"],
    )
    async def test_a_damaged_archive_keeps_nobody_from_being_forgotten(
        self, store: JsonlHistoryStore, path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        said = b"".join(
            encode(entry(f"CANARY {n}", author_id=7 + 70 * (n % 2))) for n in range(999)
        )
        damaged = path.parent / "archive" / "channel-1.20260101-1.jsonl.gz"
        whole = damaged.with_name("channel-2.20260101-1.jsonl.gz")
        write(path, b"")
        write(damaged, damage(gzip.compress(said)))
        write(whole, gzip.compress(said))
        before = [each async for each in store.entries_of(7)]
        assert len(before) >= 500
        assert await store.forget_messages("channel-1", {12345}) == 0
        assert await store.forget_author(7) >= 500
        assert [each async for each in store.entries_of(7)] == []
        others = [each async for each in store.entries_of(77)]
        assert len(others) >= 499
        assert await store.forget_guild(5) == []

    async def test_a_file_that_cannot_be_changed_keeps_no_other_from_it(
        self, store: JsonlHistoryStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, change: lines.LineChange) -> int:
            if path.parent == folder:
                raise OSError(30, "Read-only file system")
            return lines.rewrite_lines(path, change)

        monkeypatch.setattr(jsonl, "rewrite_lines", refuse)
        with pytest.raises(StorageError, match="Read-only"):
            await store.forget_author(7)
        assert "channel-2." not in everything_kept(folder).decode()

    async def test_what_cannot_be_read_is_a_storage_error(
        self, store: JsonlHistoryStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path) -> Iterator[bytes]:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(jsonl, "read_lines", refuse)
        with pytest.raises(StorageError, match="Input/output"):
            _ = [each async for each in store.entries_of(7)]
        with pytest.raises(StorageError, match="Input/output"):
            await store.forget_guild(5)

    async def test_export_finds_what_is_archived(
        self, store: JsonlHistoryStore, folder: Path
    ) -> None:
        found = [(key, each.text) async for key, each in store.entries_of(7)]
        assert sorted(found) == [
            ("channel-1", "CANARY"),
            ("channel-1", "CANARY too"),
            ("channel-2", "CANARY"),
            ("channel-3", "CANARY"),
        ]

    async def test_what_stays_grows_old_as_before(
        self, store: JsonlHistoryStore, folder: Path
    ) -> None:
        kept = archived(folder, "channel-1")
        os.utime(kept, (1000, 1000))
        await store.forget_author(7)
        assert kept.stat().st_mtime == 1000
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    async def test_a_disk_that_refuses_leaves_the_old_file_whole(
        self, store: JsonlHistoryStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await store.append("channel-1", [entry("a"), entry("b", author_id=77)])
        before = content(path)

        def fsync(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fsync)
            with pytest.raises(StorageError, match="No space left"):
                await store.forget_author(7)
        assert content(path) == before
        assert list(path.parent.iterdir()) == [path]

    async def test_packing_waits_until_a_person_is_forgotten(self, path: Path) -> None:
        upkeep = asyncio.Lock()
        store = JsonlHistoryStore(path.parent, upkeep=upkeep)
        await store.append("channel-1", [entry("a")])
        async with upkeep:
            forgetting = asyncio.create_task(store.forget_author(7))
            await store.append("channel-1", [entry("b")])
            assert not forgetting.done()
        assert await forgetting == 2
        await store.aclose()


class TestSealing:
    async def test_nobody_reads_a_sealed_history_without_its_key(self, path: Path) -> None:
        store = JsonlHistoryStore(path.parent, cipher=FernetCipher(Fernet.generate_key().decode()))
        await store.append("channel-1", [entry("secret words")])
        await store.aclose()
        assert b"secret" not in content(path)
        assert b"Ann" not in content(path)

    async def test_lines_written_before_it_was_sealed_stay_readable(
        self, store: JsonlHistoryStore, path: Path
    ) -> None:
        await store.append("channel-1", [entry("plain")])
        sealed = JsonlHistoryStore(path.parent, cipher=FernetCipher(Fernet.generate_key().decode()))
        await sealed.append("channel-1", [entry("sealed")])
        assert await texts(sealed) == ["plain", "sealed"]
        assert await sealed.forget_author(7) == 2
        await sealed.aclose()
