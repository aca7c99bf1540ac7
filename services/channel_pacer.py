import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from services.rate_limit_headers import EditLimit

EDITS = 5
WINDOW = 5.0
"""Discord's limit of edits per channel as observed (it is not documented): 5 in 5 s."""

LATE = 0.3
"""How late a reply's last edit may be, seconds: that long before its end a window keeps nothing."""

KEPT = 1
"""Edits of every window kept for replies that end. See the class for what follows when more end."""

UNSEEN = 0.25
"""Added to a window not yet told by Discord, which opens it when the edit arrives, seconds."""

SEEN = 0.05
"""Added to a window's end that Discord told: the client's own count may end a little later."""


class ChannelPacer:
    """Share one channel's budget of edits between the replies that are written in it.

    The budget is a window of `limit` edits that opens with its first edit. Edits are spread evenly
    over the window, go to the reply that waited longest, and leave one edit for the reply that ends
    next. That is less than one for each: keeping three of five would stop three replies almost
    wholly. A reply that ends when nothing is left is told so by `may_end` and goes on in a further
    message, whose budget is another. So no edit ever waits for Discord.

    `observe` corrects the count from the answers' headers; until then it is 5 edits in 5 s.
    """

    def __init__(self, *, limit: int = EDITS, window: float = WINDOW) -> None:
        self._limit = limit
        self._window = window
        self._remaining = limit
        self._resets = 0.0
        self._spent = 0.0
        self._shares: set[EditShare] = set()
        self._expected: dict[int, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def live(self) -> int:
        """Return how many replies are being written."""
        return len(self._shares)

    def has_others(self, share: "EditShare | None") -> bool:
        """Tell whether other replies are being written as well."""
        return bool(self._shares - {share})

    def join(self) -> "EditShare":
        """Let one more reply take part; close its share at the end."""
        share = EditShare(self)
        self._shares.add(share)
        return share

    async def may_end(self) -> bool:
        """Take an edit for a reply's end; False when it would be more than 0.3 s late."""
        while (wait := self._time_to_end(_now())) > 0:
            if wait > LATE:
                return False
            await asyncio.sleep(wait)
        self._spend(_now())
        self._grant()
        return True

    def observe(self, *, limit: int, remaining: int, reset_after: float) -> None:
        """Correct the count from the headers of an edit's answer; `reset_after` is seconds."""
        resets = _now() + reset_after + SEEN
        if resets > self._resets + UNSEEN + SEEN:
            self._remaining = remaining
        else:
            self._remaining = min(self._remaining + max(0, limit - self._limit), remaining)
        self._limit, self._resets = limit, resets
        if remaining == limit - 1:
            self._window = reset_after
        self._grant()

    @contextmanager
    def expecting(self, message_id: int) -> Iterator[asyncio.Future[None]]:
        """Yield a future that is done as soon as Discord has answered an edit of this message."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected[message_id] = answer
        try:
            yield answer
        finally:
            answer.cancel()
            self._expected.pop(message_id, None)

    def answered(self, message_id: int) -> None:
        """Take note that an edit of this message was made."""
        answer = self._expected.get(message_id)
        if answer is not None and not answer.done():
            answer.set_result(None)

    def _spend(self, now: float) -> None:
        if now >= self._resets:
            self._remaining = self._limit
            self._resets = now + self._window + UNSEEN
        self._remaining -= 1
        self._spent = now

    def _time_to_end(self, now: float) -> float:
        """Return the seconds until a reply's last edit may be made."""
        return 0.0 if self._remaining > 0 else max(0.0, self._resets - now)

    def _opens(self, now: float) -> float:
        """Return the earliest time of the next edit that is not a reply's last."""
        if now >= self._resets:
            return now
        free = self._remaining - min(KEPT, self._limit - 1)
        if free <= 0:
            return self._resets - (LATE if self._remaining > 0 else 0.0)
        left = self._resets - LATE - self._spent
        return self._spent + left / (free + 1)

    def _grant(self) -> None:
        """Give the next edit to the reply that waited longest, now or when there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = [share for share in self._shares if share.turn is not None]
        if not waiting:
            return
        now = _now()
        due = max(self._opens(now), min(share.earliest for share in waiting))
        if due > now:
            self._timer = asyncio.get_running_loop().call_at(due, self._grant)
            return
        ready = [share for share in waiting if share.earliest <= now]
        chosen = min(ready, key=lambda share: share.edited)
        self._spend(now)
        chosen.settle(granted=True)
        self._grant()


class EditShare:
    """Take one reply's part of a channel's edits; one task waits on it at a time."""

    def __init__(self, pacer: ChannelPacer) -> None:
        self._pacer = pacer
        self.turn: asyncio.Future[bool] | None = None
        self.earliest = 0.0
        self.edited = _now()

    async def next_edit(self, *, earliest: float) -> bool:
        """Wait for an edit not before `earliest` (loop time); False when the share is settled."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.earliest, self.turn = earliest, turn
        self._pacer._grant()
        try:
            return await turn
        finally:
            self.turn = None

    def settle(self, *, granted: bool) -> None:
        """End the waiting of `next_edit` with this answer."""
        if self.turn is not None and not self.turn.done():
            self.turn.set_result(granted)
        self.turn = None
        self.edited = _now()

    def close(self) -> None:
        """Take no further part; idempotent."""
        self.settle(granted=False)
        self._pacer._shares.discard(self)
        self._pacer._grant()


class ChannelPacers:
    """Keep one pacer per budget of edits; over `keep`, the idle one longest not used goes."""

    def __init__(self, *, keep: int = 1000) -> None:
        self._keep = keep
        self._pacers: OrderedDict[str, ChannelPacer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pacers)

    def get(self, rate_key: str) -> ChannelPacer:
        """Return the pacer of a `TextChannel.rate_key`."""
        pacer = self._pacers.setdefault(rate_key, ChannelPacer())
        self._pacers.move_to_end(rate_key)
        if len(self._pacers) > self._keep:
            idle = (
                key for key, kept in self._pacers.items() if not kept.live and kept is not pacer
            )
            self._pacers.pop(next(idle, ""), None)
        return pacer

    def observe(self, seen: EditLimit) -> None:
        """Pass on what Discord said about a budget that is in use."""
        pacer = self._pacers.get(seen.rate_key)
        if pacer is not None:
            pacer.observe(limit=seen.limit, remaining=seen.remaining, reset_after=seen.reset_after)
            if seen.done:
                pacer.answered(seen.message_id)


def _now() -> float:
    """Return the loop's time, ahead by what a timer may come early."""
    return asyncio.get_running_loop().time() + 0.001
