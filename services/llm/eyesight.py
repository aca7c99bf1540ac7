import logging
import re
from collections.abc import Iterable
from dataclasses import replace

from services.core.errors import ProviderError, ProviderRequestError
from services.core.types import ChatContext, ChatMessage

log = logging.getLogger(__name__)

BLIND = "This model can't see images."
UNREADABLE = "The model could not read your images."
UNSEEN = "[{} that you cannot see]"

_ABOUT_IMAGES = re.compile(
    r"image|(?<![a-z])vision|multi-?modal|\bcontent\b.*\bstr(?:ing)?\b", re.I | re.S
)
_SEEING = r"(?:images?|image_url|vision|multi-?modal)"
_IS_BLIND = re.compile(
    rf"(?:not|n't) support\w*\b.{{0,20}}\b{_SEEING}\b(?! (?:type|format|size|file))"
    rf"|\b{_SEEING}(?: (?:input|content|url|part)s?)? (?:is|are) (?:not|only) supported"
    r"|support image input|unknown variant .?image_url|not an? (?:multi-?modal|vision)"
    r"|missing data required for image|vision add-on is not loaded|\b0 image"
    r"|\bcontent\b.*\bstr(?:ing)?\b",
    re.I | re.S,
)


class Eyesight:
    """Learn from one model's refusals whether it can see, and do without images where not."""

    def __init__(self) -> None:
        self._blind = False

    def adapt(self, context: ChatContext) -> tuple[ChatContext, str]:
        """Return a context that the model can take, and a note where it had to lose images."""
        if self._blind and has_images(context):
            return without_images(context), BLIND
        return context, ""

    def concede(self, error: ProviderError) -> str:
        """Return the note to give if an error is about the images, remembering a blind model.

        Only words that say so prove a model blind: one that sees may refuse an image for its
        format, size, number or content. Some servers say either with status 500.
        """
        refused = isinstance(error, ProviderRequestError) or (error.status or 0) >= 500
        said = str(error).removeprefix(error.brief)
        if not refused or not _ABOUT_IMAGES.search(said):
            return ""
        if not _IS_BLIND.search(said):
            return UNREADABLE
        if not self._blind:
            log.warning("The model of %s can't see images", error.provider)
        self._blind = True
        return BLIND


def has_images(context: ChatContext) -> bool:
    """Tell whether there is an image in a context."""
    return any(message.images for message in context.messages)


def without_images(context: ChatContext) -> ChatContext:
    """Return a context in which words tell the model that there were images."""
    return replace(context, messages=tuple(_blinded(context.messages)))


def _blinded(messages: Iterable[ChatMessage]) -> Iterable[ChatMessage]:
    for message in messages:
        count = len(message.images)
        if not count:
            yield message
            continue
        unseen = UNSEEN.format("an image" if count == 1 else f"{count} images")
        yield ChatMessage(message.role, f"{message.content}\n{unseen}".strip())
