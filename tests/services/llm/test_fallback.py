import asyncio
from contextlib import aclosing

import pytest

from services.core.errors import (
    EmptyResponseError,
    ProviderAuthError,
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
    ProviderTimeoutError,
)
from services.core.types import ChatContext, ChatDelta, ChatMessage
from services.llm.fallback import FallbackLLM
from services.llm.openai_compatible import OpenAICompatibleLLM
from tests.services.chat_fakes import ScriptedLLM
from tests.services.llm.scripted_server import Reply, delta, finish, refusal, scripted_server

CONTEXT = ChatContext((ChatMessage("user", "hello"),), tokens=10)
NOTE = ChatDelta(note="answered by other\\_model")


def fallback(primary: ScriptedLLM, other: ScriptedLLM | None = None) -> FallbackLLM:
    return FallbackLLM(primary, other or ScriptedLLM([(0.0, "Other")]), name="other_model")


async def collect(llm: FallbackLLM) -> list[ChatDelta]:
    async with aclosing(llm.stream(CONTEXT)) as deltas:
        return [delta async for delta in deltas]


async def test_the_first_model_answers_alone() -> None:
    other = ScriptedLLM([(0.0, "Other")])
    assert await collect(fallback(ScriptedLLM([(0.0, "First")]), other)) == [ChatDelta("First")]
    assert other.contexts == []


@pytest.mark.parametrize(
    "error",
    [
        ProviderConnectionError("down"),
        ProviderTimeoutError("silent"),
        ProviderRateLimitError("later"),
        ProviderAuthError("bad key"),
        EmptyResponseError("nothing"),
        ProviderRequestError("no such model", status=404),
        ProviderRequestError("moved", status=302),
        ProviderRequestError("wrong way", status=405),
        ProviderRequestError("model retired", status=410),
        ProviderError("odd"),
    ],
    ids=str,
)
async def test_the_second_answers_where_the_first_fails_and_it_is_said(
    error: ProviderError,
) -> None:
    llm = fallback(ScriptedLLM([(0.0, " \n"), (0.0, error)]))
    assert await collect(llm) == [ChatDelta("Other"), NOTE]


async def test_a_request_that_is_refused_goes_nowhere_else() -> None:
    other = ScriptedLLM([(0.0, "Other")])
    with pytest.raises(ProviderRequestError):
        await collect(fallback(ScriptedLLM([(0.0, ProviderRequestError("no", status=400))]), other))
    assert other.contexts == []


async def test_nothing_is_begun_anew_after_the_first_word() -> None:
    other = ScriptedLLM([(0.0, "Other")])
    broken = ScriptedLLM([(0.0, "Half"), (0.0, ProviderConnectionError("broke off"))])
    with pytest.raises(ProviderConnectionError):
        await collect(fallback(broken, other))
    assert other.contexts == []


async def test_where_both_fail_the_second_s_failure_counts() -> None:
    down = ScriptedLLM([(0.0, ProviderConnectionError("down"))])
    with pytest.raises(ProviderAuthError):
        await collect(fallback(down, ScriptedLLM([(0.0, ProviderAuthError("bad key"))])))


@pytest.mark.virtual_time
async def test_a_model_that_keeps_failing_is_left_alone_and_probed_once() -> None:
    down: tuple[float, Exception] = (1.0, ProviderConnectionError("down"))
    primary = ScriptedLLM(*[[down]] * 4, [(0.0, "Back")])
    llm = fallback(primary)
    for _ in range(6):
        assert (await collect(llm))[-1] == NOTE
    assert len(primary.contexts) == 3
    await asyncio.sleep(30)
    await asyncio.gather(*[collect(llm) for _ in range(3)])
    assert len(primary.contexts) == 4, "one probe, which failed"
    await asyncio.sleep(29)
    await collect(llm)
    assert len(primary.contexts) == 4
    await asyncio.sleep(2)
    assert await collect(llm) == [ChatDelta("Back")]
    assert await collect(llm) == [ChatDelta("Back")]


@pytest.mark.virtual_time
async def test_a_probe_that_somebody_stops_does_not_bar_the_next_one() -> None:
    down: tuple[float, Exception] = (0.0, ProviderConnectionError("down"))
    primary = ScriptedLLM(*[[down]] * 3, [(60.0, "slow")], [(0.0, "Back")])
    llm = fallback(primary)
    for _ in range(3):
        await collect(llm)
    await asyncio.sleep(30)
    probe = asyncio.create_task(collect(llm))
    await asyncio.sleep(1)
    probe.cancel()
    await asyncio.wait([probe])
    await asyncio.sleep(30)
    assert await collect(llm) == [ChatDelta("Back")]


@pytest.mark.virtual_time
async def test_a_probe_that_is_refused_shows_that_the_first_is_back() -> None:
    down: tuple[float, Exception] = (0.0, ProviderConnectionError("down"))
    refused = ProviderRequestError("too long", status=400)
    llm = fallback(ScriptedLLM(*[[down]] * 3, [(0.0, refused)], [(0.0, "Back")]))
    for _ in range(3):
        await collect(llm)
    await asyncio.sleep(30)
    with pytest.raises(ProviderRequestError):
        await collect(llm)
    assert await collect(llm) == [ChatDelta("Back")]


async def test_failures_that_are_not_in_a_row_open_nothing() -> None:
    down: tuple[float, Exception] = (0.0, ProviderConnectionError("down"))
    primary = ScriptedLLM([down], [down], [(0.0, "Fine")], [down], [down], [(0.0, "Fine")])
    llm = fallback(primary)
    answers = [(await collect(llm))[0].text for _ in range(6)]
    assert answers == ["Other", "Other", "Fine"] * 2


async def test_each_server_gets_its_own_key_only() -> None:
    """An answer of thoughts alone at the first server, over real connections."""
    thinking = Reply([delta("", reasoning_content="hm"), finish("length")])
    async with scripted_server(thinking, refusal(401, {})) as one, scripted_server() as two:
        first, second = (
            OpenAICompatibleLLM(base_url=server.url, api_key=key, model=key, max_tokens=9)
            for server, key in ((one, "first-key"), (two, "second-key"))
        )
        llm = FallbackLLM(first, second, name="other_model")
        for _ in range(2):
            assert (await collect(llm))[-1] == NOTE
        await llm.aclose()
    assert "second" not in str(one.headers)
    assert "first" not in str(two.headers)
    assert [body["model"] for body in two.bodies] == ["second-key"] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        Reply([b"<html>Welcome!</html>"], content_type="text/html"),
        Reply([], 302, {"Location": "http://127.0.0.1:9/login"}),
        refusal(400, [{"error": {"code": 400, "message": "API key not valid. Pass a valid one."}}]),
    ],
    ids=["web page", "redirect", "key"],
)
async def test_the_second_answers_where_the_first_one_s_address_or_key_is_wrong(
    wrong: Reply,
) -> None:
    async with scripted_server(wrong) as one, scripted_server() as two:
        first, second = (
            OpenAICompatibleLLM(base_url=server.url, api_key="", model="m", max_tokens=9)
            for server in (one, two)
        )
        llm = FallbackLLM(first, second, name="other_model")
        assert (await collect(llm))[-1] == NOTE
        await llm.aclose()


class Warmed(ScriptedLLM):
    warmed = 0

    async def prewarm(self) -> None:
        self.warmed += 1


async def test_the_model_that_would_be_asked_is_prewarmed() -> None:
    first, second = Warmed([(0.0, ProviderConnectionError("down"))]), Warmed([(0.0, "Other")])
    llm = fallback(first, second)
    await llm.prewarm()
    for _ in range(3):
        await collect(llm)
    await llm.prewarm()
    assert (first.warmed, second.warmed) == (1, 1)
