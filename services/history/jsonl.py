import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from services.core.errors import CorruptHistoryError, StorageError
from services.core.protocols import Cipher
from services.core.types import HistoryEntry
from services.history import forgetting
from services.history.files import AppendOnlyFiles
from services.history.finding import PartFinder
from services.history.layout import left_overs, parts, stem_of
from services.history.lines import LineChange, last_lines, read_lines, rewrite_lines
from services.history.record import conversation_of, decode, encode, file_name
from services.history.writer_thread import WriterThread

log = logging.getLogger(__name__)

T = TypeVar("T")

LOST = "I could not read what we said here before, so I start afresh. Please ask again."


class JsonlHistoryStore:
    """Keep each conversation as a file of JSON lines, newest last.

    One thread writes: at once with one call per append, on the disk itself within
    `fsync_interval` seconds. A killed process loses at most an unfinished line, a power cut at
    most that interval. Reading goes past the writer, so a slow disk delays no reply.

    Forgetting reaches archives and damaged files too; there a line that nobody can read goes as
    well. `upkeep` is held meanwhile: whoever packs archives must hold it too. With a `cipher` all
    that is written is sealed; lines written before it stay readable.
    """

    def __init__(
        self,
        directory: Path,
        *,
        cipher: Cipher | None = None,
        upkeep: asyncio.Lock | None = None,
        fsync_interval: float = 1.0,
    ) -> None:
        self._directory = directory
        self._cipher = cipher
        self._upkeep = upkeep or asyncio.Lock()
        self._files = AppendOnlyFiles(directory)
        self._finder = PartFinder(directory)
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
        """Forget a conversation durably, archives included; return how many entries it had."""
        return await self._rewrite(conversation, forgetting.everything)

    async def revise(self, conversation: str, message_id: int, text: str) -> bool:
        """Change the text of the entry of one message; return whether anything was changed."""
        change = forgetting.revision(message_id, text, self._cipher)
        return await self._rewrite(conversation, change) > 0

    async def forget_messages(self, conversation: str, message_ids: Collection[int]) -> int:
        """Forget the entries that any of these messages belongs to; return how many."""
        return await self._rewrite(
            conversation, forgetting.without_messages(frozenset(message_ids), self._cipher)
        )

    async def forget_author(self, author_id: int) -> int:
        """Forget what a person said and was answered, everywhere; return how many entries."""
        change = forgetting.without_author(author_id, self._cipher)
        return await self._rewrite(None, change)

    async def forget_guild(self, guild_id: int) -> list[str]:
        """Forget all conversations of a guild and return their keys."""
        keys = set()
        for path in await self._look(self._parts):
            key = conversation_of(path.name)
            if key not in keys and await self._look(partial(self._is_of_guild, path, guild_id)):
                keys.add(key)
        for key in sorted(keys):
            await self.clear(key)
        return sorted(keys)

    async def entries_of(self, author_id: int) -> AsyncGenerator[tuple[str, HistoryEntry], None]:
        """Yield what a person said and was answered, each with its conversation's key."""
        for path in await self._look(self._parts):
            for entry in await self._look(partial(self._read_author, path, author_id)):
                yield conversation_of(path.name), entry

    async def aclose(self) -> None:
        """Write what is queued and close the files; idempotent."""
        await self._writer.aclose()

    async def _write(self, work: Callable[[], T]) -> T:
        try:
            return await self._writer.run(work)
        except OSError as error:
            raise StorageError(f"cannot write the history: {error}") from error

    async def _look(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise StorageError(f"cannot read the history: {error}") from error

    async def _rewrite(self, conversation: str | None, change: LineChange) -> int:
        """Change all files of one conversation, or of all; appends go on between two files.

        What was appended before is changed too, also where its writing is still queued. A file that
        can't be changed keeps no other from it.
        """
        async with self._upkeep:
            changed, failures = 0, []
            for path in await self._write(partial(self._begin_rewriting, conversation)):
                try:
                    changed += await self._write(partial(self._rewrite_file, path, change))
                except StorageError as error:
                    failures.append(error)
            if failures:
                raise failures[0]
            return changed

    def _parts(self) -> list[Path]:
        return list(parts(self._directory))

    def _begin_rewriting(self, conversation: str | None) -> list[Path]:
        if conversation is not None:
            return self._finder.parts(stem_of(file_name(conversation)))
        for path in left_overs(self._directory):
            path.unlink(missing_ok=True)
        return self._parts()

    def _rewrite_file(self, path: Path, change: LineChange) -> int:
        if path.parent == self._directory:
            self._files.close(path.name)
        return rewrite_lines(path, change)

    def _append(self, conversation: str, entries: tuple[HistoryEntry, ...]) -> None:
        lines = [encode(entry, self._cipher) for entry in entries]
        self._files.append(file_name(conversation), b"".join(lines))

    def _read(self, name: str, limit: int) -> list[HistoryEntry]:
        lines = last_lines(self._directory / name, limit)
        return [decode(line, self._cipher) for line in lines]

    def _is_of_guild(self, path: Path, guild_id: int) -> bool:
        return forgetting.is_of_guild(read_lines(path), guild_id, self._cipher)

    def _read_author(self, path: Path, author_id: int) -> list[HistoryEntry]:
        return list(forgetting.of_author(read_lines(path), author_id, self._cipher))

    def _set_aside(self, name: str, limit: int) -> str:
        try:
            self._read(name, limit)
        except ValueError:
            aside = self._files.set_aside(name)
            self._finder.add_damaged(aside)
            log.error("%s is damaged; it is kept as %s and a fresh one begun", name, aside.name)
            return aside.name
        return name
