import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.core.errors import BotError, StorageError
from services.preferences import PreferenceStore, UserPreferences

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalStore:
    """Tell of one place where something about people is kept, and how to reach it.

    `name` is for programs; `what`, `where` and `how_long` are words for people. `export` returns
    what is kept of a person as JSON can hold it, one element for each thing that counts. `forget`
    deletes that and returns how many things; None where people can't have it deleted, for the
    reason that `how_long` tells. Both raise StorageError.
    """

    name: str
    what: str
    where: str
    how_long: str
    export: Callable[[int], Awaitable[Sequence[object]]]
    forget: Callable[[int], Awaitable[int]] | None


@dataclass(frozen=True, slots=True)
class Holding:
    """Hold how many things a store keeps of a person; None where it could not be read."""

    store: PersonalStore
    count: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Tell what was forgotten: how many things of each store, None where that failed."""

    stopped: int
    forgotten: tuple[Holding, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing failed."""
        return all(holding.count is not None for holding in self.forgotten)


class PersonalData:
    """Show, hand out and forget what is kept of a person, in all stores; one person at a time.

    `interrupt` stops what is being done for a person and sees to it that nothing of it is kept,
    before the stores forget: so nothing comes back after a receipt. `clock` gives seconds since
    the epoch.
    """

    def __init__(
        self,
        *,
        stores: Sequence[PersonalStore],
        interrupt: Callable[[int], int],
        users: PreferenceStore[UserPreferences],
        clock: Callable[[], float],
    ) -> None:
        self._stores = stores
        self._interrupt = interrupt
        self._users = users
        self._clock = clock
        self._turn = asyncio.Lock()

    async def show(self, user_id: int) -> list[Holding]:
        """Return how much each store keeps of a person."""
        async with self._turn:
            return [Holding(store, await self._count(store, user_id)) for store in self._stores]

    async def export(self, user_id: int) -> bytes:
        """Return all that is kept of a person as a JSON document. Raises StorageError."""
        async with self._turn:
            kept = {store.name: list(await store.export(user_id)) for store in self._stores}
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        document = {"user_id": user_id, "exported": at, **kept}
        return await asyncio.to_thread(_json, document)

    async def forget(self, user_id: int) -> Receipt:
        """Stop what is done for a person and forget them, but for an opt-out; never raises."""
        async with self._turn:
            stopped = self._interrupt(user_id)
            forgotten = [
                Holding(store, await self._forget(store.forget, user_id))
                for store in self._stores
                if store.forget is not None
            ]
        log.info("Forgot a person: %d replies stopped", stopped)
        return Receipt(stopped, tuple(forgotten))

    def is_opted_out(self, user_id: int) -> bool:
        """Tell whether nothing that a person says is to be kept; never waits."""
        return self._users.get(user_id).opted_out

    async def opt_out(self, user_id: int) -> None:
        """Keep nothing of a person from now on. Raises StorageError."""
        await self._users.change(user_id, lambda now: replace(now, opted_out=True))

    async def opt_in(self, user_id: int) -> None:
        """Keep again what a person says. Raises StorageError."""
        await self._users.change(user_id, lambda now: replace(now, opted_out=False))

    async def _count(self, store: PersonalStore, user_id: int) -> int | None:
        try:
            return len(await store.export(user_id))
        except BotError as error:
            log.error("What is kept of a person in %s can't be read: %s", store.name, error)
            return None

    async def _forget(self, forget: Callable[[int], Awaitable[int]], user_id: int) -> int | None:
        try:
            return await forget(user_id)
        except StorageError as error:
            log.error("A person is not forgotten everywhere: %s", error)
            return None


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")
