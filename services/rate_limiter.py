from collections import OrderedDict
from collections.abc import Callable, Hashable


class RateLimiter:
    """Grant each key a burst of `capacity` and `refill_per_second` from then on: a token bucket.

    At most `max_keys` buckets are kept; the key longest not asked for is forgotten, which gives it
    a full bucket again. `clock` is monotonic, seconds.
    """

    def __init__(
        self,
        *,
        capacity: float,
        refill_per_second: float,
        clock: Callable[[], float],
        max_keys: int,
    ) -> None:
        if capacity < 1 or refill_per_second <= 0 or max_keys < 1:
            raise ValueError("a bucket holds at least one token, is refilled, and there is a key")
        self._capacity = capacity
        self._rate = refill_per_second
        self._clock = clock
        self._max_keys = max_keys
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable) -> float:
        """Take one token: 0.0 when granted, else the seconds until there will be one."""
        now = self._clock()
        tokens, seen = self._buckets.get(key, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - seen) * self._rate)
        granted = tokens >= 1.0 - 1e-9  # a caller who waited as told may find a rounding error
        self._buckets[key] = (tokens - granted, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return 0.0 if granted else (1.0 - tokens) / self._rate
