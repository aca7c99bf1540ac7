import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from services.core.errors import ProviderConnectionError
from services.core.types import ChatContext, ChatDelta, ChatMessage
from services.llm.shared import SharedLLM

pytestmark = pytest.mark.virtual_time


class Counting:
    """Say one to five, a word a second; count how often it is asked and how often cut off."""

    def __init__(self, *, fails_after: int = 99) -> None:
        self.asked = self.cut = 0
        self.closed = False
        self._fails_after = fails_after

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        self.asked += 1
        try:
            for number in range(1, 6):
                await asyncio.sleep(1)
                if number > self._fails_after:
                    raise ProviderConnectionError("gone")
                yield ChatDelta(str(number))
        except (GeneratorExit, asyncio.CancelledError):
            self.cut += 1
            raise

    async def prewarm(self) -> None:
        return None

    async def aclose(self) -> None:
        self.closed = True


def question(text: str = "Hello") -> ChatContext:
    return ChatContext((ChatMessage("user", text),), tokens=5)


async def read(llm: SharedLLM, context: ChatContext, *, limit: int = 9) -> str:
    said = ""
    async with aclosing(llm.stream(context)) as deltas:
        async for delta in deltas:
            said += delta.text
            if len(said) >= limit:
                break
    return said


async def later(seconds: float, llm: SharedLLM, *, limit: int = 9) -> str:
    await asyncio.sleep(seconds)
    return await read(llm, question(), limit=limit)


async def test_questions_of_another_temperature_are_others() -> None:
    counting = Counting()
    llm = SharedLLM(counting)
    warm = replace(question(), temperature=0.9)
    await asyncio.gather(read(llm, question()), read(llm, warm))
    assert counting.asked == 2
    await llm.aclose()


async def test_equal_questions_at_once_are_asked_once() -> None:
    model = Counting()
    llm = SharedLLM(model)
    answers = list(await asyncio.gather(later(0, llm), later(0, llm), later(3.5, llm)))
    assert answers == ["12345"] * 3
    assert model.asked == 1
    await llm.aclose()
    assert model.closed


async def test_different_questions_are_not_mixed() -> None:
    model = Counting()
    llm = SharedLLM(model)
    await asyncio.gather(read(llm, question("a")), read(llm, question("b")))
    assert model.asked == 2
    await llm.aclose()


async def test_an_answer_that_has_ended_is_asked_for_anew() -> None:
    model = Counting()
    llm = SharedLLM(model)
    assert await read(llm, question()) == await read(llm, question()) == "12345"
    assert model.asked == 2
    await llm.aclose()


async def test_one_who_leaves_does_not_stop_it_for_the_others() -> None:
    model = Counting()
    llm = SharedLLM(model)
    answers = list(await asyncio.gather(later(0, llm, limit=2), later(1.5, llm)))
    assert answers == ["12", "12345"]
    assert (model.asked, model.cut) == (1, 0)
    await llm.aclose()


async def test_the_last_one_to_leave_stops_the_server() -> None:
    model = Counting()
    llm = SharedLLM(model)
    await asyncio.gather(later(0, llm, limit=1), later(0, llm, limit=2))
    assert model.cut == 1
    assert await read(llm, question()) == "12345"
    assert model.asked == 2
    await llm.aclose()


async def test_a_failure_is_told_to_all_after_what_was_said() -> None:
    llm = SharedLLM(Counting(fails_after=2))
    said: list[str] = []

    async def follow() -> None:
        async with aclosing(llm.stream(question())) as deltas:
            async for delta in deltas:
                said[:] = [*said, delta.text]

    outcomes = await asyncio.gather(follow(), follow(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ProviderConnectionError] * 2
    assert sorted(said) == ["1", "1", "2", "2"]
    await llm.aclose()


async def test_closing_stops_what_is_being_read() -> None:
    model = Counting()
    llm = SharedLLM(model)
    reading = asyncio.create_task(read(llm, question()))
    await asyncio.sleep(1.5)
    await llm.aclose()
    assert model.cut == 1
    reading.cancel()
    await asyncio.wait([reading])
