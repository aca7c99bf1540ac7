import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TypeVar

from cachetools import TTLCache
from pydantic import TypeAdapter, ValidationError

from services.core.errors import StorageError
from services.core.files import replace_private
from services.core.metrics import Clock
from services.core.protocols import Cipher
from services.facts import Fact, Facts

log = logging.getLogger(__name__)

NOT_KEPT = (
    "I could not change what I keep about you: the disk refused. Please tell the bot's owner."
)
FULL = "I know as many people as I can, so I can't keep that. Please tell the bot's owner."

SUFFIX, CORRUPT = ".json", ".corrupt"

_FORMAT = TypeAdapter(Facts)

Result = TypeVar("Result")


class ProfileStore:
    """Keep people's facts, each person's in a small private file of its own; sealed by a `cipher`.

    The `max_cached` profiles last used stay in memory for `ttl` seconds of `clock`. At most
    `max_profiles` are kept: nothing is kept of further people. Every method raises StorageError.
    """

    def __init__(
        self,
        directory: Path,
        *,
        cipher: Cipher | None,
        clock: Clock,
        ttl: float = 600.0,
        max_cached: int = 500,
        max_profiles: int = 10_000,
    ) -> None:
        self._directory = directory
        self._cipher = cipher
        self._max_profiles = max_profiles
        self._cached: TTLCache[int, Facts] = TTLCache(max_cached, ttl, timer=clock)
        self._tellers: dict[int, int] | None = None
        self._writing = asyncio.Lock()
        self._version = 0

    async def load(self, user_id: int) -> Facts:
        """Return what is kept of a person; a file that can't be read is set aside."""
        if (known := self._cached.get(user_id)) is not None:
            return known
        version = self._version
        facts = await _off_the_loop(self._read, self._path(user_id))
        if version == self._version:
            self._cached[user_id] = facts
        return facts

    async def change(self, user_id: int, change: Callable[[Facts], Facts]) -> Facts:
        """Keep what `change` makes of a person's facts, and return it."""
        async with self._writing:
            return await self._change(user_id, change)

    async def holders(self, wanted: Callable[[Fact], bool]) -> set[int]:
        """Return the ids of those of whom such facts are kept; reads every profile."""
        found = await _off_the_loop(lambda: [*self._read_all()])
        return {user_id for user_id, facts in found if any(map(wanted, facts))}

    async def tellers(self, message_ids: Collection[int]) -> set[int]:
        """Return the ids of those who told facts in any of these messages."""
        async with self._writing:
            if self._tellers is None:
                self._tellers = await _off_the_loop(self._read_tellers)
            return {self._tellers[each] for each in message_ids if each in self._tellers}

    async def forget(self, user_id: int) -> int:
        """Delete all that is kept of a person; return how many facts and unreadable files."""
        async with self._writing:
            known = await self.load(user_id)
            await self._change(user_id, lambda _: ())
            return len(known) + await _off_the_loop(self._delete, user_id)

    async def _change(self, user_id: int, change: Callable[[Facts], Facts]) -> Facts:
        before = await self.load(user_id)
        after = change(before)
        if after != before:
            self._cached.pop(user_id, None)
            self._version += 1
            await _off_the_loop(self._write, self._path(user_id), after)
            self._version += 1
            self._cached[user_id] = after
            if self._tellers is not None:
                for gone in _ids(before) - _ids(after):
                    self._tellers.pop(gone, None)
                self._tellers |= dict.fromkeys(_ids(after), user_id)
        return after

    def _path(self, user_id: int) -> Path:
        return self._directory / f"{user_id}{SUFFIX}"

    def _files(self) -> Iterator[Path]:
        found = self._directory.iterdir() if self._directory.is_dir() else ()
        return (path for path in found if path.suffix == SUFFIX and path.stem.isdecimal())

    def _read_all(self) -> Iterator[tuple[int, Facts]]:
        for path in list(self._files()):
            yield int(path.stem), self._read(path)

    def _read_tellers(self) -> dict[int, int]:
        return {
            message_id: user_id
            for user_id, facts in self._read_all()
            for fact in facts
            for message_id in fact.message_ids
        }

    def _read(self, path: Path) -> Facts:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return ()
        try:
            if self._cipher is not None and not content.startswith(b"["):
                content = self._cipher.open(content)
            return _FORMAT.validate_json(content)
        except (ValidationError, ValueError):
            log.error("A profile cannot be read and is set aside: %s", path.name)
            path.replace(path.with_name(path.name + CORRUPT))
            return ()

    def _write(self, path: Path, facts: Facts) -> None:
        if not facts:
            path.unlink(missing_ok=True)
            return
        if not path.exists() and len(list(self._files())) >= self._max_profiles:
            raise StorageError("too many profiles", user_message=FULL)
        content = _FORMAT.dump_json(facts)
        replace_private(path, self._cipher.seal(content) if self._cipher else content)

    def _delete(self, user_id: int) -> int:
        left = list(self._directory.glob(f"{user_id}{SUFFIX}*"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _ids(facts: Facts) -> set[int]:
    return {message_id for fact in facts for message_id in fact.message_ids}


async def _off_the_loop(work: Callable[..., Result], *arguments: object) -> Result:
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        raise StorageError(f"profiles: {error}", user_message=NOT_KEPT) from error
