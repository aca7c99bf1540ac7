import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from cachetools import LRUCache

from services.core.errors import StorageError
from services.core.files import replace_private
from services.core.protocols import Cipher
from services.trim_thresholds import Reached

log = logging.getLogger(__name__)

SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Summary:
    """Hold a conversation in short, as far as `reached`; `authors` are those whose words it holds.

    Who was answered counts as well.
    """

    text: str
    reached: Reached
    authors: frozenset[int]


class SummaryStore:
    """Keep the summary of each conversation in a small file of its own; sealed with a `cipher`.

    The `max_cached` last used are in memory too. Whoever makes a summary of what was read at a
    `version` gives that with it: once anything was forgotten since, it is not kept.
    """

    def __init__(
        self, directory: Path, *, cipher: Cipher | None = None, max_cached: int = 1000
    ) -> None:
        self._directory = directory
        self._cipher = cipher
        self._cached: LRUCache[str, Summary | None] = LRUCache(max_cached)
        self._writing = asyncio.Lock()
        self.version = 0

    async def get(self, key: str) -> Summary | None:
        """Return a conversation's summary; one that can't be read is set aside.

        Raises StorageError.
        """
        if key in self._cached:
            return self._cached[key]
        version = self.version
        try:
            summary = await asyncio.to_thread(self._read, self._path(key))
        except OSError as error:
            raise StorageError(f"a summary cannot be read: {error}") from error
        if version == self.version:
            summary = self._cached.setdefault(key, summary)
        return summary

    async def put(self, key: str, summary: Summary, *, version: int) -> bool:
        """Keep a summary in the place of the one before; return whether. Raises StorageError."""
        async with self._writing:
            if version != self.version:
                return False
            try:
                await asyncio.to_thread(replace_private, self._path(key), self._encode(summary))
            except OSError as error:
                raise StorageError(f"a summary cannot be kept: {error}") from error
            self._cached[key] = summary
            return True

    async def forget_conversation(self, key: str) -> bool:
        """Delete a conversation's summary; return whether there was one. Raises StorageError."""
        return await self._forget([self._path(key)], author_id=None) > 0

    async def forget_author(self, author_id: int) -> int:
        """Delete the summaries that a person's words are in; return how many.

        Those that can't be read go as well. Raises StorageError.
        """
        return await self._forget(None, author_id=author_id)

    async def _forget(self, paths: list[Path] | None, *, author_id: int | None) -> int:
        async with self._writing:
            self.version += 1
            try:
                return await asyncio.to_thread(self._delete, paths, author_id)
            except OSError as error:
                raise StorageError(f"a summary cannot be deleted: {error}") from error
            finally:
                self.version += 1
                self._cached.clear()

    def _delete(self, paths: list[Path] | None, author_id: int | None) -> int:
        found = list(self._files()) if paths is None else [path for path in paths if path.exists()]
        gone = [path for path in found if author_id is None or self._holds(path, author_id)]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _holds(self, path: Path, author_id: int) -> bool:
        try:
            return author_id in self._decode(path.read_bytes()).authors
        except FileNotFoundError:
            return False
        except ValueError:
            return True

    def _files(self) -> Iterator[Path]:
        if self._directory.is_dir():
            yield from (path for path in self._directory.iterdir() if SUFFIX in path.suffixes)

    def _path(self, key: str) -> Path:
        return self._directory / (quote(key, safe="").replace(".", "%2E") + SUFFIX)

    def _read(self, path: Path) -> Summary | None:
        try:
            return self._decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            log.error("%s cannot be read and is set aside", path.name)
            path.replace(path.with_name(f"{path.name}.corrupt"))
            return None

    def _encode(self, summary: Summary) -> bytes:
        fields = asdict(summary) | {"authors": sorted(summary.authors)}
        data = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        return self._cipher.seal(data) if self._cipher else data

    def _decode(self, data: bytes) -> Summary:
        """Return what `_encode` wrote. Raises ValueError for anything else."""
        if self._cipher is not None and not data.startswith(b"{"):
            data = self._cipher.open(data)
        try:
            fields = json.loads(data)
            reached = fields["reached"]
            mark = Reached(float(reached["at"]), int(reached["author_id"]), str(reached["role"]))
            authors = frozenset(int(each) for each in fields["authors"])
            return Summary(str(fields["text"]), mark, authors)
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("not a summary") from error
