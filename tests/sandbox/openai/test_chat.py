import asyncio
import json
from base64 import b64encode
from typing import Any

import aiohttp
import openai
import pytest

from tests.sandbox.openai.conftest import Guest


async def test_a_stream_gives_one_delta_a_token_and_the_usage_last(guest: Guest) -> None:
    stream = await guest.client.chat.completions.create(
        model="any",
        messages=[{"role": "user", "content": "count to 3"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    words = [chunk.choices[0].delta.content for chunk in chunks[:-2]]
    assert words == ["1", ",", " 2", ",", " 3", "."]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    usage = chunks[-1].usage
    assert usage and (usage.prompt_tokens, usage.completion_tokens) == (3, 6)


async def test_a_whole_answer_carries_its_usage(guest: Guest) -> None:
    answer = await guest.client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": "count to 3"}]
    )
    assert answer.choices[0].message.content == "1, 2, 3."
    assert answer.usage and answer.usage.total_tokens == 9


async def test_a_token_limit_shortens_the_talker(guest: Guest) -> None:
    answer = await guest.client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": "story"}], max_completion_tokens=5
    )
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage and answer.usage.completion_tokens == 5


async def test_whole_answers_have_a_script_of_their_own(guest: Guest) -> None:
    guest.server.script_llm({"replies": [{"text": "streamed"}], "completions": [{"text": "whole"}]})
    said = []
    for _ in range(2):
        answer = await guest.client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "count to 1"}]
        )
        said.append(answer.choices[0].message.content)
    assert said == ["whole", "1."]


async def test_the_script_serves_streams_in_order_and_then_the_talker(guest: Guest) -> None:
    guest.server.script_llm({"replies": [{"text": "first"}, {"deltas": ["se", "cond"]}]})
    whole = await guest.client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": "count to 1"}]
    )
    assert whole.choices[0].message.content == "1."
    assert await guest.chat("count to 1") == "first"
    assert [delta async for delta in guest.deltas("count to 1")] == ["se", "cond"]
    assert await guest.chat("count to 1") == "1."


async def test_a_delta_of_a_megabyte_comes_whole(guest: Guest) -> None:
    guest.server.script_llm([{"deltas": ["é" * 2**20, "!"], "ttft": 0}])
    assert [len(delta) async for delta in guest.deltas("x")] == [2**20, 1]


async def test_a_stall_is_silence_and_then_the_rest(guest: Guest) -> None:
    guest.server.script_llm([{"text": "one two", "stall": {"after": 1, "seconds": 0.05}}])
    loop = asyncio.get_running_loop()
    times = [loop.time() async for _ in guest.deltas("x")]
    assert times[1] - times[0] >= 0.04


async def test_a_scripted_error_has_its_status_and_body(guest: Guest) -> None:
    guest.server.script_llm(
        [{"error": {"status": 429, "body": {"error": {"message": "slow down"}}}}]
    )
    with pytest.raises(openai.RateLimitError, match="slow down"):
        await guest.chat("x")
    guest.server.script_llm([{"error": {"status": 503, "body": "<html>busy</html>"}}])
    with pytest.raises(openai.InternalServerError) as busy:
        await guest.chat("x")
    assert busy.value.body == "<html>busy</html>"


async def test_an_error_of_status_200_comes_behind_the_deltas(guest: Guest) -> None:
    error = {"status": 200, "body": {"error": {"message": "overloaded", "code": 529}}}
    guest.server.script_llm([{"text": "one two", "error": error}])
    seen: list[str] = []
    with pytest.raises(openai.APIError, match="overloaded"):
        async for delta in guest.deltas("x"):
            seen += [delta]
    assert seen == ["one", " two"]


async def test_half_a_surrogate_pair_goes_out_as_an_escape(guest: Guest) -> None:
    guest.server.script_llm([{"deltas": ["\ud83d", "\ude00"]}])
    assert [delta async for delta in guest.deltas("x")] == ["\ud83d", "\ude00"]


async def test_a_cut_reply_breaks_off_after_so_many_deltas(guest: Guest) -> None:
    guest.server.script_llm([{"text": "one two three", "cut": 2}])
    seen: list[str] = []
    with pytest.raises(openai.APIConnectionError):
        async for delta in guest.deltas("x"):
            seen.append(delta)  # noqa: PERF401 - the list must outlive the exception
    assert seen == ["one", " two"]
    assert guest.bus.events[-1][1]["outcome"] == "cut"


async def test_a_client_that_leaves_stops_the_reply(
    guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    guest.server.script_llm([{"text": "word " * 5000, "ttft": 0, "tokens_per_second": 200}])
    deltas = guest.deltas("x")
    await anext(deltas)
    await deltas.aclose()  # type: ignore[attr-defined]
    await guest.client.close()
    await asyncio.wait_for(guest.bus.done.wait(), 5)
    assert guest.bus.events[-1][1]["outcome"] == "gone"
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_a_client_that_leaves_during_a_silence_is_noticed(guest: Guest) -> None:
    guest.faults.order("llm", "hang")
    with pytest.raises(openai.APITimeoutError):
        await guest.chat("x", timeout=0.1)
    await asyncio.wait_for(guest.bus.done.wait(), 5)


async def test_the_faults_error_and_cut_strike_once(guest: Guest) -> None:
    guest.faults.order("llm", "error")
    with pytest.raises(openai.InternalServerError):
        await guest.chat("count to 2")
    guest.faults.order("llm", "cut")
    with pytest.raises(openai.APIConnectionError):
        await guest.chat("count to 2")
    assert await guest.chat("count to 2") == "1, 2."


async def test_what_happens_is_announced(guest: Guest) -> None:
    await guest.chat("count to 2")
    assert guest.bus.kinds == ["llm_request", "llm_first_delta", "llm_done"]
    assert guest.bus.events[-1][1]["completion_tokens"] == 4


async def test_requests_are_kept_whole(guest: Guest) -> None:
    await guest.chat("hello", temperature=0.5)
    [request] = guest.server.requests()["requests"]
    assert request["path"] == "/v1/chat/completions"
    assert request["body"]["messages"] == [{"role": "user", "content": "hello"}]
    assert request["body"]["temperature"] == 0.5
    guest.server.reset()
    assert guest.server.requests() == {"requests": []}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"model": "m"}',
        b'{"model": "m", "messages": []}',
        b'{"model": "m", "messages": ["x"]}',
        b'{"model": "m", "messages": [{"role": "king", "content": "x"}]}',
        b'{"model": "m", "messages": [{"role": "user"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": 7}]}',
        b'{"messages": [{"role": "user", "content": "x"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": 1}',
        b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "n": 2}',
        b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}',
    ],
)
async def test_a_bad_body_is_refused_in_openai_form(guest: Guest, body: bytes) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{guest.url}/chat/completions", data=body) as answer,
    ):
        error = json.loads(await answer.text())["error"]
    assert answer.status == 400
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith(".")


async def test_an_unknown_address_is_refused_in_openai_form(guest: Guest) -> None:
    with pytest.raises(openai.NotFoundError, match="no POST /v1/images"):
        await guest.client.images.generate(prompt="x", model="m")


async def test_the_models_are_listed(guest: Guest) -> None:
    names = [model.id async for model in guest.client.models.list()]
    assert "sandbox-talker" in names
    assert (await guest.client.models.retrieve("sandbox-talker")).owned_by == "sandbox"
    with pytest.raises(openai.NotFoundError):
        await guest.client.models.retrieve("other")


PNG = b"\x89PNG\r\n\x1a\n" + bytes(92)


def picture(data: bytes = PNG, *, kind: str = "png", **more: Any) -> list[Any]:
    url = f"data:image/{kind};base64,{b64encode(data).decode()}"
    image = {"type": "image_url", "image_url": {"url": url, **more}}
    return [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]}]


async def test_an_image_is_counted_and_measured(guest: Guest) -> None:
    answer = await guest.client.chat.completions.create(model="any", messages=picture())
    told = answer.choices[0].message.content
    assert told and "1 image (png of 100 bytes)" in told
    assert answer.usage and answer.usage.prompt_tokens > 765


@pytest.mark.parametrize(
    "messages",
    [
        picture(b""),
        picture(kind="jpeg"),
        picture(kind="svg"),
        picture(detail="huge"),
        [{**picture()[0], "role": "system"}],
        [{"role": "user", "content": []}],
        [{"role": "user", "content": [{"type": "video"}]}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://a"}}]}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]}],
    ],
)
async def test_an_image_that_is_not_well_formed_is_refused(
    guest: Guest, messages: list[Any]
) -> None:
    with pytest.raises(openai.BadRequestError):
        await guest.client.chat.completions.create(model="any", messages=messages)


async def test_a_blind_model_refuses_images_until_the_reset(guest: Guest) -> None:
    guest.server.script_llm({"vision": False})
    with pytest.raises(openai.BadRequestError, match="image_url"):
        await guest.client.chat.completions.create(model="any", messages=picture())
    assert await guest.chat("count to 2") == "1, 2."
    guest.server.reset()
    await guest.client.chat.completions.create(model="any", messages=picture())
