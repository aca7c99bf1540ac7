import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from services.core.cache import CacheStatistics
from services.core.process import resident_mb
from services.core.tasks import TaskOwner
from services.disk_cleanup import archive_old, delete_archived, delete_old, measure

log = logging.getLogger(__name__)

_BYTES_PER_MB = 1024 * 1024

WATCH_SECONDS = 60.0
"""How often the process's memory is looked at."""

WARNING_SHARE = 0.8
"""The part of the memory limit from which on the log says so."""


class ReleasableCache(Protocol):
    """Hold what can be made again; a ByteBoundCache is one."""

    def clear(self) -> None:
        """Drop every value."""
        ...

    def statistics(self) -> CacheStatistics:
        """Return what is kept, and hits and misses."""
        ...


class MemoryManager:
    """Delete old temporary files, pack old conversations away and watch the memory, beside all.

    Works on regular files of `temp_dir` (with its folders), on `history_dir`/*.jsonl and on what
    became of those; follows no symbolic link and leaves dotfiles alone. All disk work is off the
    event loop. Archives, damaged files, and summaries and facts to which nothing was added go after
    `archive_max_age_days` (0: never). Above `memory_limit_mb` (0: none) the `caches` are emptied;
    at 80 % of it the log warns. `upkeep` is held while history files are moved. `clock` gives
    seconds since the epoch.
    """

    def __init__(
        self,
        *,
        temp_dir: Path | str,
        history_dir: Path | str,
        enabled: bool = True,
        interval_hours: float = 6.0,
        max_temp_age_hours: float = 24.0,
        max_history_age_days: float = 30.0,
        archive_max_age_days: float = 365.0,
        memory_limit_mb: float = 0.0,
        caches: Sequence[ReleasableCache] = (),
        upkeep: asyncio.Lock | None = None,
        clock: Callable[[], float] = time.time,
        memory: Callable[[], float] = resident_mb,
    ) -> None:
        self._temp_dir = Path(temp_dir)
        self._history_dir = Path(history_dir)
        self._enabled = enabled
        self._interval = interval_hours * 3600
        self._max_temp_age = max_temp_age_hours * 3600
        self._max_history_age = max_history_age_days * 86400
        self._archive_max_age = archive_max_age_days * 86400
        self._memory_limit = memory_limit_mb
        self._caches = caches
        self._clock = clock
        self._memory = memory
        self._tasks = TaskOwner("memory_manager")
        self._started = self._warned = False
        self._upkeep = upkeep or asyncio.Lock()
        self._freed = 0

    async def start_background_cleanup(self) -> None:
        """Clean up now and then every interval, until `aclose`; does nothing when disabled."""
        if self._enabled and not self._started:
            self._started = True
            self._tasks.start(self._clean_up_forever(), name="cleanup")
            if self._memory_limit:
                self._tasks.start(self._watch_forever(), name="watch")

    async def cleanup_temp_files(self) -> Mapping[str, float]:
        """Delete what is too old in the temporary folder; say `deleted_files` and `freed_mb`.

        `failed_files` counts those that could not be deleted.
        """
        async with self._upkeep:
            oldest = self._clock() - self._max_temp_age
            result = await asyncio.to_thread(delete_old, self._temp_dir, before=oldest)
        self._freed += result["freed_bytes"]
        return _in_megabytes(result)

    async def archive_history(self) -> Mapping[str, float]:
        """Pack away conversations untouched for too long; say `archived_files` and `freed_mb`.

        `failed_files` counts those that could not be packed; they stay as they are.
        """
        async with self._upkeep:
            oldest = self._clock() - self._max_history_age
            result = await asyncio.to_thread(archive_old, self._history_dir, before=oldest)
        self._freed += result["freed_bytes"]
        return _in_megabytes(result)

    async def delete_archives(self) -> Mapping[str, float]:
        """Delete archives and damaged files that are too old; say `deleted_files`, `freed_mb`."""
        if not self._archive_max_age:
            return _in_megabytes({"deleted_files": 0, "freed_bytes": 0, "failed_files": 0})
        async with self._upkeep:
            oldest = self._clock() - self._archive_max_age
            result = await asyncio.to_thread(delete_archived, self._history_dir, before=oldest)
        self._freed += result["freed_bytes"]
        return _in_megabytes(result)

    async def get_stats(self) -> Mapping[str, float]:
        """Return what the folders, the process and its caches hold.

        `temp_files`, `temp_mb`, `history_files`, `history_mb`, `freed_mb` so far, `rss_mb`,
        `memory_limit_mb`, `cache_entries`, `cache_mb`, `cache_hits` and `cache_misses`.
        """
        temp = await asyncio.to_thread(measure, self._temp_dir)
        history = await asyncio.to_thread(measure, self._history_dir)
        stats = {
            "temp_files": temp.files,
            "temp_bytes": temp.bytes,
            "history_files": history.files,
            "history_bytes": history.bytes,
            "freed_bytes": self._freed,
        }
        rss = await asyncio.to_thread(self._memory)
        process = {"rss_mb": rss, "memory_limit_mb": self._memory_limit}
        return {**_in_megabytes(stats), **process, **self._cache_stats()}

    async def aclose(self) -> None:
        """End the background work; idempotent."""
        await self._tasks.aclose()

    async def _clean_up_forever(self) -> None:
        while True:
            deleted = await self.cleanup_temp_files()
            archived = await self.archive_history()
            dropped = await self.delete_archives()
            log.info(
                "Deleted %d temporary files and %d archives, packed %d conversations away; "
                "%.1f MB freed",
                deleted["deleted_files"],
                dropped["deleted_files"],
                archived["archived_files"],
                deleted["freed_mb"] + archived["freed_mb"] + dropped["freed_mb"],
            )
            await asyncio.sleep(self._interval)

    async def _watch_forever(self) -> None:
        while True:
            self._watch(await asyncio.to_thread(self._memory))
            await asyncio.sleep(WATCH_SECONDS)

    def _watch(self, memory: float) -> None:
        near = memory >= WARNING_SHARE * self._memory_limit
        if near and not self._warned:
            log.warning("%.0f MB of memory in use, of %.0f", memory, self._memory_limit)
        self._warned = near
        if memory >= self._memory_limit:
            for cache in self._caches:
                cache.clear()

    def _cache_stats(self) -> dict[str, float]:
        found = [cache.statistics() for cache in self._caches]
        return {
            "cache_entries": sum(each.entries for each in found),
            "cache_mb": round(sum(each.bytes for each in found) / _BYTES_PER_MB, 6),
            "cache_hits": sum(each.hits for each in found),
            "cache_misses": sum(each.misses for each in found),
        }


def _in_megabytes(counts: Mapping[str, int]) -> dict[str, float]:
    """Return counts with every `…_bytes` as `…_mb`."""
    return {
        name.replace("_bytes", "_mb"): (
            round(count / _BYTES_PER_MB, 6) if name.endswith("_bytes") else count
        )
        for name, count in counts.items()
    }
