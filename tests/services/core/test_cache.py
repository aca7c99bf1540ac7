from hypothesis import given
from hypothesis import strategies as st

from services.core.cache import ByteBoundCache, CacheStatistics


def cache(max_bytes: int = 10) -> ByteBoundCache[str, bytes]:
    return ByteBoundCache(max_bytes=max_bytes, size_of=len)


def test_a_value_is_found_again_and_counted() -> None:
    kept = cache()
    assert kept.get("a") is None
    kept.put("a", b"123")
    assert kept.get("a") == b"123"
    assert kept.statistics() == CacheStatistics(entries=1, bytes=3, hits=1, misses=1)


def test_what_was_used_longest_ago_makes_room() -> None:
    kept = cache()
    for key in "abc":
        kept.put(key, b"123")
    kept.get("a")
    kept.put("d", b"1234")
    assert [kept.get(key) for key in "abcd"] == [b"123", None, b"123", b"1234"]


def test_a_value_too_large_is_not_kept_and_drives_nobody_out() -> None:
    kept = cache()
    kept.put("a", b"123")
    assert not kept.put("b", bytes(11))
    assert kept.get("a") == b"123"


def test_an_empty_value_is_a_value() -> None:
    kept = cache()
    kept.put("a", b"")
    assert kept.get("a") == b""


def test_unwanted_keys_are_dropped() -> None:
    kept = cache()
    for key in ("a1", "a2", "b1"):
        kept.put(key, b"1")
    assert kept.discard(lambda key, value: key.startswith("a") and value == b"1") == 2
    assert len(kept) == kept.statistics().bytes == 1
    kept.clear()
    assert kept.statistics().bytes == 0


def test_looking_for_unwanted_values_is_no_use_of_them() -> None:
    kept = cache()
    for key in "abc":
        kept.put(key, b"123")
    kept.get("a")
    assert kept.discard(lambda _key, _value: False) == 0
    kept.put("d", b"123")
    assert kept.get("b") is None
    assert kept.get("a") == b"123"


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=12))))
def test_it_never_holds_more_than_its_bytes(steps: list[tuple[int, bytes]]) -> None:
    kept: ByteBoundCache[int, bytes] = ByteBoundCache(max_bytes=20, size_of=len)
    for key, value in steps:
        kept.put(key, value)
        assert kept.get(key) == value
        assert kept.statistics().bytes <= 20
