import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

MAX_WAITING = 2000
"""Events that wait for one slow subscriber; beyond it the oldest are dropped."""

Event = dict[str, Any]
"""What happened: `t` (monotonic seconds), `kind`, and what belongs to the kind."""


class Subscription:
    """Iterate over events as they happen; unread, the oldest are dropped, and counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Take one event; never waits."""
        self.dropped += len(self._waiting) == MAX_WAITING
        self._waiting.append(event)
        self._arrived.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


class EventBus:
    """Tell every subscriber what happens, at once and without waiting.

    `listeners` are called before `publish` returns; they must be quick.
    """

    def __init__(self) -> None:
        self.listeners: list[Callable[[Event], None]] = []
        self._subscriptions: set[Subscription] = set()

    def publish(self, kind: str, **data: object) -> None:
        """Announce one event, stamped with monotonic seconds."""
        event = {"t": time.monotonic(), "kind": kind, **data}
        for subscription in self._subscriptions:
            subscription.put(event)
        for listener in self.listeners:
            listener(event)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Receive every event from now on, until the context ends."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
