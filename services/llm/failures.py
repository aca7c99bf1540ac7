"""Turn a server's refusals into the errors of this house."""

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from services.core.errors import (
    ProviderAuthError,
    ProviderConnectionError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
)

FILTERED = "The language model's own filter stopped this answer. Please try other words."
NO_CREDIT = "The language model's account has no credit left. The bot's owner has to see to it."
NOT_FOUND = (
    "The language model was not found on its server. "
    "The bot's owner has to set the model's name or the server's address right."
)
TOO_LONG = "That is too long for the language model. Use /reset or send a shorter message."

_NOWHERE = {404, 405, 410}
_TRY_LATER = {408, 409, 425}
_FLAGGED = re.compile(r"\b(?:input|content|prompt)\b.{0,40}\bflagged\b", re.IGNORECASE)
_REFUSED_KEY = re.compile(r"\bapi[ _-]?key\b", re.IGNORECASE)
_CODES = {
    "rate_limit": 429,
    "too_many": 429,
    "overloaded": 503,
    "server_error": 500,
    "internal": 500,
}
_DETAIL_LENGTH = 300


def error_message(body: object) -> str:
    """Return the message in an error's JSON: OpenAI's, Ollama's or FastAPI's form."""
    if isinstance(body, dict):
        for key in ("error", "message", "detail"):
            if body.get(key):
                return error_message(body[key])
        return json.dumps(body, ensure_ascii=False)
    if isinstance(body, list) and len(body) == 1:
        return error_message(body[0])
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def parse_body(body: bytes) -> object:
    """Return an error's body as JSON, or as text where it is none."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def error_from_status(
    status: int, body: object, *, provider: str, retry_after: float | None = None
) -> ProviderError:
    """Return the error for an HTTP status and the (parsed) body that came with it."""
    detail = f"{provider} answered {status}"
    code = _code(body)
    if status == 402 or "insufficient_quota" in code:
        return ProviderAuthError(detail, provider=provider, status=status, user_message=NO_CREDIT)
    said = error_message(body)[:_DETAIL_LENGTH]
    if status == 403 and _FLAGGED.search(said):  # as OpenRouter does
        return ProviderRequestError(
            detail, provider=provider, status=status, user_message=FILTERED, said=said
        )
    if status in (401, 403):  # the message is left out: it may quote the key
        return ProviderAuthError(detail, provider=provider, status=status)
    if status == 400 and _REFUSED_KEY.search(said):  # as Google's servers do
        return ProviderAuthError(detail, provider=provider, status=status)
    if status == 429 or (status >= 500 and retry_after is not None):
        return ProviderRateLimitError(
            detail, provider=provider, status=status, retry_after=retry_after, said=said
        )
    if status >= 500 or status in _TRY_LATER:
        return ProviderConnectionError(detail, provider=provider, status=status, said=said)
    if leads_nowhere(status):
        words: str | None = NOT_FOUND
    else:
        words = TOO_LONG if status == 413 or "context_length" in code else None
    return ProviderRequestError(
        detail, provider=provider, status=status, user_message=words, said=said
    )


def leads_nowhere(status: int | None) -> bool:
    """Tell whether a status speaks of the address or the model's name, whatever the request."""
    return status is not None and (300 <= status < 400 or status in _NOWHERE)


def error_from_event(body: Mapping[str, Any], *, provider: str) -> ProviderError:
    """Return the error for an error object that came with status 200, in or without a stream."""
    code = _code(body)
    status = next((status for word, status in _CODES.items() if word in code), None)
    numbers = [int(word) for word in code.split() if word.isdigit() and 400 <= int(word) < 600]
    if numbers or status or "insufficient_quota" in code or "context_length" in code:
        return error_from_status(numbers[0] if numbers else status or 400, body, provider=provider)
    said = error_message(body)[:_DETAIL_LENGTH]
    return ProviderError(f"{provider} broke off", provider=provider, said=said)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause a server asks for, seconds, or None where it does not say."""
    for name, unit in (("Retry-After-Ms", 0.001), ("Retry-After", 1.0)):
        try:
            pause = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return max(0.0, pause) if math.isfinite(pause) else None
    try:
        date = email.utils.parsedate_to_datetime(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())


def _code(body: object) -> str:
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    return f"{error.get('code') or ''} {error.get('type') or ''}".lower()
