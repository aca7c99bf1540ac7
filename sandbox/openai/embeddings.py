"""POST /v1/embeddings: words hashed into vectors; like texts come out alike, nothing is known."""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from sandbox.openai import fields
from sandbox.openai.errors import ApiError
from sandbox.openai.requests_log import RequestLog
from sandbox.openai.tokens import count_tokens

DIMENSIONS = 256
MAX_INPUTS = 2048
"""OpenAI's own limit."""

WORD = re.compile(r"\w+")


class EmbeddingEndpoint:
    """Turn texts into vectors of unit length, the same for the same text."""

    def __init__(self, *, requests: RequestLog) -> None:
        self._requests = requests

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        body = await fields.read_json(request)
        self._requests.add(request, body)
        wanted = fields.mapping(body, "The body")
        model = fields.text(wanted, "model")
        inputs = _inputs(wanted.get("input"))
        dimensions = fields.whole(wanted, "dimensions", low=1, high=4096) or DIMENSIONS
        form = wanted.get("encoding_format") or "float"
        if form not in ("float", "base64"):
            raise ApiError("'encoding_format' must be 'float' or 'base64'.", code="invalid_value")
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(text, dimensions, form)}
            for index, text in enumerate(inputs)
        ]
        tokens = sum(count_tokens(text) for text in inputs)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return web.json_response({"object": "list", "data": data, "model": model, "usage": usage})


def embed(text: str, dimensions: int) -> NDArray[np.float32]:
    """Return a text's vector of unit length."""
    vector = np.zeros(dimensions)
    for feature in _features(text):
        digest = int.from_bytes(
            hashlib.blake2b(feature.encode(errors="surrogatepass"), digest_size=8).digest()
        )
        vector[(digest >> 1) % dimensions] += 1.0 if digest & 1 else -1.0
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        vector[0] = length = 1.0
    return (vector / length).astype(np.float32)


def _features(text: str) -> Iterator[str]:
    words = WORD.findall(text.lower())
    yield from words or [text]
    for word in words:
        yield from (word[start : start + 4] for start in range(len(word) - 4))


def _encoded(text: str, dimensions: int, form: str) -> Any:
    vector = embed(text, dimensions)
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return vector.tolist()


def _inputs(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, int) for item in items):
        items = [items]
    if not 0 < len(items) <= MAX_INPUTS:
        raise ApiError(f"'input' must hold 1 to {MAX_INPUTS} texts.", code="invalid_value")
    return [_as_text(item) for item in items]


def _as_text(item: Any) -> str:
    if isinstance(item, list) and item and all(isinstance(token, int) for token in item):
        return " ".join(str(token) for token in item)
    if isinstance(item, str) and item:
        return item
    raise ApiError("'input' must be text that is not empty, or tokens.", code="invalid_value")
