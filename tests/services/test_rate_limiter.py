import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rate_limiter import RateLimiter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def limiter(clock: Clock, *, max_keys: int = 100) -> RateLimiter:
    return RateLimiter(capacity=3, refill_per_second=0.5, clock=clock, max_keys=max_keys)


def test_a_burst_is_granted_then_told_how_long_to_wait() -> None:
    limits = limiter(Clock())
    assert [limits.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]


def test_waiting_as_told_grants() -> None:
    clock = Clock()
    limits = limiter(clock)
    for _ in range(3):
        limits.take("a")
    clock.now += 0.5
    clock.now += limits.take("a")
    assert limits.take("a") == 0.0
    assert limits.take("a") == 2.0


def test_keys_do_not_share_tokens() -> None:
    limits = limiter(Clock())
    for _ in range(4):
        limits.take("a")
    assert limits.take("b") == 0.0


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    clock = Clock()
    limits = limiter(clock)
    limits.take("a")
    clock.now = 1e6
    assert [limits.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]


def test_the_key_longest_unused_is_forgotten() -> None:
    limits = limiter(Clock(), max_keys=2)
    for key in "aaaabac":
        limits.take(key)
    assert len(limits) == 2
    assert limits.take("a") > 0
    assert limits.take("b") == 0.0


@pytest.mark.parametrize("bad", [{"capacity": 0}, {"refill_per_second": 0}, {"max_keys": 0}])
def test_a_bucket_that_could_never_grant_is_refused(bad: dict[str, float]) -> None:
    values = {"capacity": 1, "refill_per_second": 1, "max_keys": 1, **bad}
    with pytest.raises(ValueError, match="bucket"):
        RateLimiter(clock=Clock(), **values)  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 10), max_size=60))
def test_no_more_is_granted_than_the_rate_allows(pauses: list[float]) -> None:
    clock = Clock()
    limits = limiter(clock)
    granted = 0
    for pause in pauses:
        clock.now += pause
        granted += limits.take("a") == 0.0
    assert granted <= 3 + clock.now * 0.5 + 1e-6
