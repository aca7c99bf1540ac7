from hypothesis import given
from hypothesis import strategies as st

from sandbox.rate_limits import LIMIT, MAX_WINDOWS, WINDOW, RateLimits


class Clock:
    """Stand still until told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_window_opens_with_its_first_request_and_ends_five_seconds_later() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert limits.take("post", "1").headers["X-RateLimit-Remaining"] == "4"
    clock.now += 4.0
    verdicts = [limits.take("post", "1") for _ in range(5)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 4 + [False]
    assert 1.0 < verdicts[-1].retry_after < 1.01
    clock.now += verdicts[-1].retry_after
    assert limits.take("post", "1").headers["X-RateLimit-Remaining"] == "4"


def test_buckets_and_channels_are_counted_apart() -> None:
    limits = RateLimits(clock=Clock())
    for _ in range(LIMIT):
        limits.take("post", "1")
    assert not limits.take("post", "1").allowed
    assert limits.take("edit", "1").allowed
    assert limits.take("post", "2").allowed
    limits.clear()
    assert limits.take("post", "1").allowed


def test_old_windows_are_forgotten() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    for number in range(MAX_WINDOWS * 2):
        clock.now += WINDOW
        limits.take("post", str(number))
    assert len(limits._windows) <= MAX_WINDOWS


@given(pauses=st.lists(st.floats(0, 10), max_size=60))
def test_no_window_lets_more_than_five_pass(pauses: list[float]) -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        verdict = limits.take("edit", "1")
        if verdict.allowed:
            passed.append(clock.now)
        else:
            assert sum(clock.now - t < WINDOW for t in passed) >= LIMIT
            clock.now += verdict.retry_after
            assert limits.take("edit", "1").allowed
            passed = [clock.now]
