import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from services.core.tasks import TaskOwner
from services.disk_cleanup import archive_old, delete_old, measure

log = logging.getLogger(__name__)

_BYTES_PER_MB = 1024 * 1024


class MemoryManager:
    """Delete old temporary files and pack old conversations away, in the background.

    Works on regular files of `temp_dir` (with its folders) and on `history_dir`/*.jsonl; follows
    no symbolic link and leaves dotfiles alone. All disk work is off the event loop. `clock` gives
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._temp_dir = Path(temp_dir)
        self._history_dir = Path(history_dir)
        self._enabled = enabled
        self._interval = interval_hours * 3600
        self._max_temp_age = max_temp_age_hours * 3600
        self._max_history_age = max_history_age_days * 86400
        self._clock = clock
        self._tasks = TaskOwner("memory_manager")
        self._started = False
        self._working = asyncio.Lock()
        self._freed = 0

    async def start_background_cleanup(self) -> None:
        """Clean up now and then every interval, until `aclose`; does nothing when disabled."""
        if self._enabled and not self._started:
            self._started = True
            self._tasks.start(self._clean_up_forever(), name="cleanup")

    async def cleanup_temp_files(self) -> Mapping[str, float]:
        """Delete what is too old in the temporary folder; say `deleted_files` and `freed_mb`.

        `failed_files` counts those that could not be deleted.
        """
        async with self._working:
            oldest = self._clock() - self._max_temp_age
            result = await asyncio.to_thread(delete_old, self._temp_dir, before=oldest)
        self._freed += result["freed_bytes"]
        return _in_megabytes(result)

    async def archive_history(self) -> Mapping[str, float]:
        """Pack away conversations untouched for too long; say `archived_files` and `freed_mb`.

        `failed_files` counts those that could not be packed; they stay as they are.
        """
        async with self._working:
            oldest = self._clock() - self._max_history_age
            result = await asyncio.to_thread(archive_old, self._history_dir, before=oldest)
        self._freed += result["freed_bytes"]
        return _in_megabytes(result)

    async def get_stats(self) -> Mapping[str, float]:
        """Return `temp_files`, `temp_mb`, `history_files`, `history_mb` and `freed_mb` so far."""
        temp = await asyncio.to_thread(measure, self._temp_dir)
        history = await asyncio.to_thread(measure, self._history_dir)
        stats = {
            "temp_files": temp.files,
            "temp_bytes": temp.bytes,
            "history_files": history.files,
            "history_bytes": history.bytes,
            "freed_bytes": self._freed,
        }
        return _in_megabytes(stats)

    async def aclose(self) -> None:
        """End the background work; idempotent."""
        await self._tasks.aclose()

    async def _clean_up_forever(self) -> None:
        while True:
            deleted = await self.cleanup_temp_files()
            archived = await self.archive_history()
            log.info(
                "Deleted %d temporary files and packed %d conversations away; %.1f MB freed",
                deleted["deleted_files"],
                archived["archived_files"],
                deleted["freed_mb"] + archived["freed_mb"],
            )
            await asyncio.sleep(self._interval)


def _in_megabytes(counts: Mapping[str, int]) -> dict[str, float]:
    """Return counts with every `…_bytes` as `…_mb`."""
    return {
        name.replace("_bytes", "_mb"): (
            round(count / _BYTES_PER_MB, 6) if name.endswith("_bytes") else count
        )
        for name, count in counts.items()
    }
