import asyncio
from contextlib import aclosing

import pytest

from services.core.errors import BusyError
from services.core.types import ChatContext, ChatMessage
from services.llm.limited import WAITING_PER_PLACE, LimitedLLM
from tests.services.chat_fakes import ScriptedLLM, now

pytestmark = pytest.mark.virtual_time


async def ask(llm: LimitedLLM, name: str = "", ended: list[str] | None = None) -> str:
    async with aclosing(llm.stream(ChatContext((ChatMessage("user", name),), 1))) as deltas:
        text = "".join([delta.text async for delta in deltas])
    if ended is not None:
        ended.append(name)
    return text


async def test_no_more_answers_than_allowed_are_written_at_once_and_in_order() -> None:
    inner = ScriptedLLM([(1.0, "Yes")])
    llm, ended = LimitedLLM(inner, max_concurrent=2), list[str]()
    await asyncio.gather(*[ask(llm, str(n), ended) for n in range(7)])
    assert inner.most_running == 2
    assert ended == [str(n) for n in range(7)]
    assert now() == 4.0


async def test_too_many_that_wait_are_refused_in_words() -> None:
    llm = LimitedLLM(ScriptedLLM([(1.0, "Yes")]), max_concurrent=1)
    asked = [ask(llm) for _ in range(WAITING_PER_PLACE + 3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BusyError)]
    assert len(refused) == 2
    assert "Too many people" in refused[0].user_message


async def test_whoever_leaves_gives_the_place_back() -> None:
    inner = ScriptedLLM([(5.0, "Yes")])
    llm = LimitedLLM(inner, max_concurrent=1)
    for seconds in (1.0, 2.0):
        one, two = asyncio.create_task(ask(llm)), asyncio.create_task(ask(llm))
        await asyncio.sleep(seconds)
        one.cancel()
        two.cancel()
        await asyncio.wait([one, two])
    assert await ask(llm) == "Yes"
    assert now() == 8.0
