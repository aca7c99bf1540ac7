"""Images in the messages of a chat request, as OpenAI takes them."""

import binascii
import re
from base64 import b64decode
from typing import Any

from sandbox.openai import fields
from sandbox.openai.errors import ApiError

IMAGE_TOKENS = 765
"""What OpenAI counts for a square image of 1024 pixels in detail."""
MAX_IMAGE = 20 * 2**20
MAX_IMAGES = 500

DETAILS = {None, "auto", "low", "high"}
DATA_URL = re.compile(r"data:image/(png|jpeg|webp|gif);base64,")

BLIND = "Invalid content type. image_url is only supported by certain models."


def check_parts(content: list[Any]) -> None:
    """Check the parts of one message's content. Raises ApiError."""
    if not content:
        raise ApiError("The 'content' of a message must not be empty.", code="invalid_value")
    for part in content:
        kind = fields.mapping(part, "A part of 'content'").get("type")
        if kind in ("text", "refusal"):
            fields.text(part, kind)
        elif kind == "image_url":
            _check_image(fields.mapping(part.get("image_url"), "'image_url'"))
        else:
            raise ApiError(f"A part of 'content' has no type like {kind!r}.", code="invalid_value")


def sizes(content: Any) -> list[tuple[str, int]]:
    """Return the kind and the bytes of each image of a content that was checked; 0 of a link."""
    parts = content if isinstance(content, list) else []
    urls = [part["image_url"]["url"] for part in parts if part.get("type") == "image_url"]
    return [_size(url) for url in urls]


def _size(url: str) -> tuple[str, int]:
    if match := DATA_URL.match(url):
        letters = len(url) - match.end()
        return match[1], letters // 4 * 3 - url[-2:].count("=")
    return "link", 0


def _check_image(image: dict[str, Any]) -> None:
    if image.get("detail") not in DETAILS:
        raise ApiError("'detail' must be auto, low or high.", code="invalid_value")
    url = fields.text(image, "url")
    if url.startswith("https://"):
        return
    match = DATA_URL.match(url)
    if match is None:
        raise ApiError("'url' must be a https or a data URL of an image.", code="invalid_value")
    try:
        data = b64decode(url[match.end() :], validate=True)
    except binascii.Error:
        data = b""
    if not 0 < len(data) <= MAX_IMAGE or not _looks_like(match[1], data):
        raise ApiError("You uploaded an unsupported image.", code="invalid_image_format")


def _looks_like(kind: str, data: bytes) -> bool:
    marks = {
        "png": data.startswith(b"\x89PNG\r\n\x1a\n"),
        "jpeg": data.startswith(b"\xff\xd8\xff"),
        "webp": data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        "gif": data[:6] in (b"GIF87a", b"GIF89a"),
    }
    return marks[kind]
