from typing import Any
from unittest.mock import MagicMock

import discord

from cogs.images import MOST, images_of, no_images
from services.core.types import ImagePart


def attachment(name: str, kind: str | None = None, size: int = 5) -> Any:
    return MagicMock(url=f"https://cdn/{name}", filename=name, content_type=kind, size=size)


def message(*attachments: Any, replied: Any = None) -> Any:
    reference = None if replied is None else MagicMock(resolved=replied)
    return MagicMock(spec=discord.Message, attachments=list(attachments), reference=reference)


def names(given: Any) -> list[str]:
    return [image.url.rpartition("/")[2] for image in images_of(given)]


def test_images_are_known_by_type_or_name() -> None:
    given = message(
        attachment("a.bin", "image/PNG; x=1"),
        attachment("b.JPG"),
        attachment("c.png", "text/plain"),
    )
    assert names(given) == ["a.bin", "b.JPG"]
    assert images_of(given)[0] == ImagePart("https://cdn/a.bin", 5)


def test_the_images_of_the_message_replied_to_come_after() -> None:
    given = message(attachment("own.png"), replied=message(attachment("other.webp")))
    assert names(given) == ["own.png", "other.webp"]
    deleted = message(
        attachment("own.png"), replied=MagicMock(spec=discord.DeletedReferencedMessage)
    )
    assert names(deleted) == ["own.png"]


def test_no_more_than_a_few_are_looked_at() -> None:
    given = message(*[attachment(f"{n}.png") for n in range(9)])
    assert len(images_of(given)) == MOST
    assert no_images(given) == ()
