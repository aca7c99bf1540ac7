import json
import logging
import re
from typing import Any

from services.core.errors import (
    EmptyResponseError,
    ProviderConnectionError,
    ProviderError,
    ProviderRequestError,
)
from services.core.types import TokenUsage
from services.llm.failures import FILTERED, error_from_event
from services.llm.reasoning import ReasoningFilter

log = logging.getLogger(__name__)

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff]")
"""What an answer is freed of: control characters but tab and newline, invisible marks."""

REFUSED = "The language model declined to answer that. Please ask something else."
THOUGHT_TOO_LONG = (
    "The language model used up its longest answer before it said a word. "
    "Please ask for something simpler; the bot's owner can raise LLM_MAX_TOKENS."
)
WANTED_A_TOOL = "The language model asked for a tool instead of answering. Please try other words."

LONGEST_REFUSAL = 300
"""Characters kept of a refusal's words, which only the log at DEBUG shows."""


class AnswerReader:
    """Follow one answer of a chat completions server: its visible text, its end and its cost.

    `thinks_first` presumes that the answer begins with thoughts that no tag opens.
    """

    def __init__(self, *, provider: str, thinks_first: bool) -> None:
        self.begun = False
        self.done = False
        self.usage: TokenUsage | None = None
        self._provider = provider
        self._reasoning = ReasoningFilter(presumed=thinks_first)
        self._finish_reason = ""
        self._over = False
        self._refusal = ""
        self._called_tool = False
        self._empty = True
        self._half_pair = ""

    @property
    def ended(self) -> bool:
        """Tell whether the server said why its answer ends, and has not gone on since."""
        return self.done or self._over

    @property
    def thinks_first(self) -> bool:
        """Tell whether the answer began with thoughts that no tag opened."""
        return self._reasoning.begins_within

    def push(self, payload: bytes) -> str:
        """Take one event's data and return the text it adds. Raises ProviderError."""
        if payload == b"[DONE]":
            self.done = True
            return ""
        try:
            chunk = json.loads(payload.decode("utf-8", "replace"))
            if chunk.get("error"):
                raise error_from_event(chunk, provider=self._provider)
            if usage := chunk.get("usage"):
                self.usage = _counted(usage) or self.usage
            choices = chunk.get("choices")
            return self._take(choices[0]) if choices else ""
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            detail = f"{self._provider} sent an event that is no chat completion"
            raise ProviderError(detail, provider=self._provider) from error

    def push_whole(self, body: bytes) -> str:
        """Take an answer that came in one piece and return its text. Raises ProviderError."""
        text = self.push(body)
        self.done = True
        return text

    def finish(self) -> str:
        """Return the last held-back text. Raises ProviderError unless a whole answer came."""
        text = self._note(self._reasoning.flush(cut=self._finish_reason == "length"))
        if not self.done and not self._finish_reason:
            detail = f"{self._provider} broke the answer off"
            raise ProviderConnectionError(detail, provider=self._provider)
        if self._finish_reason == "content_filter":
            detail = f"{self._provider} filtered the answer"
            raise ProviderRequestError(detail, provider=self._provider, user_message=FILTERED)
        if self._refusal:
            detail, said = f"{self._provider} refused to answer", self._refusal
            raise ProviderRequestError(
                detail, provider=self._provider, user_message=REFUSED, said=said
            )
        if self._empty:
            detail = f"{self._provider} gave no text (finish_reason {self._finish_reason or '-'})"
            raise EmptyResponseError(
                detail, provider=self._provider, user_message=self._why_empty()
            )
        if self._finish_reason == "length":
            log.info("%s reached the longest answer allowed", self._provider)
        return text

    def _take(self, choice: dict[str, Any]) -> str:
        reason = choice.get("finish_reason")
        if reason:
            self._finish_reason = str(reason)
        whole = choice.get("message") if self._empty else None  # some repeat all at the end
        delta = choice.get("delta") or whole or {}
        self._refusal = (self._refusal + _plain(delta.get("refusal")))[:LONGEST_REFUSAL]
        self._called_tool |= bool(delta.get("tool_calls") or delta.get("function_call"))
        text = _plain(delta.get("content"))
        thought = bool(delta.get("reasoning_content") or delta.get("reasoning"))
        self.begun |= bool(text or self._refusal or thought)
        if reason or text or thought:
            self._over = bool(reason) and not thought  # some end every thought with "stop"
        text = UNSEEN.sub("", self._paired(text))
        return self._note(self._reasoning.push(text)) if text else ""

    def _why_empty(self) -> str | None:
        if self._finish_reason == "length":
            return THOUGHT_TOO_LONG
        return WANTED_A_TOOL if self._called_tool else None

    def _note(self, text: str) -> str:
        if self._empty and any(each.isprintable() and each != " " for each in text):
            self._empty = False
        return text

    def _paired(self, text: str) -> str:
        """Join surrogate pairs that JSON escapes split over two deltas; replace lone halves."""
        if not text:
            return ""
        if not self._half_pair and text.isascii():
            return text
        text = self._half_pair + text
        self._half_pair = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        whole = text[:-1] if self._half_pair else text
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _counted(usage: Any) -> TokenUsage | None:
    """Return what a server counted; what it says in another form must not spoil its answer."""
    try:
        return TokenUsage(int(usage["prompt_tokens"]), int(usage.get("completion_tokens") or 0))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None


def _plain(content: object) -> str:
    """Return a delta's text; some servers send a list of typed parts, thoughts among them."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""
