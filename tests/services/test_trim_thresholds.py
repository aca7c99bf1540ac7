import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.types import HistoryEntry, Role
from services.trim_thresholds import Reached, TrimThresholds, count_after


def entry(at: float, message: int = 1, role: Role = "user") -> HistoryEntry:
    return HistoryEntry(role, str(at), at, 1, "Ann", (message,) if message else ())


@pytest.mark.parametrize(
    ("window", "trigger", "keep", "emergency"),
    [(10, 22.5, 12, 30), (1, 9, 2, 12), (200, 307.5, 240, 410)],
)
def test_the_thresholds_are_those_of_the_guide(
    window: int, trigger: float, keep: int, emergency: int
) -> None:
    thresholds = TrimThresholds(window)
    assert (thresholds.trigger, thresholds.keep) == (trigger, keep)
    assert thresholds.emergency == emergency


def test_nothing_is_due_up_to_the_trigger_and_above_it_all_but_a_window_and_more() -> None:
    thresholds = TrimThresholds(10)
    assert [thresholds.surplus(count) for count in (0, 12, 22, 23, 30)] == [0, 0, 0, 11, 18]
    assert thresholds.surplus(10_000) == 9_988


@given(window=st.integers(1, 1000), count=st.integers(0, 10_000))
def test_what_is_told_whole_never_enters_the_summary(window: int, count: int) -> None:
    thresholds = TrimThresholds(window)
    left = count - thresholds.surplus(count)
    assert min(count, window) <= left <= thresholds.trigger


def test_what_comes_after_a_summary_is_counted() -> None:
    entries = [entry(n) for n in range(10)]
    assert count_after(entries, None) == 10
    assert count_after(entries, Reached.by(entries[6])) == 3
    assert count_after(entries, Reached.by(entries[9])) == 0
    assert count_after([], Reached.by(entries[9])) == 0


def test_a_message_is_found_among_those_said_later_and_kept_earlier() -> None:
    entries = [entry(1), entry(9), entry(2), entry(5), entry(3)]
    assert count_after(entries, Reached.by(entries[3])) == 1
    assert count_after([entry(1), entry(2, 1), entry(2, 2)], Reached.by(entry(2, 1))) == 1


def test_where_the_last_message_is_gone_those_said_later_count() -> None:
    entries = [entry(n) for n in range(10) if n != 6]
    assert count_after(entries, Reached.by(entry(6))) == 3
    assert count_after(entries[7:], Reached.by(entry(6))) == 2
    assert count_after(entries, Reached.by(entry(99))) == 0
