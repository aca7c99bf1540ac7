import asyncio
import json
import logging
import socket
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.errors import (
    ConfigurationError,
    EmptyResponseError,
    ProviderAuthError,
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
    ProviderTimeoutError,
)
from services.core.types import ChatContext, ChatDelta, ChatMessage, ImagePart, TokenUsage
from services.llm.answer import UNSEEN
from services.llm.eyesight import BLIND
from services.llm.openai_compatible import OpenAICompatibleLLM
from tests.services.llm.scripted_server import (
    CUT,
    DONE,
    STOP,
    USAGE,
    Reply,
    ScriptedServer,
    delta,
    finish,
    refusal,
    scripted_server,
)

CONTEXT = ChatContext((ChatMessage("system", "Be kind."), ChatMessage("user", "Grüß dich!")), 12)
KEY = "sk-secret-0123456789"


@asynccontextmanager
async def model(*replies: Reply, **options: Any) -> AsyncIterator[tuple[Any, ScriptedServer]]:
    async with scripted_server(*replies) as server:
        values: dict[str, Any] = {"api_key": KEY, "model": "m", "max_tokens": 100, **options}
        llm = OpenAICompatibleLLM(**{"base_url": server.url, **values})
        try:
            yield llm, server
        finally:
            await llm.aclose()


async def collect(
    llm: OpenAICompatibleLLM,
    into: list[ChatDelta] | None = None,
    *,
    context: ChatContext = CONTEXT,
) -> str:
    deltas: list[ChatDelta] = [] if into is None else into
    async with aclosing(llm.stream(context)) as stream:
        async for item in stream:
            deltas.append(item)  # noqa: PERF401 - what came before an error counts
    return "".join(item.text for item in deltas)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.llm.openai_compatible.FIRST_PAUSE", 0.001)


async def failure(*replies: Reply, **options: Any) -> tuple[ProviderError, ScriptedServer, str]:
    deltas: list[ChatDelta] = []
    async with model(*replies, **options) as (llm, server):
        with pytest.raises(ProviderError) as caught:
            await collect(llm, deltas)
    return caught.value, server, "".join(item.text for item in deltas)


class TestAnswers:
    async def test_streams_deltas_and_the_usage_last(self) -> None:
        deltas: list[ChatDelta] = []
        async with model(Reply([delta("Hel"), delta("lo"), STOP, USAGE, DONE])) as (llm, _):
            await collect(llm, deltas)
        assert deltas == [
            ChatDelta("Hel"),
            ChatDelta("lo"),
            ChatDelta(usage=TokenUsage(7, 3)),
        ]

    async def test_asks_for_what_it_was_built_for(self) -> None:
        async with model(temperature=0.5) as (llm, server):
            await collect(llm)
        assert server.bodies == [
            {
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": "Grüß dich!"},
                ],
                "stream": True,
                "stream_options": {"include_usage": True},
                "max_tokens": 100,
                "temperature": 0.5,
            }
        ]
        assert server.headers[0]["Authorization"] == f"Bearer {KEY}"

    async def test_what_nobody_watches_is_asked_for_whole(self) -> None:
        body = b'{"choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}]}'
        whole = Reply([body], content_type="application/json")
        async with (
            model(whole) as (llm, server),
            aclosing(llm.stream(replace(CONTEXT, whole=True))) as stream,
        ):
            said = [each.text async for each in stream]
        assert "".join(said) == "Hi."
        assert server.bodies[0]["stream"] is False
        assert "stream_options" not in server.bodies[0]

    async def test_sends_no_authorization_without_a_key(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
        async with model(api_key="") as (llm, server):
            await collect(llm)
        assert "Authorization" not in server.headers[0]

    @given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), data=st.data())
    @settings(
        max_examples=15,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    async def test_any_cut_of_the_bytes_gives_the_same_text(
        self, text: str, data: st.DataObject
    ) -> None:
        whole = delta("é€😀 " + text.replace("<", "(")) + STOP + USAGE + DONE
        cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=6)))
        parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
        async with model(Reply([piece for part in parts for piece in (part, 0)])) as (llm, _):
            assert await collect(llm) == "é€😀 " + UNSEEN.sub("", text.replace("<", "("))

    async def test_joins_an_emoji_whose_escapes_are_split_over_deltas(self) -> None:
        halves = [
            b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % half
            for half in (b"a\\ud83d", b"\\ude00b", b"\\ude00", b"c\\ud83d")
        ]
        async with model(Reply([*halves, STOP, DONE])) as (llm, _):
            assert await collect(llm) == "a😀b\ufffdc"

    async def test_takes_carriage_returns_comments_and_other_fields(self) -> None:
        parts = [b": ping\r\n\r\nevent: x\r\nid: 1\r\ndata:", delta("Hi")[5:], b"\r\n", STOP]
        async with model(Reply(parts)) as (llm, _):
            assert await collect(llm) == "Hi"

    async def test_takes_an_answer_that_was_not_streamed(self) -> None:
        body = {
            "choices": [{"message": {"role": "assistant", "content": "All at once"}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        }
        deltas: list[ChatDelta] = []
        async with model(refusal(200, body)) as (llm, _):
            await collect(llm, deltas)
        assert deltas == [ChatDelta("All at once"), ChatDelta(usage=TokenUsage(1, 2))]

    async def test_takes_a_delta_of_a_megabyte(self) -> None:
        text = "ab c" * 262_144
        async with model(Reply([delta(text), STOP, DONE])) as (llm, _):
            assert await collect(llm) == text

    async def test_takes_typed_parts_and_hides_thoughts_among_them(self) -> None:
        parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Yes"}]
        chunk = {"choices": [{"delta": {"content": parts}, "finish_reason": "stop"}]}
        async with model(Reply([b"data: " + json.dumps(chunk).encode() + b"\n"])) as (llm, _):
            assert await collect(llm) == "Yes"

    async def test_hides_reasoning_however_it_comes(self) -> None:
        parts = [
            delta("", reasoning_content="Hmm"),
            delta("<th"),
            delta("ink>secret</thi"),
            delta("nk>\n\nHello"),
            STOP,
            DONE,
        ]
        async with model(Reply(parts)) as (llm, _):
            assert await collect(llm) == "Hello"

    async def test_learns_that_the_model_s_template_opens_the_thoughts(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        thinking = Reply([delta("Hm."), delta("</think>"), delta("\n\nHello"), STOP, DONE])
        cut = Reply([delta("Hm."), finish("length"), DONE])
        plain = Reply([delta("Hi."), STOP, DONE])
        async with model(thinking, thinking, cut, thinking, plain, plain) as (llm, _):
            assert await collect(llm) == "Hm.</think>\n\nHello"
            assert await collect(llm) == "Hello"
            with pytest.raises(EmptyResponseError, match="length"):
                await collect(llm)
            assert await collect(llm) == "Hello"
            assert await collect(llm) == "Hi."
            assert await collect(llm) == "Hi."
        warnings = [each.message for each in caplog.records if each.levelname == "WARNING"]
        assert len(warnings) == 1
        assert "thinks without opening" in warnings[0]

    async def test_an_answer_at_its_longest_is_whole(self) -> None:
        async with model(Reply([delta("Once upon"), finish("length"), DONE])) as (llm, _):
            assert await collect(llm) == "Once upon"

    async def test_the_end_needs_no_done_and_no_line_break(self) -> None:
        async with model(Reply([delta("Hi"), STOP.strip()])) as (llm, _):
            assert await collect(llm) == "Hi"

    @pytest.mark.parametrize(
        "usage",
        [
            {"total_tokens": 9},
            {"prompt_tokens": None},
            {"prompt_tokens": float("inf")},
            [9],
        ],
    )
    async def test_counts_in_no_known_form_are_no_reason_to_fail(self, usage: object) -> None:
        odd = b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n"
        deltas: list[ChatDelta] = []
        async with model(Reply([delta("Hi"), STOP, odd, DONE])) as (llm, _):
            await collect(llm, deltas)
        assert deltas == [ChatDelta("Hi")]

    async def test_a_whole_answer_behind_its_deltas_is_not_said_twice(self) -> None:
        choice = {"message": {"content": "Hello there"}, "finish_reason": "stop"}
        whole = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
        async with model(Reply([delta("Hello "), delta("there"), whole, DONE])) as (llm, _):
            assert await collect(llm) == "Hello there"

    async def test_an_end_after_which_it_goes_on_is_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.llm.openai_compatible.END_SECONDS", 0.02)
        thought = {"delta": {"reasoning_content": "hm"}, "finish_reason": "stop"}
        thinking = b"data: " + json.dumps({"choices": [thought]}).encode() + b"\n\n"
        parts = [thinking, 0.1, STOP, delta("Hel"), 0.1, delta("lo"), STOP]
        async with model(Reply(parts)) as (llm, _):
            assert await collect(llm) == "Hello"

    @pytest.mark.parametrize("end", [CUT, 30], ids=["cut", "silent"])
    async def test_what_becomes_of_the_connection_after_the_end_changes_nothing(
        self, end: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.llm.openai_compatible.END_SECONDS", 0.1)
        async with model(Reply([delta("Hi"), STOP, 0.05, end])) as (llm, server):
            assert await collect(llm) == "Hi"
        assert len(server.bodies) == 1


class TestConnections:
    async def test_serve_one_answer_after_the_other(self) -> None:
        async with model() as (llm, server):
            for _ in range(3):
                await collect(llm)
        assert len(set(server.peers)) == 1

    async def test_are_opened_by_prewarming_once(self) -> None:
        async with model() as (llm, server):
            await llm.prewarm()
            await llm.prewarm()
            await collect(llm)
        assert server.visits == 1
        assert len(set(server.peers)) == 1

    async def test_prewarming_never_raises(self) -> None:
        async with model(base_url="http://127.0.0.1:9/v1") as (llm, _):
            await llm.prewarm()

    async def test_closing_the_generator_stops_the_server(self) -> None:
        endless = Reply([piece for _ in range(10_000) for piece in (delta("word "), 0.001)])
        async with model(endless) as (llm, server):
            async with aclosing(llm.stream(CONTEXT)) as stream:
                async for _ in stream:
                    break
            async with asyncio.timeout(5):
                await server.gone.wait()

    async def test_cancelling_passes_and_leaves_the_client_usable(self) -> None:
        async with model(Reply([60])) as (llm, server):
            task = asyncio.create_task(collect(llm))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await collect(llm) == "Hello"

    async def test_closing_twice_is_fine_and_ends_all(self) -> None:
        async with model() as (llm, _):
            await collect(llm)
            await llm.aclose()
            await llm.aclose()
            with pytest.raises(ProviderConnectionError):
                await collect(llm)
            await llm.prewarm()

    @pytest.mark.parametrize("url", ["", "localhost:11434", "ftp://x/v1", "http://", "http://[/"])
    def test_refuse_an_address_that_is_none(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="OPENAI_BASE_URL"):
            OpenAICompatibleLLM(base_url=url, api_key="", model="m", max_tokens=1)

    def test_refuse_a_key_of_two_lines(self) -> None:
        with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
            OpenAICompatibleLLM(base_url="http://h", api_key="a\nb", model="m", max_tokens=1)

    async def test_keep_the_key_from_the_place_a_redirect_names(self) -> None:
        async with scripted_server() as other:
            target = f"{other.url}/chat/completions"
            error, _, _ = await failure(Reply([], 307, {"Location": target}))
        assert isinstance(error, ProviderRequestError)
        assert "server's address" in error.user_message
        assert other.bodies == []


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "words"),
        [
            (401, {"error": {"message": f"bad key {KEY}"}}, ProviderAuthError, "key"),
            (403, {"error": {"message": "no"}}, ProviderAuthError, "key"),
            (
                403,
                {"error": {"message": "The model requires moderation and your input was flagged"}},
                ProviderRequestError,
                "filter",
            ),
            (402, {"error": {"message": "pay"}}, ProviderAuthError, "credit"),
            (429, {"error": {"code": "insufficient_quota"}}, ProviderAuthError, "credit"),
            (404, {"error": {"message": "model 'm' not found"}}, ProviderRequestError, "not found"),
            (405, {"detail": "Method Not Allowed"}, ProviderRequestError, "server's address"),
            (400, [{"error": {"message": "API key not valid."}}], ProviderAuthError, "key"),
            (400, {"error": "bad"}, ProviderRequestError, "did not accept"),
            (400, {"error": {"code": "context_length_exceeded"}}, ProviderRequestError, "too long"),
            (413, {}, ProviderRequestError, "too long"),
            (422, {"detail": [{"msg": "bad"}]}, ProviderRequestError, "did not accept"),
        ],
    )
    async def test_that_last_are_raised_at_once(
        self, status: int, body: object, kind: type[ProviderError], words: str
    ) -> None:
        error, server, text = await failure(refusal(status, body), retries=3)
        assert type(error) is kind
        assert words in error.user_message
        assert (error.status, text, len(server.bodies)) == (status, "", 1)
        assert KEY not in str(error)

    @pytest.mark.parametrize(
        ("reply", "kind"),
        [
            (refusal(500, {"error": "oops"}), ProviderConnectionError),
            (refusal(429, {}), ProviderRateLimitError),
            (refusal(503, {}, Retry_After="0"), ProviderRateLimitError),
            (Reply([CUT]), ProviderConnectionError),
            (Reply([delta("")]), ProviderConnectionError),
            (Reply([b'data: {"error":{"code":502,"message":"up"}}\n']), ProviderConnectionError),
        ],
    )
    async def test_that_pass_are_retried_before_the_first_delta(
        self, reply: Reply, kind: type[ProviderError]
    ) -> None:
        async with model(reply) as (llm, server):
            assert await collect(llm) == "Hello"
        assert len(server.bodies) == 2
        error, server, _ = await failure(reply, retries=0)
        assert type(error) is kind
        assert len(server.bodies) == 1

    async def test_are_retried_no_more_often_than_allowed(self) -> None:
        error, server, _ = await failure(*[refusal(500, {})] * 5, retries=2)
        assert error.status == 500
        assert len(server.bodies) == 3

    async def test_are_never_retried_after_the_first_delta(self) -> None:
        error, server, text = await failure(Reply([delta("Half"), 0.05, CUT]), retries=3)
        assert type(error) is ProviderConnectionError
        assert (text, len(server.bodies)) == ("Half", 1)

    async def test_an_answer_without_its_end_counts_as_cut(self) -> None:
        error, _, text = await failure(Reply([delta("Half")]))
        assert type(error) is ProviderConnectionError
        assert text == "Half"

    async def test_the_asked_for_pause_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.llm.openai_compatible.FIRST_PAUSE", 9.0)
        async with model(refusal(429, {}, Retry_After="0.01")) as (llm, _):
            assert await collect(llm) == "Hello"

    async def test_a_long_pause_is_not_waited_for(self) -> None:
        error, server, _ = await failure(refusal(429, {}, Retry_After="3600"))
        assert isinstance(error, ProviderRateLimitError)
        assert (error.retry_after, len(server.bodies)) == (3600.0, 1)

    async def test_a_pause_that_takes_too_much_of_the_time_is_not_waited_for(self) -> None:
        reply = refusal(429, {}, Retry_After="3")
        error, server, _ = await failure(reply, first_token_timeout=15.0)
        assert isinstance(error, ProviderRateLimitError)
        assert len(server.bodies) == 1

    async def test_a_server_that_is_not_there(self) -> None:
        error, _, _ = await failure(base_url="http://127.0.0.1:9/v1")
        assert type(error) is ProviderConnectionError

    async def test_a_connection_that_does_not_come_to_stand(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            address = full.getsockname()
            with socket.create_connection(address):  # the queue holds one
                url = f"http://127.0.0.1:{address[1]}/v1"
                error, _, _ = await failure(base_url=url, connect_timeout=0.1, retries=0)
        assert type(error) is ProviderTimeoutError

    @pytest.mark.parametrize(
        "parts",
        [[0.0, 30], [b": ping\n\n", 0.03] * 50, [delta("", role="assistant"), 30]],
        ids=["silent", "comments only", "role only"],
    )
    async def test_silence_before_the_first_token(self, parts: Sequence[object]) -> None:
        error, server, _ = await failure(Reply(parts), first_token_timeout=0.6, stall_timeout=0.01)
        assert type(error) is ProviderTimeoutError
        assert len(server.bodies) == 1

    @pytest.mark.parametrize("ping", [b": ping\n\n", b""])
    async def test_silence_in_mid_answer(self, ping: bytes) -> None:
        parts = [delta("Half"), *[ping, 0.03] * 50]
        error, _, text = await failure(Reply(parts), stall_timeout=0.1)
        assert type(error) is ProviderTimeoutError
        assert text == "Half"

    async def test_thinking_aloud_is_no_silence(self) -> None:
        thoughts = [delta("", reasoning_content="hm"), 0.03] * 8
        async with model(
            Reply([*thoughts, delta("Yes"), STOP]), first_token_timeout=0.15, stall_timeout=0.15
        ) as (llm, _):
            assert await collect(llm) == "Yes"

    async def test_a_slow_reader_is_no_silence(self) -> None:
        words = [delta(f"{n} ") for n in range(3000)]
        async with (
            model(Reply([*words, STOP, DONE]), stall_timeout=0.05) as (llm, _),
            aclosing(llm.stream(CONTEXT)) as stream,
        ):
            count = 0
            async for _item in stream:
                if count in (0, 1500):
                    await asyncio.sleep(0.15)
                count += 1
        assert count == 3000

    @pytest.mark.parametrize(
        ("reply", "kind"),
        [
            (Reply([delta("a"), b'data: {"error":{"message":"x"}}\n\n']), ProviderError),
            (refusal(200, {"error": {"message": "x"}}), ProviderError),
            (refusal(200, {"error": "x"}), ProviderError),
            (Reply([delta("a"), b"data: nonsense\n\n"]), ProviderError),
            (Reply([delta("a"), b"data: [1]\n\n"]), ProviderError),
            (Reply([delta("a"), b"data: " + b"[" * 100_000 + b"\n\n"]), ProviderError),
            (Reply([b'data: {"choices":[{"delta":"x"}]}\n\n']), ProviderError),
            (Reply([b"<html>Hello</html>"], content_type="text/html"), ProviderError),
            (Reply([delta("a"), finish("content_filter")]), ProviderRequestError),
        ],
    )
    async def test_that_come_with_status_200(self, reply: Reply, kind: type[ProviderError]) -> None:
        error, server, _ = await failure(reply)
        assert type(error) is kind
        assert len(server.bodies) == 1

    async def test_a_web_page_is_told_as_a_wrong_address(self) -> None:
        error, _, _ = await failure(Reply([b"<html>"], content_type="text/html"))
        assert "server's address" in error.user_message

    @pytest.mark.parametrize(
        "parts",
        [
            [STOP, DONE],
            [delta("  \n"), STOP],
            [delta("<think>hm"), finish("length")],
            [delta("", reasoning_content="hm"), STOP],
            [delta("\x00\u200b"), delta("\u200d"), STOP],
            [finish("tool_calls")],
        ],
    )
    async def test_no_text_is_an_empty_response(self, parts: Sequence[object]) -> None:
        error, _, _ = await failure(Reply(parts))
        assert type(error) is EmptyResponseError

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            ([delta("", refusal="I can't "), delta("", refusal="help."), STOP], "declined"),
            ([delta("Well, "), delta("", refusal="no."), STOP], "declined"),
            ([finish("content_filter")], "filter"),
            ([delta("", reasoning_content="hm"), finish("length")], "LLM_MAX_TOKENS"),
            ([delta("<think>hm"), finish("length")], "LLM_MAX_TOKENS"),
            ([delta("", tool_calls=[{"index": 0}]), finish("tool_calls")], "tool"),
            ([STOP], "empty answer"),
        ],
    )
    async def test_without_an_answer_say_why(self, parts: Sequence[object], words: str) -> None:
        error, server, _ = await failure(Reply(parts), retries=3)
        assert words in error.user_message
        assert len(server.bodies) == 1
        assert "help" not in error.brief

    async def test_leave_no_secret_and_no_text_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            await failure(refusal(500, {"error": f"{KEY} Grüß dich!"}), refusal(401, {}))
        assert "next try" in caplog.text
        assert KEY not in caplog.text
        assert "Grüß" not in caplog.text


class TestImages:
    PNG = b"\x89PNG\r\n\x1a\n" + bytes(100_000)
    SEEN = ChatContext(
        (ChatMessage("user", "Look.", (ImagePart("u", 9, "image/png", PNG),)),), tokens=900
    )
    REFUSED = refusal(400, {"error": {"message": "image_url is only supported by some models"}})

    async def look(self, llm: OpenAICompatibleLLM) -> str:
        async with aclosing(llm.stream(self.SEEN)) as stream:
            return "".join([item.text + item.note async for item in stream])

    async def test_reach_the_model(self) -> None:
        async with model() as (llm, server):
            assert await self.look(llm) == "Hello"
        text, image = server.bodies[0]["messages"][0]["content"]
        assert text == {"type": "text", "text": "Look."}
        head, _, data = image["image_url"]["url"].partition(",")
        assert (head, b64decode(data)) == ("data:image/png;base64", self.PNG)

    async def test_are_dropped_for_a_model_that_cannot_see(self) -> None:
        async with model(self.REFUSED, retries=0) as (llm, server):
            for _ in range(2):
                assert await self.look(llm) == f"Hello{BLIND}"
        contents = [body["messages"][0]["content"] for body in server.bodies]
        assert [isinstance(content, list) for content in contents] == [True, False, False]
        assert contents[2] == "Look.\n[an image that you cannot see]"

    async def test_are_insisted_on_where_the_settings_say_so(self) -> None:
        async with model(self.REFUSED, adapt_to_blindness=False) as (llm, server):
            with pytest.raises(ProviderRequestError):
                await self.look(llm)
        assert len(server.bodies) == 1


class TestDialects:
    async def test_a_server_gets_its_own_options_too(self) -> None:
        extra = {"reasoning_effort": "low", "stream_options": None, "max_tokens": 5}
        async with model(extra=extra) as (llm, server):
            await collect(llm)
        body = server.bodies[0]
        assert (body["reasoning_effort"], body["max_tokens"]) == ("low", 5)
        assert "stream_options" not in body
        assert "temperature" not in body

    @pytest.mark.parametrize(
        ("message", "missing", "present"),
        [
            ("Unknown field: stream_options", "stream_options", "max_tokens"),
            (
                "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
                "max_tokens",
                "max_completion_tokens",
            ),
            ("'temperature' does not support 0.5 - unsupported value", "temperature", "max_tokens"),
        ],
    )
    async def test_an_unknown_option_is_given_up_for_good(
        self, message: str, missing: str, present: str
    ) -> None:
        refused = refusal(400, {"error": {"message": message}})
        async with model(refused, temperature=0.5, retries=0) as (llm, server):
            assert await collect(llm) == "Hello"
            assert await collect(llm) == "Hello"
        assert [missing in body for body in server.bodies] == [True, False, False]
        assert all(present in body for body in server.bodies[1:])

    @pytest.mark.parametrize(
        ("options", "sent"),
        [({}, 0.9), ({"temperature": 0.2}, 0.9), ({"extra": {"temperature": None}}, None)],
    )
    async def test_a_context_brings_its_temperature(
        self, options: dict[str, Any], sent: float | None
    ) -> None:
        async with model(**options) as (llm, server):
            await collect(llm, context=replace(CONTEXT, temperature=0.9))
            await collect(llm)
        assert server.bodies[0].get("temperature") == sent
        assert server.bodies[1].get("temperature") == options.get("temperature")

    @pytest.mark.parametrize(
        ("message", "left"),
        [
            ("Unsupported value: 'temperature' does not support 2 with this model", None),
            ("temperature: Input should be less than or equal to 1", 0.2),
        ],
    )
    async def test_a_temperature_that_the_model_refuses_is_not_sent_again(
        self, message: str, left: float | None
    ) -> None:
        warm = replace(CONTEXT, temperature=2.0)
        refused = refusal(400, {"error": {"message": message}})
        async with model(refused, temperature=0.2, retries=0) as (llm, server):
            assert await collect(llm, context=warm) == "Hello"
            assert await collect(llm, context=warm) == "Hello"
        assert [body.get("temperature") for body in server.bodies] == [2.0, left, left]

    async def test_a_template_without_a_system_role_gets_none(self) -> None:
        refused = refusal(400, {"message": "System role not supported"})
        async with model(refused, retries=0) as (llm, server):
            assert await collect(llm) == "Hello"
            assert await collect(llm) == "Hello"
        told = [body["messages"] for body in server.bodies]
        assert told[0][0]["role"] == "system"
        assert told[1] == told[2] == [{"role": "user", "content": "Be kind.\n\nGrüß dich!"}]
        error, server, _ = await failure(refused, refused, retries=0)
        assert type(error) is ProviderRequestError
        assert len(server.bodies) == 2

    @pytest.mark.parametrize(
        "message",
        [
            "stream_options: extra fields not permitted",
            "System role not supported",
            "temperature: Input should be less than or equal to 1",
        ],
    )
    async def test_two_requests_may_learn_it_at_once(self, message: str) -> None:
        refused, warm = refusal(422, {"detail": message}), replace(CONTEXT, temperature=2.0)
        async with model(refused, refused, retries=0) as (llm, _):
            both = await asyncio.gather(collect(llm, context=warm), collect(llm, context=warm))
        assert list(both) == ["Hello", "Hello"]

    async def test_what_would_be_refused_again_is_not_sent_again(self) -> None:
        refused = refusal(400, {"detail": "temperature: Input should be less than or equal to 1"})
        _, server, _ = await failure(refused, temperature=1.5, retries=0)
        assert len(server.bodies) == 1

    async def test_a_new_name_of_an_option_does_not_undo_the_server_s_own(self) -> None:
        words = "Setting 'max_tokens' and 'max_completion_tokens' together is not supported."
        extra = {"max_completion_tokens": 5000}
        async with model(refusal(400, {"error": words}), extra=extra, retries=0) as (llm, server):
            assert await collect(llm) == "Hello"
        assert "max_tokens" not in server.bodies[1]
        assert server.bodies[1]["max_completion_tokens"] == 5000

    async def test_a_value_that_is_too_large_is_not_given_up(self) -> None:
        error, server, _ = await failure(refusal(400, {"error": "max_tokens is too large"}))
        assert type(error) is ProviderRequestError
        assert len(server.bodies) == 1
