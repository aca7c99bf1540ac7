import asyncio
import gzip
import logging
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from services import disk_cleanup, memory_manager
from services.core.cache import ByteBoundCache
from services.memory_manager import MemoryManager

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0
Make = Callable[..., Path]


@pytest_asyncio.fixture
async def manager(tmp_path: Path) -> AsyncIterator[MemoryManager]:
    opened = MemoryManager(
        temp_dir=tmp_path / "temp", history_dir=tmp_path / "history", clock=lambda: NOW
    )
    yield opened
    await opened.aclose()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes a file of some age, seconds."""

    def create(name: str, *, age: float, content: bytes = b"x" * 1000) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (NOW - age, NOW - age))
        return path

    return create


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def link(path: Path, target: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    os.utime(path, (NOW - 9 * DAY, NOW - 9 * DAY), follow_symlinks=False)
    return path


class TestTemporaryFiles:
    async def test_are_deleted_when_older_than_a_day(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        make("temp/old.wav", age=25 * HOUR)
        make("temp/deep/er/old.wav", age=9 * DAY)
        make("temp/new.wav", age=23 * HOUR)
        make("temp/deep/tomorrow.wav", age=-DAY)
        result = await manager.cleanup_temp_files()
        assert result["deleted_files"] == 2
        assert result["freed_mb"] == pytest.approx(2000 / 1024 / 1024, abs=1e-6)
        assert names(tmp_path / "temp") == {"new.wav", "deep/tomorrow.wav"}

    async def test_dotfiles_links_and_what_they_lead_to_stay(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        make("temp/.gitkeep", age=9 * DAY)
        make("temp/.cache/voice.bin", age=9 * DAY)
        outside = make("outside/precious.txt", age=9 * DAY)
        link(tmp_path / "temp" / "file", outside)
        link(tmp_path / "temp" / "folder", outside.parent)
        link(tmp_path / "temp" / "nowhere", tmp_path / "missing")
        before = names(tmp_path)
        assert (await manager.cleanup_temp_files())["deleted_files"] == 0
        assert names(tmp_path) == before

    async def test_a_missing_folder_is_an_empty_one(self, manager: MemoryManager) -> None:
        result = await manager.cleanup_temp_files()
        assert result == {"deleted_files": 0, "freed_mb": 0.0, "failed_files": 0}

    async def test_one_that_vanishes_meanwhile_is_passed_over(
        self, manager: MemoryManager, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make("temp/a", age=9 * DAY)
        unlink = Path.unlink

        def vanish(path: Path, *, missing_ok: bool = False) -> None:
            unlink(path)
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", vanish)
        result = await manager.cleanup_temp_files()
        assert (result["deleted_files"], result["failed_files"]) == (0, 0)

    async def test_one_that_cannot_be_deleted_is_counted_and_logged(
        self,
        manager: MemoryManager,
        make: Make,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        make("temp/a", age=9 * DAY)

        def refuse(_: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "unlink", refuse)
        result = await manager.cleanup_temp_files()
        assert (result["deleted_files"], result["failed_files"]) == (0, 1)
        assert "Permission denied" in caplog.text


class TestHistory:
    async def test_untouched_for_a_month_is_packed_away(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        text = b'{"text":"hello"}\n' * 1000
        make("history/channel-1.jsonl", age=31 * DAY, content=text)
        make("history/channel-2.jsonl", age=29 * DAY, content=text)
        make("history/channel-3.jsonl.corrupt", age=99 * DAY)
        make("history/.hidden.jsonl", age=99 * DAY)
        result = await manager.archive_history()
        assert (result["archived_files"], result["failed_files"]) == (1, 0)
        assert 0.014 < result["freed_mb"] < 0.017
        packed = "archive/channel-1.20261215-1.jsonl.gz"
        assert names(tmp_path / "history") == {
            packed,
            "channel-2.jsonl",
            "channel-3.jsonl.corrupt",
            ".hidden.jsonl",
        }
        path = tmp_path / "history" / packed
        assert unpacked(path) == text
        modes = [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)]
        assert modes == [0o600, 0o700]
        assert (await manager.archive_history())["archived_files"] == 0

    async def test_never_replaces_what_is_archived(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        for text in (b"1", b"2", b"3"):
            make("history/channel-1.jsonl", age=31 * DAY, content=text)
            await manager.archive_history()
        archive = tmp_path / "history" / "archive"
        assert sorted(map(unpacked, archive.iterdir())) == [b"1", b"2", b"3"]

    async def test_a_run_that_was_cut_off_is_finished_by_the_next(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        make("history/archive/channel-1.20261215-1.jsonl", age=31 * DAY, content=b"a")
        make("history/archive/channel-1.20261215-1.jsonl.part", age=DAY, content=b"torn")
        assert (await manager.archive_history())["archived_files"] == 1
        archive = tmp_path / "history" / "archive"
        assert names(archive) == {"channel-1.20261215-1.jsonl.gz"}
        assert unpacked(archive / "channel-1.20261215-1.jsonl.gz") == b"a"

    async def test_a_line_written_meanwhile_is_packed_too(
        self, manager: MemoryManager, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make("history/channel-1.jsonl", age=31 * DAY, content=b"a\n")
        compress = disk_cleanup._compress

        def slow(source: Path, target: Path) -> int:
            size = compress(source, target)
            if size == 2:
                with source.open("ab") as file:
                    file.write(b"b\n")
            return size

        monkeypatch.setattr(disk_cleanup, "_compress", slow)
        await manager.archive_history()
        archive = tmp_path / "history" / "archive"
        assert list(map(unpacked, archive.iterdir())) == [b"a\nb\n"]

    async def test_a_full_disk_loses_nothing(
        self,
        manager: MemoryManager,
        make: Make,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        make("history/channel-1.jsonl", age=31 * DAY, content=b"a")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(disk_cleanup.shutil, "copyfileobj", full)  # type: ignore[attr-defined]
            result = await manager.archive_history()
        assert (result["archived_files"], result["failed_files"]) == (0, 1)
        assert "No space left" in caplog.text
        assert names(tmp_path / "history") == {"archive/channel-1.20261215-1.jsonl"}
        assert (await manager.archive_history())["archived_files"] == 1

    async def test_what_guilds_and_people_chose_never_grows_old(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        make("history/preferences/guilds/5.json", age=999 * DAY)
        make("history/preferences/users/7.json", age=999 * DAY)
        await manager.cleanup_temp_files()
        assert (await manager.archive_history())["archived_files"] == 0
        kept = tmp_path / "history" / "preferences"
        assert names(kept) == {"guilds/5.json", "users/7.json"}

    async def test_links_are_left_alone(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        outside = make("outside/channel-1.jsonl", age=99 * DAY)
        link(tmp_path / "history" / "channel-1.jsonl", outside)
        assert (await manager.archive_history())["archived_files"] == 0
        assert names(tmp_path) == {"outside/channel-1.jsonl", "history/channel-1.jsonl"}


async def test_stats_count_what_is_there_and_what_was_freed(
    manager: MemoryManager, make: Make
) -> None:
    megabyte = 1024 * 1024
    make("temp/old", age=9 * DAY, content=b"x" * megabyte)
    make("temp/deep/new", age=0, content=b"x" * (megabyte // 2))
    make("temp/.gitkeep", age=0)
    make("history/channel-1.jsonl", age=0, content=b"x" * megabyte)
    make("history/archive/channel-2.jsonl.gz", age=0, content=b"x" * megabyte)
    before = await manager.get_stats()
    assert (
        before.items()
        >= {
            "temp_files": 2,
            "temp_mb": 1.5,
            "history_files": 2,
            "history_mb": 2.0,
            "freed_mb": 0.0,
        }.items()
    )
    await manager.cleanup_temp_files()
    after = await manager.get_stats()
    assert (after["temp_files"], after["temp_mb"], after["freed_mb"]) == (1, 0.5, 1.0)


class TestBackground:
    async def test_cleans_up_at_once_and_every_interval(
        self, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        manager = MemoryManager(
            temp_dir=str(tmp_path / "temp"),
            history_dir=str(tmp_path / "history"),
            interval_hours=0.01 / 3600,
            clock=lambda: NOW,
        )
        with caplog.at_level(logging.INFO):
            for _ in range(3):
                old = make("temp/old", age=9 * DAY)
                await manager.start_background_cleanup()
                async with asyncio.timeout(5):
                    while await asyncio.to_thread(old.exists):  # noqa: ASYNC110 - another thread's
                        await asyncio.sleep(0.005)
        await manager.aclose()
        await manager.aclose()
        assert "Deleted 1 temporary files" in caplog.text

    async def test_does_nothing_when_disabled(self, make: Make, tmp_path: Path) -> None:
        manager = MemoryManager(
            temp_dir=tmp_path / "temp", history_dir=tmp_path / "history", enabled=False
        )
        make("temp/old", age=9 * DAY)
        before = asyncio.all_tasks()
        await manager.start_background_cleanup()
        assert asyncio.all_tasks() == before
        await manager.aclose()


class TestOldArchives:
    async def test_go_after_a_year_and_damaged_files_with_them(
        self, manager: MemoryManager, make: Make, tmp_path: Path
    ) -> None:
        make("history/archive/old.20240101-1.jsonl.gz", age=366 * DAY)
        make("history/old.jsonl.corrupt", age=366 * DAY)
        make("history/preferences/users/7.json.corrupt", age=366 * DAY)
        make("history/preferences/users/7.json", age=366 * DAY)
        make("history/profiles/1.json", age=366 * DAY)
        make("history/profiles/2.json", age=DAY)
        make("history/archive/young.20260101-1.jsonl.gz", age=364 * DAY)
        make("history/young.jsonl.corrupt", age=DAY)
        make("history/preferences/guilds/7.json", age=900 * DAY)
        make("history/channel-1.jsonl", age=900 * DAY)
        make("history/summaries/channel-1.json", age=366 * DAY)
        make("history/summaries/channel-2.json", age=364 * DAY)
        result = await manager.delete_archives()
        assert result["deleted_files"] == 5
        assert names(tmp_path / "history") == {
            "preferences/users/7.json",
            "profiles/2.json",
            "archive/young.20260101-1.jsonl.gz",
            "young.jsonl.corrupt",
            "preferences/guilds/7.json",
            "channel-1.jsonl",
            "summaries/channel-2.json",
        }

    async def test_stay_for_ever_where_no_age_is_set(self, make: Make, tmp_path: Path) -> None:
        kept = make("history/archive/old.20240101-1.jsonl.gz", age=9000 * DAY)
        forever = MemoryManager(
            temp_dir=tmp_path / "temp", history_dir=tmp_path / "history", archive_max_age_days=0
        )
        assert (await forever.delete_archives())["deleted_files"] == 0
        assert names(tmp_path / "history") == {str(kept.relative_to(tmp_path / "history"))}


class TestMemory:
    @pytest.mark.virtual_time
    async def test_the_log_warns_once_at_four_fifths_and_the_caches_empty_at_the_limit(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        cache: ByteBoundCache[str, bytes] = ByteBoundCache(max_bytes=100, size_of=len)
        cache.put("a", b"123")
        held = [79.0, 80.0, 90.0, 100.0, 50.0, 81.0]
        kept: list[int] = []

        def memory() -> float:
            kept.append(len(cache))
            return held[min(len(kept), len(held)) - 1]

        manager = MemoryManager(
            temp_dir=tmp_path / "temp",
            history_dir=tmp_path / "history",
            memory_limit_mb=100,
            caches=[cache],
            memory=memory,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "to_thread", at_once)
            await manager.start_background_cleanup()
            await asyncio.sleep(5.5 * memory_manager.WATCH_SECONDS)
            await manager.aclose()
        assert kept == [1, 1, 1, 1, 0, 0]
        warned = [each for each in caplog.messages if "of memory in use" in each]
        assert warned == ["80 MB of memory in use, of 100", "81 MB of memory in use, of 100"]

    async def test_the_stats_tell_what_the_caches_are_good_for(self, tmp_path: Path) -> None:
        cache: ByteBoundCache[str, bytes] = ByteBoundCache(max_bytes=2**20, size_of=len)
        cache.put("a", bytes(2**19))
        cache.get("a")
        cache.get("b")
        manager = MemoryManager(
            temp_dir=tmp_path, history_dir=tmp_path, caches=[cache], memory_limit_mb=512
        )
        stats = await manager.get_stats()
        assert stats["cache_mb"] == 0.5
        assert (stats["cache_entries"], stats["cache_hits"], stats["cache_misses"]) == (1, 1, 1)
        assert stats["memory_limit_mb"] == 512
        assert stats["rss_mb"] > 1


async def at_once(work: Callable[..., object], *args: object, **kwargs: object) -> object:
    """Stand in for a thread, which virtual time can't wait for."""
    return work(*args, **kwargs)
