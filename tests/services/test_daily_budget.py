import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from services.daily_budget import DailyBudget

NOON = 1_800_014_400.0  # 2027-01-15 12:00 UTC
HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


async def reopened(path: Path, clock: Callable[[], float]) -> DailyBudget:
    budget = DailyBudget(path, clock=clock)
    await budget.start()
    return budget


def test_what_is_spent_adds_up_and_starts_anew_at_midnight(tmp_path: Path) -> None:
    clock = Clock()
    budget = DailyBudget(tmp_path / "budget.json", clock=clock)
    budget.spend("a", 3)
    budget.spend("a", 4)
    budget.spend("b", 1)
    assert (budget.used("a"), budget.used("b"), budget.used("c")) == (7, 1, 0)
    assert budget.hours_left() == 12
    clock.now += 12 * HOUR
    assert budget.used("a") == 0
    assert budget.hours_left() == 24


async def test_a_restart_gives_nobody_a_second_share(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "history" / "budget.json"
    budget = await reopened(path, clock)
    budget.spend("a", 3)
    await budget.aclose()
    await budget.aclose()
    again = await reopened(path, clock)
    assert again.used("a") == 3
    await again.aclose()
    clock.now += 12 * HOUR
    tomorrow = await reopened(path, clock)
    assert tomorrow.used("a") == 0
    await tomorrow.aclose()


async def test_nothing_of_a_day_stays_on_the_disk_after_midnight(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "budget.json"
    budget = await reopened(path, clock)
    budget.spend("tokens of user 7", 3)
    await budget.aclose()
    again = await reopened(path, clock)
    assert again.used("tokens of user 7") == 3
    clock.now += 12 * HOUR
    await again.aclose()
    assert "user 7" not in path.read_text()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"day": "2027-01-15", "used": 5}', "\xff"])
async def test_a_file_that_cannot_be_read_starts_the_day_anew(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "budget.json"
    path.write_text(content, encoding="latin-1")
    budget = await reopened(path, Clock())
    assert budget.used("a") == 0
    assert "starts anew" in caplog.text
    await budget.aclose()


def test_those_who_used_it_longest_ago_make_room(tmp_path: Path) -> None:
    budget = DailyBudget(tmp_path / "budget.json", clock=Clock(), max_keys=2)
    for key in ("a", "b", "a", "c"):
        budget.spend(key, 1)
    assert [budget.used(key) for key in "abc"] == [2, 0, 1]


async def test_a_disk_that_refuses_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    budget = DailyBudget(tmp_path / "file" / "budget.json", clock=Clock())
    budget.spend("a", 1)
    with caplog.at_level(logging.WARNING):
        await budget.aclose()
    assert "could not be kept" in caplog.text
