import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.core.errors import StorageError
from services.core.files import replace_private

log = logging.getLogger(__name__)

NOT_KEPT = "I could not keep that choice: the disk refused it. Please tell the bot's owner."
TOO_MANY = "I keep as many choices as I can; yours did not fit. Please tell the bot's owner."


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPreferences:
    """Hold what one person chose for the answers to them; empty or 0 is the bot's default.

    `remember` lets the bot keep and recall what they tell about themselves. Of what somebody says
    who has `opted_out` nothing is kept at all.
    """

    voice: str = ""
    speed: float = 0.0
    language: str = ""
    remember: bool = True
    persona: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildPreferences:
    """Hold what a guild's moderators chose; empty, 0 or None is the bot's default.

    The bot answers everything in `free_channels` and nothing where one of the lists forbids it: a
    list of what is allowed forbids the rest, and what is denied is denied even if it is allowed.
    `persona` and, by channel, `channel_personas` name who the bot is; with `own_personas` people
    may choose for the answers to them.
    """

    voice: str = ""
    speed: float = 0.0
    language: str = ""
    free_channels: frozenset[int] = frozenset()
    allowed_users: frozenset[int] = frozenset()
    denied_users: frozenset[int] = frozenset()
    allowed_roles: frozenset[int] = frozenset()
    denied_roles: frozenset[int] = frozenset()
    allowed_channels: frozenset[int] = frozenset()
    denied_channels: frozenset[int] = frozenset()
    auto_join: bool | None = None
    read_chat_aloud: bool = False
    persona: str = ""
    channel_personas: Mapping[int, str] = field(default_factory=dict)
    own_personas: bool = True


Choices = TypeVar("Choices")


class PreferenceStore(Generic[Choices]):
    """Keep the choices of guilds or users: all in memory, each in a small file of its own.

    `kind` makes the default choices. At most `max_keys` are kept: further ones are refused. Whose
    file can't be read has chosen `unreadable`, where that is given, from then on.
    """

    def __init__(
        self,
        kind: Callable[[], Choices],
        *,
        directory: Path,
        unreadable: Choices | None = None,
        max_keys: int = 100_000,
    ) -> None:
        self._default = kind()
        self._format = TypeAdapter(type(self._default))
        self._directory = directory
        self._unreadable = unreadable
        self._max_keys = max_keys
        self._kept: dict[int, Choices] = {}
        self._writing = asyncio.Lock()

    async def start(self) -> None:
        """Read what was kept; a file that can't be read is set aside. Raises StorageError."""
        try:
            self._kept = await asyncio.to_thread(self._read_all)
        except OSError as error:
            raise StorageError(f"preferences cannot be read: {error}") from error

    def get(self, key: int) -> Choices:
        """Return what a guild or user chose; never waits."""
        return self._kept.get(key, self._default)

    def keys_where(self, wanted: Callable[[Choices], bool]) -> list[int]:
        """Return the guilds or users whose choices are such."""
        return [key for key, choices in self._kept.items() if wanted(choices)]

    async def change(self, key: int, change: Callable[[Choices], Choices]) -> Choices:
        """Keep what `change` makes of the choices and return it. Raises StorageError.

        Of the default choices nothing is kept.
        """
        async with self._writing:
            choices = change(self.get(key))
            if choices == self._default:
                await self._remove(key)
                return choices
            if key not in self._kept and len(self._kept) >= self._max_keys:
                raise StorageError("too many preferences", user_message=TOO_MANY)
            try:
                await asyncio.to_thread(self._write, key, self._format.dump_json(choices))
            except OSError as error:
                raise StorageError(f"not kept: {error}", user_message=NOT_KEPT) from error
            self._kept[key] = choices
            return choices

    async def forget(self, key: int) -> bool:
        """Go back to the default; return whether there was anything else. Raises StorageError."""
        async with self._writing:
            return await self._remove(key)

    async def _remove(self, key: int) -> bool:
        try:
            await asyncio.to_thread(self._delete, key)
        except OSError as error:
            raise StorageError(f"not removed: {error}", user_message=NOT_KEPT) from error
        return self._kept.pop(key, None) is not None

    def _path(self, key: int) -> Path:
        return self._directory / f"{key}.json"

    def _write(self, key: int, content: bytes) -> None:
        path = self._path(key)
        replace_private(path, content)
        _aside(path).unlink(missing_ok=True)

    def _delete(self, key: int) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        _aside(path).unlink(missing_ok=True)

    def _read_all(self) -> dict[int, Choices]:
        if not self._directory.is_dir():
            return {}
        kept: dict[int, Choices] = {}
        for path in sorted(self._directory.glob("*.json"))[: self._max_keys]:
            try:
                kept[int(path.stem)] = self._format.validate_json(path.read_bytes())
            except (ValidationError, ValueError):
                log.error("%s cannot be read and is set aside", path.name)
                path.replace(_aside(path))
                if self._unreadable is not None and path.stem.isdecimal():
                    replace_private(path, self._format.dump_json(self._unreadable))
                    kept[int(path.stem)] = self._unreadable
        return kept


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.corrupt")
