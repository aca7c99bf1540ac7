import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from services.core.errors import StorageError
from services.core.protocols import HistoryStore
from services.core.tasks import TaskOwner
from services.mind import Mind
from services.profiles import Profiles

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Changed messages that may wait to be followed; whoever brings more waits until there is room."""

RETRY_SECONDS = 60.0
"""Pause after the disk refused a change, which is then tried again."""

CLOSING_SECONDS = 2.0
"""How long the end waits for what is still to be followed."""


@dataclass(slots=True)
class _Changes:
    """Hold what has become of one channel's messages."""

    deleted: set[int] = field(default_factory=set)
    revised: dict[int, str] = field(default_factory=dict)
    all_gone: bool = False
    found: int = 0

    def __len__(self) -> int:
        return len(self.deleted) + len(self.revised) + 1

    def add(self, later: "_Changes") -> None:
        self.deleted |= later.deleted
        self.revised |= later.revised
        self.all_gone |= later.all_gone


class KeptCopies:
    """Let what is kept of messages follow what becomes of them at Discord.

    A deleted message takes with it what was made of it: its entry and its answer's in the history,
    the summary of its conversation, and what its author told in it about themselves. A changed one
    is kept as it reads now. Channels are served one after the other, beside everything; a channel
    without history costs a look at the disk.
    """

    def __init__(self, *, history: HistoryStore, mind: Mind, profiles: Profiles) -> None:
        self._history = history
        self._mind = mind
        self._profiles = profiles
        self._waiting: dict[int, _Changes] = {}
        self._count = 0
        self._room = asyncio.Event()
        self._room.set()
        self._working: asyncio.Task[None] | None = None
        self._tasks = TaskOwner("kept_copies")
        self._closed = False

    async def delete(self, channel_id: int, message_ids: Collection[int]) -> None:
        """Forget deleted messages, soon; waits only while too much is to be done."""
        await self._add(channel_id, _Changes(deleted=set(message_ids)))

    async def revise(self, channel_id: int, message_id: int, text: str) -> None:
        """Keep a message as it reads now, soon; "" forgets it."""
        changes = _Changes(revised={message_id: text}) if text else _Changes(deleted={message_id})
        await self._add(channel_id, changes)

    async def delete_channel(self, channel_id: int) -> None:
        """Forget the conversation of a channel that is no more, soon."""
        await self._add(channel_id, _Changes(all_gone=True))

    async def delete_guild(self, guild_id: int) -> int:
        """Forget the conversations of a guild; return how many. Raises StorageError."""
        try:
            keys = await self._history.forget_guild(guild_id)
            for key in keys:
                await self._mind.forget_conversation(key)
        finally:
            await self._profiles.forget_guild(guild_id)
        return len(keys)

    async def aclose(self) -> None:
        """Follow what is known so far, as far as there is time, and end; idempotent."""
        self._closed = True
        self._room.set()
        if self._working is not None:
            await asyncio.wait([self._working], timeout=CLOSING_SECONDS)
        await self._tasks.aclose()

    async def _add(self, channel_id: int, changes: _Changes) -> None:
        while self._count >= MAX_WAITING and not self._closed:
            await self._room.wait()
        if self._closed:
            log.info("A change of messages came after the end and is not followed")
            return
        known = self._waiting.get(channel_id)
        if known is None:
            self._put(channel_id, changes)
        else:
            before = len(known)
            known.add(changes)
            self._note(len(known) - before)
        if self._working is None:
            self._working = self._tasks.start(self._work(), name="work")

    def _put(self, channel_id: int, changes: _Changes) -> None:
        self._waiting[channel_id] = changes
        self._note(len(changes))

    def _take(self, channel_id: int) -> _Changes:
        changes = self._waiting.pop(channel_id)
        self._note(-len(changes))
        return changes

    def _note(self, more: int) -> None:
        """Count what waits, and let in who waits for room."""
        self._count += more
        if self._count >= MAX_WAITING:
            self._room.clear()
        else:
            self._room.set()

    async def _work(self) -> None:
        try:
            while self._waiting:
                channel_id = next(iter(self._waiting))
                changes = self._take(channel_id)
                try:
                    await self._follow(channel_id, changes)
                except StorageError as error:
                    log.error("Changed messages are still kept as they were: %s", error)
                    await self._retry(channel_id, changes)
        finally:
            self._working = None

    async def _retry(self, channel_id: int, changes: _Changes) -> None:
        if channel_id in self._waiting:
            changes.add(self._take(channel_id))
        self._put(channel_id, changes)
        await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, channel_id: int, changes: _Changes) -> None:
        key = f"channel-{channel_id}"
        if changes.all_gone:
            await self._history.clear(key)
            await self._mind.forget_conversation(key)
            await self._profiles.forget_channel(channel_id)
            return
        if changes.deleted:
            changes.found += await self._history.forget_messages(key, changes.deleted)
            await self._profiles.forget_messages(changes.deleted)
        for message_id, text in changes.revised.items():
            if message_id not in changes.deleted:
                changes.found += await self._history.revise(key, message_id, text)
                await self._profiles.revise_message(message_id, text)
        if changes.found:
            log.info("Followed %d changes of messages in %s", changes.found, key)
            await self._mind.forget_messages(key, {*changes.deleted, *changes.revised})
