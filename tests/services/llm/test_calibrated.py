from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from services.core.types import ChatContext, ChatDelta, ChatMessage, ImagePart, TokenUsage
from services.llm.calibrated import CalibratedLLM
from services.llm.tokens import HEADROOM, TokenCounter


class FakeLLM:
    def __init__(self) -> None:
        self.calls: list[str] = []

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        try:
            yield ChatDelta("one")
            yield ChatDelta(usage=TokenUsage(prompt=50, completion=1))
        finally:
            self.calls.append("closed stream")

    async def prewarm(self) -> None:
        self.calls.append("prewarm")

    async def aclose(self) -> None:
        self.calls.append("aclose")


CONTEXT = ChatContext((ChatMessage("user", "hello"),), tokens=100)


async def test_the_counter_learns_from_the_server_s_count() -> None:
    counter = TokenCounter()
    before = counter.count("some words to be counted")
    async with aclosing(CalibratedLLM(FakeLLM(), counter=counter).stream(CONTEXT)) as deltas:
        assert [delta.text async for delta in deltas] == ["one", ""]
    assert counter.count("some words to be counted") < before


async def test_answers_at_once_teach_the_counter_no_less_than_one_by_one() -> None:
    counter = TokenCounter()
    text = "some words to be counted " * 10
    context = ChatContext((ChatMessage("user", text),), tokens=counter.count(text))
    streams = [CalibratedLLM(FakeLLM(), counter=counter).stream(context) for _ in range(10)]
    for stream in streams:
        await anext(stream)
    for stream in streams:
        assert [delta.text async for delta in stream] == [""]
    assert counter.count(text) == pytest.approx(50 * HEADROOM, abs=1)


async def test_nothing_is_learned_from_images() -> None:
    counter = TokenCounter()
    before = counter.count("some words to be counted")
    context = ChatContext((ChatMessage("user", "hello", (ImagePart("u"),)),), tokens=900)
    async with aclosing(CalibratedLLM(FakeLLM(), counter=counter).stream(context)) as deltas:
        assert [delta.text async for delta in deltas] == ["one", ""]
    assert counter.count("some words to be counted") == before


async def test_closing_early_closes_the_model_s_stream() -> None:
    llm = FakeLLM()
    async with aclosing(CalibratedLLM(llm, counter=TokenCounter()).stream(CONTEXT)) as deltas:
        await anext(deltas)
    assert llm.calls == ["closed stream"]


async def test_prewarming_and_closing_are_passed_on() -> None:
    llm = FakeLLM()
    calibrated = CalibratedLLM(llm, counter=TokenCounter())
    await calibrated.prewarm()
    await calibrated.aclose()
    assert llm.calls == ["prewarm", "aclose"]
