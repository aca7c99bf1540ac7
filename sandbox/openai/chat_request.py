import time
from dataclasses import dataclass
from typing import Any

from sandbox.openai import fields, images, talker
from sandbox.openai.errors import ApiError
from sandbox.openai.tokens import count_tokens

ROLES = {"system", "developer", "user", "assistant", "tool", "function"}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Hold the fields of one request that the sandbox obeys."""

    id: str
    model: str
    messages: list[dict[str, Any]]
    stream: bool
    include_usage: bool
    max_tokens: int | None
    prompt_tokens: int

    @property
    def has_images(self) -> bool:
        """Tell whether a message holds an image."""
        return any(images.sizes(message.get("content")) for message in self.messages)

    def chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
        """Return one streamed step in OpenAI's form."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._answer("chat.completion.chunk", [choice])

    def usage_chunk(self, completion_tokens: int) -> dict[str, Any]:
        """Return the step without choices that ends a stream which is to be counted."""
        chunk = self._answer("chat.completion.chunk", [])
        return chunk | {"usage": self.usage(completion_tokens)}

    def whole(self, deltas: tuple[str, ...], finish_reason: str) -> dict[str, Any]:
        """Return the answer to a request that was not streamed."""
        message = {"role": "assistant", "content": "".join(deltas), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None}
        answer = self._answer("chat.completion", [choice | {"finish_reason": finish_reason}])
        return answer | {"usage": self.usage(len(deltas))}

    def usage(self, completion_tokens: int) -> dict[str, int]:
        """Return the count of tokens, one delta being one token."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": self.prompt_tokens + completion_tokens,
        }

    def _answer(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        about = {"id": self.id, "object": kind, "created": int(time.time()), "model": self.model}
        return about | {"choices": choices}


def parse_request(body: Any, request_id: str) -> ChatRequest:
    """Check a request's body. Raises ApiError."""
    request = fields.mapping(body, "The body")
    messages = _messages(request)
    options = fields.mapping(request.get("stream_options") or {}, "'stream_options'")
    limits = (
        fields.whole(request, name, low=1, high=10_000_000)
        for name in ("max_completion_tokens", "max_tokens")
    )
    if fields.whole(request, "n", low=1, high=128) not in (None, 1):
        raise ApiError("The sandbox gives one choice only ('n' must be 1).", code="invalid_value")
    return ChatRequest(
        id=request_id,
        model=fields.text(request, "model"),
        messages=messages,
        stream=fields.flag(request, "stream"),
        include_usage=fields.flag(options, "include_usage"),
        max_tokens=next((limit for limit in limits if limit is not None), None),
        prompt_tokens=sum(_tokens(message.get("content")) for message in messages),
    )


def _messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ApiError("'messages' must be a list that is not empty.", code="invalid_value")
    for message in messages:
        role = fields.mapping(message, "A message").get("role")
        if role not in ROLES:
            raise ApiError(f"A message has no role like {role!r}.", code="invalid_value")
        content = message.get("content")
        if content is None and role != "assistant":
            raise ApiError("A message needs 'content'.", code="missing_required_parameter")
        if content is not None and not isinstance(content, str | list):
            raise ApiError("The 'content' of a message must be text.", code="invalid_value")
        if isinstance(content, list):
            images.check_parts(content)
        if role != "user" and images.sizes(content):
            raise ApiError("Only a user's message may hold images.", code="invalid_value")
    if sum(len(images.sizes(message.get("content"))) for message in messages) > images.MAX_IMAGES:
        raise ApiError("There are too many images.", code="invalid_value")
    return messages


def _tokens(content: Any) -> int:
    text = count_tokens(talker.content_text(content))
    return text + images.IMAGE_TOKENS * len(images.sizes(content))
