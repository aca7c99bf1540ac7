import asyncio
from contextlib import aclosing

import pytest

from services.core.types import ChatContext, ChatDelta, ChatMessage, ImagePart
from services.llm.image_fetching import MAX_BYTES, ImageFetchingLLM, media_type
from tests.services.chat_fakes import ScriptedLLM, now

PNG = b"\x89PNG\r\n\x1a\n and so on"
STORE = {"png": PNG, "gif": b"GIF89a and so on", "exe": b"MZ", "large": PNG}

pytestmark = pytest.mark.virtual_time


async def fetch(url: str) -> bytes:
    if url == "slow":
        await asyncio.sleep(60)
    if url not in STORE:
        raise FileNotFoundError(url)
    await asyncio.sleep(1)
    return STORE[url]


async def ask(*urls: str) -> tuple[ChatMessage, list[str], float]:
    """Return the message that the model gets, the notes and how long it took to come."""
    inner = ScriptedLLM([(0.0, "Seen.")])
    llm = ImageFetchingLLM(inner, fetch=fetch)
    sizes = {"large": MAX_BYTES + 1}
    images = tuple(ImagePart(url, sizes.get(url, 9)) for url in urls)
    context = ChatContext((ChatMessage("user", "Look.", images),), tokens=1)
    async with aclosing(llm.stream(context)) as stream:
        deltas: list[ChatDelta] = [delta async for delta in stream]
    [message] = inner.contexts[0].messages
    return message, [delta.note for delta in deltas if delta.note], now()


async def test_images_are_fetched_side_by_side_and_known_by_their_bytes() -> None:
    message, notes, took = await ask("png", "gif")
    assert [(image.media_type, image.data) for image in message.images] == [
        ("image/png", PNG),
        ("image/gif", STORE["gif"]),
    ]
    assert (message.content, notes, took) == ("Look.", [], 1.0)


async def test_what_cannot_be_had_is_left_out_and_said() -> None:
    message, [note], took = await ask("png", "gone", "exe", "slow", "large")
    assert [image.url for image in message.images] == ["png"]
    assert "4 of your images" in note
    assert took == 10.0


async def test_without_any_image_left_words_tell_the_model() -> None:
    message, [note], _ = await ask("large")
    assert message == ChatMessage("user", "Look.\n[an image that you cannot see]")
    assert "your image:" in note


async def test_text_passes_at_once() -> None:
    assert await ask() == (ChatMessage("user", "Look."), [], 0.0)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"GIF87a", "image/gif"),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"<svg/>", ""),
        (b"", ""),
    ],
)
def test_the_type_is_in_the_first_bytes(data: bytes, kind: str) -> None:
    assert media_type(data) == kind
