import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from services.background_model import BackgroundModel
from services.core.errors import BusyError, ProviderConnectionError, ProviderTimeoutError
from services.core.types import ChatDelta, TokenUsage
from services.daily_budget import DailyBudget
from services.limits import DailyShares, Limits, Payer
from services.rate_limiter import RateLimiter
from tests.services.chat_fakes import ScriptedLLM, words

pytestmark = pytest.mark.virtual_time

ANA = Payer(7, 5)
QUESTION = len("ab") + 12
"""Tokens of the question "a" about "b"."""


class Background:
    """Ask a scripted model behind the turns, with a share of the day for everybody or without."""

    def __init__(
        self, budget: DailyBudget, *scripts: list[tuple[float, object]], share: int = 0
    ) -> None:
        self.llm = ScriptedLLM(*scripts)  # type: ignore[arg-type]
        self._budget = budget
        pace = RateLimiter(capacity=1, refill_per_second=1, clock=lambda: 0.0, max_keys=1)
        limits = Limits(
            channels=pace,
            guilds=pace,
            budget=budget,
            shares=DailyShares(user_tokens=share, guild_tokens=share),
        )
        self._model = BackgroundModel(self.llm, count=len, limits=limits)

    async def ask(self, instruction: str = "a", text: str = "b", payer: Payer = ANA) -> str:
        return await self._model.complete(instruction, text, payer)

    @property
    def paid(self) -> tuple[float, float]:
        """Return what Ana and her server have used today."""
        return self._budget.used("tokens of user 7"), self._budget.used("tokens of guild 5")


@pytest.fixture
def background(tmp_path: Path) -> Callable[..., Background]:
    def make(*scripts: list[tuple[float, object]], share: int = 0) -> Background:
        return Background(DailyBudget(tmp_path / "budget.json"), *scripts, share=share)

    return make


async def test_the_answer_comes_whole_and_is_asked_for_whole(
    background: Callable[..., Background],
) -> None:
    model = background(words("a short summary"))
    assert await model.ask("Sum up.", "Long text.") == "a short summary"
    context = model.llm.contexts[0]
    assert [(each.role, each.content) for each in context.messages] == [
        ("system", "Sum up."),
        ("user", "Long text."),
    ]
    assert context.whole
    assert context.tokens == len("Sum up.Long text.") + 12


async def test_one_question_is_asked_after_the_other(background: Callable[..., Background]) -> None:
    model = background(words("one two three"))
    await asyncio.gather(*(model.ask("a", str(number)) for number in range(4)))
    assert model.llm.most_running == 1


async def test_a_model_that_takes_too_long_is_left_and_the_next_question_asked(
    background: Callable[..., Background],
) -> None:
    model = background([(61.0, "late")], [(1.0, "soon")])
    with pytest.raises(ProviderTimeoutError):
        await model.ask()
    assert model.paid == (QUESTION, QUESTION)
    assert await model.ask() == "soon"


async def test_a_failure_is_the_askers_and_costs_nothing(
    background: Callable[..., Background],
) -> None:
    model = background([(0.1, "half"), (0.1, ProviderConnectionError("gone"))])
    with pytest.raises(ProviderConnectionError):
        await model.ask()
    assert model.paid == (0, 0)


async def test_what_it_takes_counts_as_the_server_counted(
    background: Callable[..., Background],
) -> None:
    model = background([(0.1, "yes"), (0.0, ChatDelta(usage=TokenUsage(200, 30)))])
    await model.ask()
    assert model.paid == (230, 230)
    await model.ask(payer=Payer(0, 5))
    assert model.paid == (230, 460)


async def test_what_it_takes_is_estimated_where_the_server_does_not_count(
    background: Callable[..., Background],
) -> None:
    model = background(words("yes"))
    await model.ask()
    assert model.paid == (QUESTION + 3, QUESTION + 3)


async def test_what_is_given_up_counts_as_asked(background: Callable[..., Background]) -> None:
    model = background([(30.0, "late")])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await model.ask()
    assert model.paid == (QUESTION, QUESTION)


@pytest.mark.parametrize(("share", "answered"), [(100, 6), (0, 9)])
async def test_nothing_is_asked_on_a_share_that_is_used_up(
    background: Callable[..., Background], share: int, answered: int
) -> None:
    model = background(words("yes"), share=share)
    for number in range(9):
        if number < answered:
            await model.ask()
            continue
        with pytest.raises(BusyError):
            await model.ask()
    assert len(model.llm.contexts) == answered
