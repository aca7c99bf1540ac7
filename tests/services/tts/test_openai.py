import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import web

from services.core.errors import (
    EmptyResponseError,
    ProviderAuthError,
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
    ProviderTimeoutError,
)
from services.core.types import VoiceStyle
from services.tts.openai import OpenAITTS

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
STYLE = VoiceStyle()
SOUND = bytes(range(256)) * 40


@asynccontextmanager
async def engine_for(answer: Answer, *, timeout: float = 5.0) -> AsyncIterator[OpenAITTS]:
    async def voices(_request: web.Request) -> web.Response:
        return web.json_response({"voices": ["alloy", "nova"]})

    app = web.Application()
    app.router.add_post("/v1/audio/speech", answer)
    app.router.add_get("/v1/audio/voices", voices)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    engine = OpenAITTS(
        base_url=f"http://{host}:{port}/v1",
        api_key="",
        model="tts-9",
        voice="alloy",
        sample_rate=24_000,
        timeout=timeout,
    )
    try:
        yield engine
    finally:
        await engine.aclose()
        await runner.cleanup()


def streaming(*parts: bytes) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
        return response

    return answer


def refusing(status: int, headers: dict[str, str] | None = None) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = {"error": {"message": "no"}}
        return web.json_response(body, status=status, headers=headers)

    return answer


async def spoken(engine: OpenAITTS, style: VoiceStyle = STYLE) -> list[bytes]:
    async with aclosing(engine.synthesize("Hello.", style)) as sound:
        return [chunk.pcm async for chunk in sound]


@pytest.mark.parametrize("step", [1, 7, 333, 4097])
async def test_samples_stay_whole_however_the_sound_arrives(step: int) -> None:
    parts = [SOUND[at : at + step] for at in range(0, len(SOUND) if step > 1 else 2100, step)]
    async with engine_for(streaming(*parts)) as engine:
        chunks = await spoken(engine)

    assert b"".join(chunks) == b"".join(parts)
    assert all(len(chunk) % 2 == 0 for chunk in chunks)
    assert all(len(chunk) >= 960 for chunk in chunks[:-1])


async def test_a_half_sample_at_the_end_is_dropped() -> None:
    async with engine_for(streaming(SOUND + b"x")) as engine:
        assert b"".join(await spoken(engine)) == SOUND


async def test_it_asks_for_pcm_in_the_styles_voice() -> None:
    asked: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(json.loads(await request.read()))
        return web.Response(body=SOUND)

    async with engine_for(answer) as engine:
        await spoken(engine)
        await spoken(engine, VoiceStyle(voice="nova", speed=9.0))

    plain = {"input": "Hello.", "model": "tts-9", "voice": "alloy", "response_format": "pcm"}
    assert asked == [plain, {**plain, "voice": "nova", "speed": 4.0}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProviderRequestError),
        (401, ProviderAuthError),
        (403, ProviderAuthError),
        (404, ProviderError),
        (422, ProviderRequestError),
        (429, ProviderRateLimitError),
        (500, ProviderConnectionError),
        (503, ProviderConnectionError),
    ],
)
async def test_a_refusal_becomes_words_about_the_speech_server(
    status: int, kind: type[ProviderError]
) -> None:
    async with engine_for(refusing(status)) as engine:
        with pytest.raises(ProviderError) as caught:
            await spoken(engine)

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert "speech server" in caught.value.user_message
    assert caught.value.brief == f"openai-speech answered {status}"
    assert str(caught.value).endswith("- no") == (status not in (401, 403))


async def test_a_rate_limit_says_how_long_to_wait() -> None:
    async with engine_for(refusing(429, {"retry-after": "7"})) as engine:
        with pytest.raises(ProviderRateLimitError) as caught:
            await spoken(engine)

    assert caught.value.retry_after == 7.0


async def test_a_request_is_made_once_only() -> None:
    calls = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return web.Response(status=500)

    async with engine_for(answer) as engine:
        with pytest.raises(ProviderConnectionError):
            await spoken(engine)

    assert calls == 1


async def test_no_sound_at_all_is_an_error() -> None:
    async with engine_for(streaming()) as engine:
        with pytest.raises(EmptyResponseError):
            await spoken(engine)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("audio/wav", b"RIFF\x24\0\0\0WAVEfmt " + SOUND),
        ("application/octet-stream", b"RIFF\x24\0\0\0WAVEfmt " + SOUND),
        ("audio/mpeg", b"\xff\xfb" + SOUND),
        ("audio/mpeg", b"ID3" + SOUND),
        ("audio/ogg", b"OggS" + SOUND),
        ("text/html; charset=utf-8", b"<!doctype html>" + SOUND),
        ("application/json", b'{"error": "no voice"}'),
    ],
)
async def test_what_is_no_pcm_is_not_played_as_noise(kind: str, body: bytes) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Type": kind})

    async with engine_for(answer) as engine:
        with pytest.raises(ProviderError, match="where PCM was asked for") as caught:
            await spoken(engine)
    assert "PCM" in caught.value.user_message


@pytest.mark.parametrize("kind", ["audio/pcm", "audio/mpeg", "application/octet-stream", ""])
async def test_pcm_is_played_whatever_the_server_calls_it(kind: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=SOUND, headers={"Content-Type": kind})

    async with engine_for(answer) as engine:
        assert b"".join(await spoken(engine)) == SOUND


async def test_a_server_that_is_not_there_is_named_without_its_key() -> None:
    engine = OpenAITTS(
        base_url="http://ana:secret@127.0.0.1:9/v1",
        api_key="",
        model="tts-9",
        voice="alloy",
        sample_rate=24_000,
        timeout=5.0,
    )
    with pytest.raises(ProviderConnectionError) as caught:
        await spoken(engine)
    await engine.aclose()
    assert caught.value.brief == "127.0.0.1:9: ConnectError All connection attempts failed"


async def test_a_server_that_breaks_off_is_unreachable() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(SOUND)
        assert request.transport
        request.transport.abort()
        return response

    async with engine_for(answer) as engine:
        with pytest.raises(ProviderConnectionError) as caught:
            await spoken(engine)

    assert "speech server" in caught.value.user_message


async def test_a_silent_server_times_out() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with engine_for(answer, timeout=0.05) as engine:
        with pytest.raises(ProviderTimeoutError):
            await spoken(engine)


async def test_nobody_at_the_address_is_unreachable() -> None:
    engine = OpenAITTS(
        base_url="http://127.0.0.1:9/v1",
        api_key="k",
        model="m",
        voice="v",
        sample_rate=24_000,
        timeout=1.0,
    )
    await engine.prewarm()
    with pytest.raises(ProviderConnectionError):
        await spoken(engine)
    await engine.aclose()


async def test_closing_hangs_up_on_the_server() -> None:
    hung_up = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(SOUND)
                await asyncio.sleep(0.001)
        except (asyncio.CancelledError, ConnectionError):
            hung_up.set()
            raise

    async with engine_for(answer) as engine:
        async with aclosing(engine.synthesize("Hello.", STYLE)) as sound:
            await anext(sound)
        async with asyncio.timeout(5):
            await hung_up.wait()


async def test_the_server_s_own_voices_are_offered_once_it_was_asked() -> None:
    async with engine_for(streaming(SOUND)) as engine:
        assert "shimmer" in [voice.name for voice in engine.offer().voices]
        assert engine.accepts("anything")
        await engine.prewarm()
        assert [voice.name for voice in engine.offer().voices] == ["alloy", "nova"]
        assert not engine.accepts("anything")


async def test_a_voice_that_the_server_refuses_is_replaced_and_not_asked_for_again() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append((await request.json())["voice"])
        if asked[-1] != "alloy":
            raise web.HTTPBadRequest(text="no such voice")
        return web.Response(body=SOUND)

    async with engine_for(answer) as engine:
        assert b"".join(await spoken(engine, VoiceStyle(voice="af_heart"))) == SOUND
        assert b"".join(await spoken(engine, VoiceStyle(voice="af_heart"))) == SOUND
        assert not engine.accepts("af_heart")
    assert asked == ["af_heart", "alloy", "alloy"]


async def test_a_failing_server_is_not_the_fault_of_the_voice() -> None:
    async with engine_for(refusing(500)) as engine:
        with pytest.raises(ProviderConnectionError):
            await spoken(engine, VoiceStyle(voice="nova"))
        assert engine.accepts("nova")
