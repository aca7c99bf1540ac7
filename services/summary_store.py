import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from cachetools import LRUCache

from services.core.errors import StorageError
from services.core.files import PARTIAL, replace_private
from services.core.protocols import Cipher
from services.trim_thresholds import Reached

log = logging.getLogger(__name__)

SUFFIX, CORRUPT = ".json", ".corrupt"

Version = tuple[int, int]
"""How often all conversations, and one, had something forgotten."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Hold a conversation in short, as far as `reached`: none of its messages so far is not in it.

    `sources` are the ids of the people, those who were answered too, and of the messages from
    elsewhere whose words may be in it; None where they are too many to tell.
    """

    text: str
    reached: Reached
    sources: frozenset[int] | None

    def holds(self, message_ids: Collection[int]) -> bool:
        """Tell whether one of its channel's messages may be in it; their ids rise with time."""
        last = self.reached.message_id
        return any(not last or each <= last for each in message_ids)

    def is_of(self, person_id: int) -> bool:
        """Tell whether a person's words may be in it."""
        return self.sources is None or person_id in self.sources


class SummaryStore:
    """Keep the summary of each conversation in a small file of its own; sealed with a `cipher`.

    The `max_cached` last used are in memory too. Whoever makes a summary of what was read at a
    `version` gives that with it: once anything of its conversation was forgotten since, it is not
    kept.
    """

    def __init__(
        self, directory: Path, *, cipher: Cipher | None = None, max_cached: int = 200
    ) -> None:
        self._directory = directory
        self._cipher = cipher
        self._cached: LRUCache[str, Summary | None] = LRUCache(max_cached)
        self._writing = asyncio.Lock()
        self._forgotten = 0
        self._forgotten_of: LRUCache[str, int] = LRUCache(10_000)

    def version(self, key: str) -> Version:
        """Return what changes when anything of a conversation is forgotten."""
        return self._forgotten, self._forgotten_of.get(key, 0)

    async def get(self, key: str) -> Summary | None:
        """Return a conversation's summary; one that can't be read is set aside.

        Raises StorageError.
        """
        if key in self._cached:
            return self._cached[key]
        version = self.version(key)
        try:
            summary = await asyncio.to_thread(self._read, self._path(key))
        except OSError as error:
            raise StorageError(f"a summary cannot be read: {error}") from error
        if version == self.version(key):
            summary = self._cached.setdefault(key, summary)
        return summary

    async def put(self, key: str, summary: Summary, *, version: Version) -> bool:
        """Keep a summary in the place of the one before; return whether. Raises StorageError."""
        async with self._writing:
            if version != self.version(key):
                return False
            try:
                await asyncio.to_thread(replace_private, self._path(key), self._encode(summary))
            except OSError as error:
                raise StorageError(f"a summary cannot be kept: {error}") from error
            self._cached[key] = summary
            return True

    async def forget_conversation(self, key: str) -> bool:
        """Delete a conversation's summary; return whether there was one. Raises StorageError."""
        return await self._forget(key, lambda _: True) > 0

    async def forget_messages(self, key: str, message_ids: Collection[int]) -> bool:
        """Delete a conversation's summary if it holds one of its messages; return whether.

        Raises StorageError.
        """
        return await self._forget(key, lambda summary: summary.holds(message_ids)) > 0

    async def forget_author(self, author_id: int) -> int:
        """Delete the summaries that a person's words are in; return how many.

        Those that can't be read go as well. Raises StorageError.
        """
        return await self._forget(None, lambda summary: summary.is_of(author_id))

    async def keys_of(self, author_id: int) -> list[str]:
        """Return the conversations in whose summary a person's words are. Raises StorageError."""
        try:
            return await asyncio.to_thread(self._find, author_id)
        except OSError as error:
            raise StorageError(f"summaries cannot be read: {error}") from error

    async def _forget(self, key: str | None, unwanted: Callable[[Summary], bool]) -> int:
        async with self._writing:
            self._outdate(key)
            try:
                return await asyncio.to_thread(self._delete, key, unwanted)
            except OSError as error:
                raise StorageError(f"a summary cannot be deleted: {error}") from error
            finally:
                self._outdate(key)

    def _outdate(self, key: str | None) -> None:
        """Let nothing that was read until now be kept, of a conversation or of all."""
        if key is None:
            self._forgotten += 1
            self._cached.clear()
        else:
            self._forgotten_of[key] = self._forgotten_of.get(key, 0) + 1
            self._cached.pop(key, None)

    def _delete(self, key: str | None, unwanted: Callable[[Summary], bool]) -> int:
        found = self._files() if key is None else self._files_of(key)
        gone = [path for path in found if path.exists() and self._is(path, unwanted)]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _find(self, author_id: int) -> list[str]:
        found = [path for path in self._files() if self._is(path, lambda s: s.is_of(author_id))]
        return sorted(unquote(path.name.partition(".")[0]) for path in found)

    def _is(self, path: Path, unwanted: Callable[[Summary], bool]) -> bool:
        try:
            return unwanted(self._decode(path.read_bytes()))
        except FileNotFoundError:
            return False
        except ValueError:
            return True

    def _files(self) -> Iterator[Path]:
        if self._directory.is_dir():
            yield from (path for path in self._directory.iterdir() if SUFFIX in path.suffixes)

    def _files_of(self, key: str) -> list[Path]:
        path = self._path(key)
        return [path, *(path.with_name(path.name + each) for each in (CORRUPT, PARTIAL))]

    def _path(self, key: str) -> Path:
        return self._directory / (quote(key, safe="").replace(".", "%2E") + SUFFIX)

    def _read(self, path: Path) -> Summary | None:
        try:
            return self._decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            log.error("%s cannot be read and is set aside", path.name)
            path.replace(path.with_name(path.name + CORRUPT))
            return None

    def _encode(self, summary: Summary) -> bytes:
        sources = None if summary.sources is None else sorted(summary.sources)
        fields = asdict(summary) | {"sources": sources}
        data = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        return self._cipher.seal(data) if self._cipher else data

    def _decode(self, data: bytes) -> Summary:
        """Return what `_encode` wrote. Raises ValueError for anything else."""
        if self._cipher is not None and not data.startswith(b"{"):
            data = self._cipher.open(data)
        try:
            fields = json.loads(data)
            reached = fields["reached"]
            mark = Reached(float(reached["at"]), str(reached["role"]), int(reached["message_id"]))
            sources = fields["sources"]
            known = None if sources is None else frozenset(int(each) for each in sources)
            return Summary(str(fields["text"]), mark, known)
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("not a summary") from error
