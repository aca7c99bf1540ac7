import discord

from services.core.types import ImagePart

TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif")

MOST = 4
"""Images of one message that are looked at."""


def images_of(message: discord.Message) -> tuple[ImagePart, ...]:
    """Return a message's images, and behind them those of the message it replies to."""
    replied = message.reference.resolved if message.reference is not None else None
    attachments = list(message.attachments)
    if isinstance(replied, discord.Message):
        attachments += replied.attachments
    return tuple(ImagePart(each.url, each.size) for each in attachments if _is_image(each))[:MOST]


def no_images(_message: discord.Message) -> tuple[ImagePart, ...]:
    """Return nothing: the model is not to see."""
    return ()


def _is_image(attachment: discord.Attachment) -> bool:
    if attachment.content_type:
        return attachment.content_type.partition(";")[0].lower() in TYPES
    return attachment.filename.lower().endswith(SUFFIXES)
