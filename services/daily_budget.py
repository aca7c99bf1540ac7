import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.core.files import replace_private
from services.core.tasks import TaskOwner

log = logging.getLogger(__name__)

SAVE_SECONDS = 30.0
"""How long what was used may be known to the memory alone; a crash forgets that much."""


class DailyBudget:
    """Count what is used under each key in one day (UTC); all starts anew at midnight.

    The counts are kept in the file `path`, so that a restart gives nobody a second share. At most
    `max_keys` are counted: beyond, those used longest ago start anew. `clock` gives seconds since
    the epoch.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.time, max_keys: int = 100_000
    ) -> None:
        self._path = path
        self._clock = clock
        self._max_keys = max_keys
        self._day = self._today()
        self._used: OrderedDict[str, float] = OrderedDict()
        self._unsaved = False
        self._tasks = TaskOwner("daily_budget")

    async def start(self) -> None:
        """Read today's counts and keep them from now on."""
        self._used.update(await asyncio.to_thread(self._read))
        self._tasks.start(self._save_forever(), name="save")

    def used(self, key: str) -> float:
        """Return what was used under a key today."""
        self._turn_page()
        return self._used.get(key, 0.0)

    def spend(self, key: str, amount: float) -> None:
        """Add to what was used under a key today."""
        self._turn_page()
        self._used[key] = self._used.get(key, 0.0) + amount
        self._used.move_to_end(key)
        if len(self._used) > self._max_keys:
            self._used.popitem(last=False)
        self._unsaved = True

    def hours_left(self) -> float:
        """Return the hours until all starts anew."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        return (midnight - now).total_seconds() / 3600

    async def aclose(self) -> None:
        """Keep the last counts and end; idempotent."""
        await self._tasks.aclose()
        await self._save()

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()

    def _turn_page(self) -> None:
        if (today := self._today()) != self._day:
            self._day = today
            self._used.clear()
            self._unsaved = True

    async def _save_forever(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self._save()

    async def _save(self) -> None:
        self._turn_page()
        if not self._unsaved:
            return
        self._unsaved = False
        try:
            await asyncio.to_thread(self._write, self._day, dict(self._used))
        except OSError as error:
            self._unsaved = True
            log.warning("Today's use could not be kept: %s", error)

    def _write(self, day: str, used: dict[str, float]) -> None:
        replace_private(self._path, json.dumps({"day": day, "used": used}).encode())

    def _read(self) -> dict[str, float]:
        try:
            kept = json.loads(self._path.read_bytes())
            today = kept["day"] == self._today()
            return {str(key): float(used) for key, used in kept["used"].items()} if today else {}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("Today's use could not be read and starts anew: %s", error)
            return {}
