import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from services.core.protocols import LLM
from services.core.types import ChatContext, ChatDelta, ChatMessage, ImagePart
from services.llm.eyesight import has_images, without_images

log = logging.getLogger(__name__)

MAX_BYTES = 8 * 2**20
"""Longest image that a model is shown."""
FETCH_SECONDS = 10.0
"""Longest time for all images of a request together."""

NOT_SHOWN = "I could not look at {}: PNG, JPEG, WebP or GIF up to 8 MB, please."


class ImageFetchingLLM:
    """Fetch the images of a context before a model is asked.

    `fetch` returns what is at an address; it raises OSError. An image that is too large, can't be
    had, or is none, is left out, and a note tells so.
    """

    def __init__(self, llm: LLM, *, fetch: Callable[[str], Awaitable[bytes]]) -> None:
        self._llm = llm
        self._fetch = fetch

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream the LLM's answer."""
        missing = 0
        if has_images(context):
            wanted = _count(context)
            context = await self._illustrated(context)
            missing = wanted - _count(context)
        async with aclosing(self._llm.stream(context)) as deltas:
            async for delta in deltas:
                yield delta
        if missing:
            what = "your image" if missing == 1 else f"{missing} of your images"
            yield ChatDelta(note=NOT_SHOWN.format(what))

    async def prewarm(self) -> None:
        """Prewarm the LLM."""
        await self._llm.prewarm()

    async def aclose(self) -> None:
        """Close the LLM."""
        await self._llm.aclose()

    async def _illustrated(self, context: ChatContext) -> ChatContext:
        deadline = asyncio.get_running_loop().time() + FETCH_SECONDS
        messages = [await self._filled(message, deadline) for message in context.messages]
        return replace(context, messages=tuple(messages))

    async def _filled(self, message: ChatMessage, deadline: float) -> ChatMessage:
        if not message.images:
            return message
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read(image, deadline)) for image in message.images]
        images = tuple(image for task in tasks if (image := task.result()) is not None)
        if images:
            return replace(message, images=images)
        [told] = without_images(ChatContext((message,), 0)).messages
        return told

    async def _read(self, image: ImagePart, deadline: float) -> ImagePart | None:
        if image.size > MAX_BYTES:
            return None
        try:
            async with asyncio.timeout_at(deadline):
                data = await self._fetch(image.url)
        except OSError as error:  # TimeoutError is one
            log.info("An image could not be fetched: %s", type(error).__name__)
            return None
        kind = media_type(data)
        return replace(image, media_type=kind, data=data) if kind else None


def media_type(data: bytes) -> str:
    """Return the type that an image's first bytes show, "" for any that models don't take."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if data[:6] in (b"GIF87a", b"GIF89a") else ""


def _count(context: ChatContext) -> int:
    return sum(len(message.images) for message in context.messages)
