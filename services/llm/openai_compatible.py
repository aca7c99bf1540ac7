import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any, Final

from aiohttp import ClientResponse

from services.core.errors import (
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
)
from services.core.types import ChatContext, ChatDelta
from services.llm.answer import AnswerReader
from services.llm.eyesight import Eyesight, has_images, without_images
from services.llm.request_body import RequestBody
from services.llm.server import ModelServer
from services.llm.sse import MAX_EVENT_BYTES, SSEDecoder

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.25
"""Pause before the first retry, seconds; doubles with every further one."""
LONGEST_PAUSE = 10.0
"""A server that asks for a longer pause is not waited for, seconds."""
PAUSE_SHARE = 1 / 6
"""Nor for more than this share of the time to the first token: a second model may be waiting."""

END_SECONDS = 2.0
"""How long the counts behind a finished answer, and its formal end, are awaited."""

NO_EXTRA: Final[Mapping[str, Any]] = MappingProxyType({})


class OpenAICompatibleLLM:
    """Stream answers from any server that speaks OpenAI's chat completions.

    The only layer that retries: before the first delta, `retries` times, within
    `first_token_timeout`, which holds for all attempts together. `stall_timeout` is the longest
    silence between two deltas; comments that keep a connection open don't count as life.
    All times in seconds. Options that a server refuses are dropped or renamed, once for all;
    `extra` are further ones, such as {"reasoning_effort": "low"}. With `adapt_to_blindness`, a
    model that refuses images gets none any more, and a note tells so under each such answer.
    Where an answer's thoughts end with a tag that none opened, those of the next are hidden.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        max_tokens: int,
        temperature: float | None = None,
        extra: Mapping[str, Any] = NO_EXTRA,
        connect_timeout: float = 10.0,
        first_token_timeout: float = 60.0,
        stall_timeout: float = 20.0,
        retries: int = 1,
        adapt_to_blindness: bool = True,
    ) -> None:
        self._server = ModelServer(
            base_url=base_url, api_key=api_key, connect_timeout=connect_timeout
        )
        self._request = RequestBody(
            model=model, max_tokens=max_tokens, temperature=temperature, extra=extra
        )
        self._eyesight = Eyesight() if adapt_to_blindness else None
        self._first_token_timeout = first_token_timeout
        self._stall_timeout = stall_timeout
        self._retries = retries
        self._thinks_first = False

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream an answer, its usage last; closing the generator stops the server."""
        deadline = asyncio.get_running_loop().time() + self._first_token_timeout
        failures = 0
        context, note = self._eyesight.adapt(context) if self._eyesight else (context, "")
        while True:
            begun = False
            sent = self._request.options(context)
            try:
                async with aclosing(self._attempt(context, deadline)) as deltas:
                    async for delta in deltas:
                        begun = True
                        yield delta
                if note:
                    yield ChatDelta(note=note)
                return
            except ProviderError as error:
                if not begun and (why := self._unseen(context, error)):
                    context, note = without_images(context), why
                    continue
                refused = isinstance(error, ProviderRequestError)
                if begun or (refused and not self._request.concede(str(error), sent=sent)):
                    raise
                if not refused:
                    await self._pause(error, failures, deadline)
                    failures += 1

    def _unseen(self, context: ChatContext, error: ProviderError) -> str:
        """Return what to tell if an error is about the context's images and may be mended."""
        if self._eyesight is None or not has_images(context):
            return ""
        return self._eyesight.concede(error)

    async def prewarm(self) -> None:
        """Open a connection before it is needed; never raises."""
        await self._server.prewarm()

    async def aclose(self) -> None:
        """Release the connections; idempotent."""
        await self._server.aclose()

    async def _attempt(
        self, context: ChatContext, deadline: float
    ) -> AsyncGenerator[ChatDelta, None]:
        answer = AnswerReader(provider=self._server.name, thinks_first=self._thinks_first)
        body = await self._request.encode(context)
        async with self._server.post("chat/completions", body, limit=deadline) as response:
            async with aclosing(self._texts(response, answer, deadline)) as texts:
                async for text in texts:
                    yield ChatDelta(text)
            text = answer.finish()
            self._learn(answer)
            if text:
                yield ChatDelta(text)
            if answer.usage is not None:
                yield ChatDelta(usage=answer.usage)
            await self._server.drain(response)

    def _learn(self, answer: AnswerReader) -> None:
        if answer.thinks_first and not self._thinks_first:
            log.warning("%s thinks without opening <think>; hidden from now on", self._server.name)
        self._thinks_first = answer.thinks_first

    async def _texts(
        self, response: ClientResponse, answer: AnswerReader, deadline: float
    ) -> AsyncGenerator[str, None]:
        if response.content_type == "application/json":  # a server that doesn't stream
            whole = await self._server.read_whole(response, MAX_EVENT_BYTES, limit=deadline)
            if text := answer.push_whole(whole):
                yield text
        loop = asyncio.get_running_loop()
        decoder = SSEDecoder()
        limit = deadline
        while not answer.done:
            try:
                chunk = await self._server.read(response, limit=limit)
            except ProviderConnectionError:
                if answer.ended:
                    return
                raise
            payloads = decoder.push(chunk) if chunk else decoder.flush()
            for payload in payloads:
                if text := answer.push(payload):
                    yield text
            if not chunk:
                return
            if payloads and answer.begun:
                limit = loop.time() + (END_SECONDS if answer.ended else self._stall_timeout)

    async def _pause(self, error: ProviderError, failures: int, deadline: float) -> None:
        """Wait before the next attempt, or raise the error where there is none."""
        pause = FIRST_PAUSE * 2**failures * random.uniform(0.75, 1.25)
        if isinstance(error, ProviderRateLimitError) and error.retry_after is not None:
            pause = error.retry_after
        left = deadline - asyncio.get_running_loop().time()
        longest = min(left, LONGEST_PAUSE, PAUSE_SHARE * self._first_token_timeout)
        if not error.retryable or failures >= self._retries or pause >= longest:
            raise error
        log.info("%s from %s; next try in %.1f s", type(error).__name__, error.provider, pause)
        await asyncio.sleep(pause)
