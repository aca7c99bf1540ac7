"""POST /v1/chat/completions, streamed as server-sent events or whole."""

import json
import logging
from dataclasses import replace
from itertools import count
from typing import Any

from aiohttp import web

from sandbox.openai import fields, talker
from sandbox.openai.chat_request import ChatRequest, parse_request
from sandbox.openai.errors import ApiError
from sandbox.openai.images import BLIND
from sandbox.openai.pace import Pace
from sandbox.openai.ports import Bus, Faults
from sandbox.openai.replies import ErrorAnswer, ModelReply, ReplyScript
from sandbox.openai.requests_log import RequestLog
from sandbox.openai.tokens import tokenise

log = logging.getLogger(__name__)

SSE_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
IN_STREAM = 200
"""The status of a scripted error that comes as an event of its stream."""

HANG_SECONDS = 600.0
"""How long the fault `llm hang` keeps silent unless told otherwise."""

FAULT_BODY = {
    "error": {
        "message": "The server had an error while processing your request.",
        "type": "server_error",
        "param": None,
        "code": None,
    }
}


class ChatEndpoint:
    """Answer chat requests: from the script while it lasts, else with the talker.

    `script` serves requests for a stream, `whole` those for an answer in one piece.

    While `sees` is False, requests with images are refused.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        faults: Faults,
        requests: RequestLog,
        script: ReplyScript,
        whole: ReplyScript,
        ttft: float,
        tokens_per_second: float,
    ) -> None:
        self._bus = bus
        self._faults = faults
        self._requests = requests
        self._script = script
        self._whole_script = whole
        self._ttft = ttft
        self._tokens_per_second = tokens_per_second
        self._ids = count(1)
        self.sees = True

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        body = await fields.read_json(request)
        self._requests.add(request, body)
        chat = parse_request(body, f"chatcmpl-sandbox-{next(self._ids)}")
        if chat.has_images and not self.sees:
            raise ApiError(BLIND)
        pace = Pace(request)
        asked = talker.last_user_text(chat.messages)
        self._publish("llm_request", chat, model=chat.model, stream=chat.stream, asked=asked)
        reply = self._disturb(self._choose(chat))
        if reply.error and reply.error.status != IN_STREAM:
            self._publish("llm_done", chat, outcome="error", completion_tokens=0)
            return _error_response(reply.error)
        if chat.stream:
            return await self._stream(request, chat, reply, pace)
        return await self._whole(chat, reply, pace)

    def _choose(self, chat: ChatRequest) -> ModelReply:
        script = self._script if chat.stream else self._whole_script
        if scripted := script.next():
            return scripted
        deltas = tuple(tokenise(talker.answer(chat.messages)))
        cut = deltas[: chat.max_tokens]
        return ModelReply(
            deltas=cut,
            ttft=self._ttft,
            tokens_per_second=self._tokens_per_second,
            finish_reason="length" if len(cut) < len(deltas) else "stop",
        )

    def _disturb(self, reply: ModelReply) -> ModelReply:
        if self._faults.take("llm", "error"):
            return replace(reply, error=ErrorAnswer(status=500, body=FAULT_BODY))
        if hang := self._faults.take("llm", "hang"):
            seconds = HANG_SECONDS if hang.seconds is None else hang.seconds
            return replace(reply, ttft=reply.ttft + seconds)
        if self._faults.take("llm", "cut"):
            return replace(reply, cut=len(reply.deltas) // 2)
        return reply

    async def _whole(self, chat: ChatRequest, reply: ModelReply, pace: Pace) -> web.Response:
        outcome = "gone"
        try:
            await pace.until(reply.due(len(reply.deltas)))
            outcome = reply.finish_reason
        finally:
            self._publish("llm_done", chat, outcome=outcome, completion_tokens=len(reply.deltas))
        return web.json_response(chat.whole(reply.deltas, reply.finish_reason))

    async def _stream(
        self, request: web.Request, chat: ChatRequest, reply: ModelReply, pace: Pace
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=SSE_HEADERS)
        outcome = "gone"
        sent = 0
        try:
            await response.prepare(request)
            for delta in reply.deltas[: reply.cut]:
                await pace.until(reply.due(sent))
                await response.write(_event(chat.chunk(_role(sent) | {"content": delta})))
                sent += 1
                if sent == 1:
                    self._publish("llm_first_delta", chat)
            await pace.until(reply.due(sent))
            outcome = await self._end(request, response, chat, reply)
        except ConnectionError:
            log.debug("The client left %s after %s deltas", chat.id, sent)
        finally:
            self._publish("llm_done", chat, outcome=outcome, completion_tokens=sent)
        return response

    async def _end(
        self,
        request: web.Request,
        response: web.StreamResponse,
        chat: ChatRequest,
        reply: ModelReply,
    ) -> str:
        if reply.error is not None:
            await response.write(_event(reply.error.body))
            return "error"
        if reply.cut is not None:
            if request.transport is not None:
                request.transport.close()
            return "cut"
        await response.write(_event(chat.chunk({}, reply.finish_reason)))
        if chat.include_usage:
            await response.write(_event(chat.usage_chunk(len(reply.deltas))))
        await response.write(b"data: [DONE]\n\n")
        return reply.finish_reason

    def _publish(self, kind: str, chat: ChatRequest, **data: object) -> None:
        self._bus.publish(kind, id=chat.id, **data)


def _role(sent: int) -> dict[str, str]:
    return {} if sent else {"role": "assistant"}


def _event(chunk: Any) -> bytes:
    # Half a surrogate pair goes out as a JSON escape, as from the real server.
    text = json.dumps(chunk, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return b"data: " + text + b"\n\n"


def _error_response(error: ErrorAnswer) -> web.Response:
    if isinstance(error.body, str):
        return web.Response(status=error.status, text=error.body)
    return web.json_response(error.body, status=error.status)
