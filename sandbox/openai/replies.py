from collections import deque
from dataclasses import dataclass
from typing import Any

from sandbox.openai import fields
from sandbox.openai.tokens import tokenise

MAX_REPLIES = 1000
"""How many scripted replies can wait; more are refused."""

MAX_DELTAS = 1_000_000
KNOWN = {"text", "deltas", "ttft", "tokens_per_second", "error", "stall", "cut"}


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """Hold a status and the body that goes with it: a JSON value, or plain text.

    Status 200 is an error inside a stream that had begun well: an event behind the deltas.
    """

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Stall:
    """Fall silent for `seconds` after `after` deltas, then go on."""

    after: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelReply:
    """Hold one answer of the model and its pace; 0 tokens per second is "all at once".

    `cut` drops the connection after that many deltas. `finish_reason` is OpenAI's word.
    """

    deltas: tuple[str, ...]
    ttft: float
    tokens_per_second: float
    error: ErrorAnswer | None = None
    stall: Stall | None = None
    cut: int | None = None
    finish_reason: str = "stop"

    def due(self, index: int) -> float:
        """Return when a delta is due, or the end behind the last one, seconds from the start."""
        due = self.ttft
        if self.tokens_per_second:
            due += max(0, min(index, len(self.deltas) - 1)) / self.tokens_per_second
        if self.stall and index >= self.stall.after:
            due += self.stall.seconds
        return due


class ReplyScript:
    """Queue scripted replies; each serves one request. `name` is their field in a script."""

    def __init__(self, *, name: str, ttft: float, tokens_per_second: float) -> None:
        self._name = name
        self._ttft = ttft
        self._tokens_per_second = tokens_per_second
        self._replies: deque[ModelReply] = deque()

    def load(self, body: Any) -> None:
        """Append the replies of `{name: […]}`; an empty list clears. Raises ValueError."""
        replies = body.get(self._name) if isinstance(body, dict) else body
        if not isinstance(replies, list):
            raise ValueError(f"'{self._name}' must be a list of replies.")
        parsed = [self._parse(fields.mapping(reply, "A reply")) for reply in replies]
        if len(self._replies) + len(parsed) > MAX_REPLIES:
            raise ValueError(f"At most {MAX_REPLIES} replies can wait.")
        if not parsed:
            self._replies.clear()
        self._replies.extend(parsed)

    def next(self) -> ModelReply | None:
        """Use up the next reply, or return None when none waits."""
        return self._replies.popleft() if self._replies else None

    def clear(self) -> None:
        """Forget the replies that wait."""
        self._replies.clear()

    def _parse(self, reply: dict[str, Any]) -> ModelReply:
        if unknown := reply.keys() - KNOWN:
            raise ValueError(f"A reply has no field '{min(unknown)}'.")
        return ModelReply(
            deltas=_deltas(reply),
            ttft=fields.number(reply, "ttft", default=self._ttft),
            tokens_per_second=fields.number(
                reply, "tokens_per_second", high=1e6, default=self._tokens_per_second
            ),
            error=_error(reply.get("error")),
            stall=_stall(reply.get("stall")),
            cut=fields.whole(reply, "cut", low=0, high=MAX_DELTAS),
        )


def _deltas(reply: dict[str, Any]) -> tuple[str, ...]:
    if "deltas" in reply:
        return tuple(fields.texts(reply, "deltas"))
    text = reply.get("text", "" if "error" in reply else None)
    if not isinstance(text, str):
        raise ValueError("A reply needs 'text', 'deltas' or 'error'.")
    return tuple(tokenise(text))


def _error(value: Any) -> ErrorAnswer | None:
    if value is None:
        return None
    error = fields.mapping(value, "'error'")
    status = fields.whole(error, "status", low=200, high=599) or 500
    if 200 < status < 400:
        raise ValueError("The status of an error is 200 or from 400 to 599.")
    default = {"error": {"message": "A scripted error.", "type": "server_error", "code": None}}
    return ErrorAnswer(status=status, body=error.get("body", default))


def _stall(value: Any) -> Stall | None:
    if value is None:
        return None
    stall = fields.mapping(value, "'stall'")
    after = fields.whole(stall, "after", low=0, high=MAX_DELTAS) or 0
    return Stall(after=after, seconds=fields.number(stall, "seconds", default=0.0))
