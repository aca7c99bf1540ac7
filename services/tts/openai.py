import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from services.core.errors import (
    EmptyResponseError,
    ProviderAuthError,
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
    ProviderTimeoutError,
)
from services.core.phonemes import without_phonemes
from services.core.types import FRAME_SECONDS, AudioChunk, VoiceOffer, VoiceStyle
from services.tts.server_voices import ServerVoices

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

log = logging.getLogger(__name__)

PROVIDER: Final = "openai-speech"

MAX_CHARACTERS: Final = 4096
"""The API's own limit on `input`; what is longer is not spoken."""

_WRONG_ADDRESS: Final = "The speech server's address, model or voice is not set up right."
_SLOWEST, _FASTEST = 0.25, 4.0  # the API's range of `speed`
_REFUSES_VOICE: Final = (400, 404, 422)
_KEEPALIVE_SECONDS: Final = 300.0
_BYTES_PER_SAMPLE: Final = 2
_SOUND_FILES: Final = (b"RIFF", b"ID3", b"OggS", b"fLaC")


class OpenAITTS:
    """Speak through any server with OpenAI's /audio/speech: OpenAI, Kokoro-FastAPI and the like.

    `voice` is the voice of a style that names none; `sample_rate` is that of the server's PCM in
    Hz (s16 mono); `timeout` limits every wait for the server, seconds. It never retries: that is
    the caller's choice; but a voice that the server refuses is replaced by the default one. An
    empty `api_key` serves endpoints without keys.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        voice: str,
        sample_rate: int,
        timeout: float,
    ) -> None:
        self._base_url = base_url
        self._place = urlsplit(base_url).netloc.rpartition("@")[2]
        self._api_key = api_key or "none"
        self._model = model
        self._default_voice = voice
        self._voices = ServerVoices()
        self._sample_rate = sample_rate
        self._timeout = timeout
        self._building = asyncio.Lock()
        self._client: AsyncOpenAI | None = None

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Stream the sound of at most 4096 characters as it arrives. Raises ProviderError.

        Closing the generator closes the connection, so the server stops as well.
        """
        wanted = voice.voice
        if wanted and wanted != self._default_voice and not self._voices.refused(wanted):
            try:
                async with aclosing(self._speak(text, wanted, voice.speed)) as sound:
                    async for chunk in sound:
                        yield chunk
            except ProviderError as error:
                if error.status not in _REFUSES_VOICE:
                    raise
            else:
                return
        async with aclosing(self._speak(text, self._default_voice, voice.speed)) as sound:
            async for chunk in sound:
                yield chunk
        if wanted and wanted != self._default_voice:
            self._voices.refuse(wanted)  # the text is well, so it was the voice

    async def _speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[AudioChunk, None]:
        client = await self._ready()
        import httpx2
        import openai

        try:
            async with client.audio.speech.with_streaming_response.create(
                input=without_phonemes(text)[:MAX_CHARACTERS],
                model=self._model,
                voice=voice,
                response_format="pcm",
                speed=openai.omit if speed == 1.0 else _clamped(speed),
            ) as response:
                silent = True
                async with aclosing(self._whole_frames(response.iter_bytes())) as frames:
                    async for pcm in frames:
                        if silent:
                            _check_is_pcm(pcm, response.headers.get("content-type", ""))
                        silent = False
                        yield AudioChunk(pcm=pcm, sample_rate=self._sample_rate)
        except openai.APIStatusError as error:
            raise _refused(error) from error
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            raise ProviderTimeoutError(
                f"{type(error).__name__}: {error}",
                provider=PROVIDER,
                user_message="The speech server took too long to answer.",
            ) from error
        except (openai.APIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            cause = error.__cause__ or error  # openai itself says "Connection error."
            raise _unreachable(f"{self._place}: {type(cause).__name__} {cause}") from error
        if silent:
            raise EmptyResponseError(
                "no sound came back",
                provider=PROVIDER,
                user_message="The speech server gave no sound.",
            )

    async def prewarm(self) -> None:
        """Build the client and open a connection; never raises."""
        try:
            client = await self._ready()
        except ProviderError as error:
            log.warning("%s", error)
            return
        import httpx2
        import openai

        try:
            await client.get("/models", cast_to=httpx2.Response)
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            log.debug("The speech server does not list models: %s", error)
        try:
            answer = await client.get("/audio/voices", cast_to=httpx2.Response)
            self._voices.learn(answer.json())
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            log.debug("The speech server does not list voices: %s", error)

    def offer(self) -> VoiceOffer:
        """Return the voices that the server lists, else those of OpenAI."""
        return self._voices.offer()

    def accepts(self, voice: str) -> bool:
        """Tell whether the server may have a voice; any name may where it lists none."""
        return self._voices.accepts(voice)

    async def aclose(self) -> None:
        """Close the connections; idempotent."""
        if self._client is not None:
            await self._client.close()

    async def _ready(self) -> "AsyncOpenAI":
        async with self._building:
            if self._client is None:
                self._client = await asyncio.to_thread(self._build)
        return self._client

    def _build(self) -> "AsyncOpenAI":
        """Import the SDK (0.6 s) and make its client (20-40 ms): work for a thread."""
        import httpx2
        import openai

        limits = httpx2.Limits(keepalive_expiry=_KEEPALIVE_SECONDS)
        try:
            return openai.AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key,
                max_retries=0,
                timeout=self._timeout,
                http_client=openai.DefaultAsyncHttpxClient(timeout=self._timeout, limits=limits),
            )
        except (httpx2.InvalidURL, openai.OpenAIError) as error:
            raise ProviderError(
                f"bad settings: {error}", provider=PROVIDER, user_message=_WRONG_ADDRESS
            ) from error

    async def _whole_frames(self, arriving: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Regroup what arrives, cut anywhere, into whole samples of at least one frame's length."""
        enough = round(self._sample_rate * FRAME_SECONDS) * _BYTES_PER_SAMPLE
        waiting = b""
        async for data in arriving:
            waiting += data
            whole = len(waiting) - len(waiting) % _BYTES_PER_SAMPLE
            if whole >= enough:
                yield waiting[:whole]
                waiting = waiting[whole:]
        if rest := waiting[: len(waiting) - len(waiting) % _BYTES_PER_SAMPLE]:
            yield rest


def _clamped(speed: float) -> float:
    return max(_SLOWEST, min(_FASTEST, speed))


def _check_is_pcm(beginning: bytes, content_type: str) -> None:
    """Raise ProviderError for a page, an error or a file of sound: as PCM it would be noise."""
    kind = content_type.partition(";")[0].strip().lower()
    is_mp3 = kind in ("audio/mpeg", "audio/mp3") and beginning[:1] == b"\xff"
    if is_mp3 or kind.startswith("text/") or "json" in kind or beginning.startswith(_SOUND_FILES):
        raise ProviderError(
            f"{PROVIDER} sent {kind[:50] or 'a file'} where PCM was asked for",
            provider=PROVIDER,
            user_message="The voice service can't send its sound as I need it (PCM).",
        )


def _unreachable(
    detail: str, *, status: int | None = None, said: str = ""
) -> ProviderConnectionError:
    return ProviderConnectionError(
        detail,
        provider=PROVIDER,
        status=status,
        said=said,
        user_message="I can't reach the speech server right now.",
    )


def _refused(error: "APIStatusError") -> ProviderError:
    """Turn a status of 4xx or 5xx into the error tree, in words about the voice."""
    status, said = error.status_code, error.message
    detail = f"{PROVIDER} answered {status}"
    if status >= 500:
        return _unreachable(detail, status=status, said=said)
    if status == 429:
        pause = _seconds(error.response.headers)
        limited = ProviderRateLimitError(detail, provider=PROVIDER, retry_after=pause, said=said)
        limited.user_message = "The speech server is busy right now."
        return limited
    if status in (401, 403):  # what it said is left out: it may quote the key
        sentence = "The speech server refused the bot's key."
        return ProviderAuthError(detail, provider=PROVIDER, status=status, user_message=sentence)
    kind, sentence = (
        (ProviderError, _WRONG_ADDRESS)
        if status == 404
        else (ProviderRequestError, "The speech server did not accept this text or voice.")
    )
    return kind(detail, provider=PROVIDER, status=status, user_message=sentence, said=said)


def _seconds(headers: Mapping[str, str]) -> float | None:
    try:
        return float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
