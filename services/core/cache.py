from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import Cache, LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """Tell what a cache holds and how often it could help."""

    entries: int
    bytes: int
    hits: int
    misses: int


class ByteBoundCache(Generic[K, V]):
    """Keep the values last used, together at most `max_bytes` by `size_of`; count the hits.

    A value larger than the whole is not kept. Not for use from several threads.
    """

    def __init__(self, *, max_bytes: int, size_of: Callable[[V], int]) -> None:
        self._kept: LRUCache[K, V] = LRUCache(maxsize=max_bytes, getsizeof=size_of)
        self._hits = self._misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def get(self, key: K) -> V | None:
        """Return a value and count the look-up, None where it is not kept."""
        value = self._kept.get(key)
        if value is None:
            self._misses += 1
        else:
            self._hits += 1
        return value

    def put(self, key: K, value: V) -> bool:
        """Keep a value in the place of those used longest ago; return whether it fits at all."""
        try:
            self._kept[key] = value
        except ValueError:
            return False
        return True

    def items(self) -> list[tuple[K, V]]:
        """Return what is kept, without counting it as used."""
        return list(self._kept.items())

    def discard(self, unwanted: Callable[[K, V], bool]) -> int:
        """Drop such values, told by key and value, and return how many."""
        peek = Cache.__getitem__  # LRUCache's own would count as a use
        keys = [key for key in self._kept if unwanted(key, peek(self._kept, key))]
        for key in keys:
            del self._kept[key]
        return len(keys)

    def clear(self) -> None:
        """Drop every value; the counts stay."""
        self._kept.clear()

    def statistics(self) -> CacheStatistics:
        """Return what is kept now, and hits and misses since the start."""
        size = int(self._kept.currsize)
        return CacheStatistics(len(self._kept), size, self._hits, self._misses)
