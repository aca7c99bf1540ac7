import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.core.types import ChatContext, ChatMessage
from services.llm.image_places import ImagePlaces

_REFUSED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|extra|not permitted|not allowed|unexpected"
)
_TOO_WARM = re.compile(
    r"\btemperature\b.*(?:less than|greater than|at most|between|out of range|maximum|exceed)"
)
_NO_SYSTEM = re.compile(
    r"system role not supported|does not support (?:the )?system (?:role|prompt)"
)
_SYSTEM_ROLE, _OWN_WARMTH = "system role", "a context's temperature"
"""What a request may carry beside the options, named among them."""

_REPLACEMENT = {
    "stream_options": None,
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": None,
    "temperature": None,
}


class RequestBody:
    """Write requests in the dialect of one server: drop or rename the options it refuses.

    Where its template knows no system role, the system prompt stands in the first user's message.
    `extra` are options of that server's own; None there leaves out one of ours. A context's
    temperature stands over `temperature`, but not over one in `extra`.
    """

    def __init__(
        self, *, model: str, max_tokens: int, temperature: float | None, extra: Mapping[str, Any]
    ) -> None:
        self._model = model
        self._options: dict[str, Any] = {"stream_options": {"include_usage": True}}
        self._options["max_tokens"] = max_tokens
        if temperature is not None:
            self._options["temperature"] = temperature
        self._options |= extra
        self._tempered = "temperature" not in extra
        self._system_role = True

    def options(self, context: ChatContext) -> frozenset[str]:
        """Name what a context's request carries now that a server may refuse."""
        names = set(self._options_for(context))
        if self._system_role:
            names.add(_SYSTEM_ROLE)
        if self._tempered and context.temperature is not None:
            names.add(_OWN_WARMTH)
        return frozenset(names)

    async def encode(self, context: ChatContext) -> bytes:
        """Return the request for a context as JSON; what takes long happens in a thread."""
        if any(message.images for message in context.messages):
            return await asyncio.to_thread(self._encode, context)
        return self._encode(context)

    def _encode(self, context: ChatContext) -> bytes:
        places = ImagePlaces()
        told = context.messages if self._system_role else _without_system(context.messages)
        messages = [{"role": message.role, "content": places.content(message)} for message in told]
        given = self._options_for(context).items()
        options = {name: value for name, value in given if value is not None}
        if context.whole:
            options.pop("stream_options", None)
        body = {"model": self._model, "messages": messages, "stream": not context.whole, **options}
        return places.fill(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))

    def _options_for(self, context: ChatContext) -> dict[str, Any]:
        if context.temperature is None or not self._tempered:
            return self._options
        return self._options | {"temperature": context.temperature}

    def concede(self, refusal: str, *, sent: frozenset[str]) -> bool:
        """Give up what a refusal names of what was sent; tell whether the next request is another.

        Another request may have been refused first: what it gave up was sent here all the same.
        """
        refusal = refusal.lower()
        if _NO_SYSTEM.search(refusal):
            self._system_role = False
            return _SYSTEM_ROLE in sent
        for name in _REPLACEMENT:
            named = name in sent and re.search(rf"\b{name}\b", refusal)
            if named and (name == "stream_options" or _REFUSED.search(refusal)):
                self._give_up(name)
                return True
        if _OWN_WARMTH not in sent or not _TOO_WARM.search(refusal):
            return False
        self._tempered = False
        return True

    def _give_up(self, name: str) -> None:
        if name == "temperature":
            self._tempered = False
        if name not in self._options:  # another request was refused first
            return
        value = self._options.pop(name)
        if other := _REPLACEMENT[name]:
            self._options.setdefault(other, value)  # `extra` may have it already


def _without_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Put the system prompt before the first user's words, for templates that know no such role."""
    first, *rest = messages
    if first.role != "system" or not rest:
        return list(messages)
    content = f"{first.content}\n\n{rest[0].content}"
    return [replace(rest[0], content=content), *rest[1:]]
