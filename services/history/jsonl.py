import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from services.core.errors import CorruptHistoryError, StorageError
from services.core.types import HistoryEntry
from services.history.files import AppendOnlyFiles, last_lines
from services.history.record import decode, encode, file_name
from services.history.writer_thread import WriterThread

log = logging.getLogger(__name__)

T = TypeVar("T")

LOST = "I could not read what we said here before, so I start afresh. Please ask again."


class JsonlHistoryStore:
    """Keep each conversation as a file of JSON lines, newest last.

    One thread writes: at once with one call per append, on the disk itself within
    `fsync_interval` seconds. A killed process loses at most an unfinished line, a power cut at
    most that interval. Reading goes past the writer, so a slow disk delays no reply.
    """

    def __init__(self, directory: Path, *, fsync_interval: float = 1.0) -> None:
        self._directory = directory
        self._files = AppendOnlyFiles(directory)
        self._writer = WriterThread(
            sync=self._files.sync, close=self._files.close_all, interval=fsync_interval
        )

    async def append(self, conversation: str, entries: Sequence[HistoryEntry]) -> None:
        """Keep entries together, in order; returns after they were written."""
        if entries:
            await self._write(partial(self._append, conversation, tuple(entries)))

    async def load(self, conversation: str, *, limit: int) -> list[HistoryEntry]:
        """Return the newest `limit` entries, oldest first.

        Raises CorruptHistoryError once for a file that cannot be read: it is set aside, and the
        conversation goes on with a fresh one.
        """
        if limit <= 0:
            return []
        name = file_name(conversation)
        try:
            return await asyncio.to_thread(self._read, name, limit)
        except ValueError:
            aside = await self._write(partial(self._set_aside, name, limit))
        except OSError as error:
            raise StorageError(f"cannot read {name}: {error}") from error
        raise CorruptHistoryError(f"{name} is damaged; kept as {aside}", user_message=LOST)

    async def clear(self, conversation: str) -> int:
        """Forget a conversation durably and return how many entries it had."""
        return await self._write(partial(self._files.remove, file_name(conversation)))

    async def aclose(self) -> None:
        """Write what is queued and close the files; idempotent."""
        await self._writer.aclose()

    async def _write(self, work: Callable[[], T]) -> T:
        try:
            return await self._writer.run(work)
        except OSError as error:
            raise StorageError(f"cannot write the history: {error}") from error

    def _append(self, conversation: str, entries: tuple[HistoryEntry, ...]) -> None:
        self._files.append(file_name(conversation), b"".join(map(encode, entries)))

    def _read(self, name: str, limit: int) -> list[HistoryEntry]:
        return [decode(line) for line in last_lines(self._directory / name, limit)]

    def _set_aside(self, name: str, limit: int) -> str:
        try:
            self._read(name, limit)
        except ValueError:
            aside = self._files.set_aside(name).name
            log.error("%s is damaged; it is kept as %s and a fresh one begun", name, aside)
            return aside
        return name
