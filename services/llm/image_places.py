import secrets
from base64 import b64encode
from typing import Any

from services.core.types import ChatMessage, ImagePart

SLICE = 3 * 65_536
"""Bytes encoded at a time, a multiple of three; between two slices other threads may run."""


class ImagePlaces:
    """Write images into a request's JSON behind the encoder's back.

    It would look at each of their millions of letters and keep every thread waiting meanwhile, so
    it gets a name of each image, which `fill` replaces by the data.
    """

    def __init__(self) -> None:
        self._name = secrets.token_hex(16)
        self._images: list[ImagePart] = []

    def content(self, message: ChatMessage) -> str | list[dict[str, Any]]:
        """Return a message's content: its text, or its text and images as a list of parts."""
        if not message.images:
            return message.content
        parts: list[dict[str, Any]] = []
        if message.content:
            parts.append({"type": "text", "text": message.content})
        for image in message.images:
            self._images.append(image)
            parts.append({"type": "image_url", "image_url": {"url": self._name}})
        return parts

    def fill(self, body: bytes) -> bytes:
        """Return the encoded request with the images in their places."""
        first, *rest = body.split(self._name.encode())
        pieces = [first]
        for image, after in zip(self._images, rest, strict=True):
            pieces.append(f"data:{image.media_type};base64,".encode())
            pieces += [
                b64encode(image.data[start : start + SLICE])
                for start in range(0, len(image.data), SLICE)
            ]
            pieces.append(after)
        return b"".join(pieces)
