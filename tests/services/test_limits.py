from collections.abc import Callable
from pathlib import Path

import pytest

from services.core.errors import BusyError
from services.core.types import Author, IncomingMessage, UserTurn
from services.daily_budget import DailyBudget
from services.limits import DailyShares, Limits, Payer
from services.rate_limiter import RateLimiter

NOON = 1_800_014_400.0


@pytest.fixture
def limits(tmp_path: Path) -> Callable[..., Limits]:
    """Return what makes limits, wide ones unless said otherwise."""

    def make(*, channel: int = 100, guild: int = 100, **shares: float) -> Limits:
        def bucket(capacity: int) -> RateLimiter:
            return RateLimiter(
                capacity=capacity, refill_per_second=0.1, clock=lambda: 0.0, max_keys=10
            )

        return Limits(
            channels=bucket(channel),
            guilds=bucket(guild),
            budget=DailyBudget(tmp_path / "budget.json", clock=lambda: NOON),
            shares=DailyShares(**shares),  # type: ignore[arg-type]
        )

    return make


def turn(*, author: int = 7, channel: int = 1, guild: int | None = 5) -> UserTurn:
    message = IncomingMessage(1, channel, guild, Author(author, "Ana"), "Hello.", 0.0)
    return UserTurn("t", (message,))


def refused(limits: Limits, asked: UserTurn) -> str:
    with pytest.raises(BusyError) as refusal:
        limits.admit(asked)
    return refusal.value.user_message


def test_without_limits_everybody_is_admitted(limits: Callable[..., Limits]) -> None:
    free = limits()
    for _ in range(50):
        free.spend_tokens(turn(), 10**6)
        free.spend_background(Payer(7, 5), 10**6)
        free.admit_background(Payer(7, 5))
        free.spend_speech(turn(), 10**6)
        free.admit(turn())
        free.admit_speech(turn())


def test_a_crowded_channel_says_when_to_try_again(limits: Callable[..., Limits]) -> None:
    crowded = limits(channel=2)
    crowded.admit(turn(author=1))
    crowded.admit(turn(author=2))
    assert refused(crowded, turn(author=3)) == (
        "Too many ask me here at once. Please try again in 10 s."
    )
    crowded.admit(turn(author=3, channel=2))


def test_a_guild_has_one_pace_for_all_its_channels(limits: Callable[..., Limits]) -> None:
    crowded = limits(guild=2)
    crowded.admit(turn(channel=1))
    crowded.admit(turn(channel=2))
    assert "Too many" in refused(crowded, turn(channel=3))
    crowded.admit(turn(channel=3, guild=6))
    crowded.admit(turn(channel=4, guild=None))


def test_a_person_has_one_share_of_tokens_everywhere(limits: Callable[..., Limits]) -> None:
    shared = limits(user_tokens=1000)
    shared.spend_tokens(turn(guild=5), 600)
    shared.admit(turn(guild=5))
    shared.spend_tokens(turn(guild=None), 400)
    sentence = "You have used up your share of answers for today; it starts anew in 12 h."
    assert refused(shared, turn(guild=6)) == sentence
    shared.admit(turn(author=8, guild=5))


def test_a_guild_has_one_share_of_tokens_for_all_its_members(
    limits: Callable[..., Limits],
) -> None:
    shared = limits(guild_tokens=1000)
    shared.spend_tokens(turn(author=1), 1000)
    assert refused(shared, turn(author=2)).startswith("This server has used up")
    shared.admit(turn(author=1, guild=6))


@pytest.mark.parametrize(
    ("payer", "refuses"),
    [
        (Payer(7, 5), [(7, 5), (7, None), (8, 5)]),
        (Payer(7, 0), [(7, 5), (7, None)]),
        (Payer(0, 5), [(7, 5), (8, 5)]),
    ],
)
def test_work_behind_the_turns_counts_against_the_same_shares(
    limits: Callable[..., Limits], payer: Payer, refuses: list[tuple[int, int | None]]
) -> None:
    shared = limits(user_tokens=1000, guild_tokens=1000)
    shared.admit_background(payer)
    shared.spend_background(payer, 1000)
    with pytest.raises(BusyError):
        shared.admit_background(payer)
    for author, guild in [(7, 5), (7, None), (8, 5), (8, None)]:
        if (author, guild) in refuses:
            refused(shared, turn(author=author, guild=guild))
        else:
            shared.admit(turn(author=author, guild=guild))


def test_speech_that_is_used_up_leaves_the_text(limits: Callable[..., Limits]) -> None:
    shared = limits(user_speech=60)
    shared.admit_speech(turn())
    shared.spend_speech(turn(), 61)
    shared.admit(turn())
    with pytest.raises(BusyError) as refusal:
        shared.admit_speech(turn())
    assert "go on in writing" in refusal.value.user_message
    shared.admit_speech(turn(author=8))
