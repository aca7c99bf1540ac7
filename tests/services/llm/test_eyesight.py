import pytest

from services.core.errors import (
    ProviderAuthError,
    ProviderConnectionError,
    ProviderError,
    ProviderRequestError,
)
from services.core.types import ChatContext, ChatMessage, ImagePart
from services.llm.eyesight import BLIND, UNREADABLE, Eyesight, without_images

IMAGE = ImagePart("https://cdn.example/1.png", 3, "image/png", b"abc")
CONTEXT = ChatContext(
    (ChatMessage("system", "s"), ChatMessage("user", "What?", (IMAGE, IMAGE))), tokens=9
)


def refused(words: str, status: int = 400) -> ProviderError:
    kind = ProviderConnectionError if status >= 500 else ProviderRequestError
    return kind(f"it answered {status}", status=status, said=words)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Invalid content type. image_url is only supported by certain models."),
        (400, "unknown variant `image_url`, expected `text`"),
        (400, "messages[1].content must be a string"),
        (400, "parrot is not a multimodal model"),
        (404, "No endpoints found that support image input"),
        (500, "image input is not supported - hint: you may need to provide the mmproj"),
        (500, "this model is missing data required for image input"),
        (400, "this model does not support image input (ref: b8bd)"),
        (400, "Invalid image. The model does not support vision input."),
        (400, "Model does not support images. Please use a model that does."),
        (400, "multimodal content is not supported by this endpoint"),
        (400, "Vision add-on is not loaded, but images were provided"),
        (400, "At most 0 image(s) may be provided in one prompt."),
    ],
)
def test_a_model_that_refuses_images_is_blind_from_then_on(status: int, words: str) -> None:
    eyes = Eyesight()
    assert eyes.adapt(CONTEXT) == (CONTEXT, "")
    assert eyes.concede(refused(words, status)) == BLIND
    adapted, note = eyes.adapt(CONTEXT)
    assert note == BLIND
    assert adapted == without_images(CONTEXT)
    text = ChatContext((ChatMessage("user", "hi"),), tokens=1)
    assert eyes.adapt(text) == (text, "")


@pytest.mark.parametrize(
    "words",
    [
        "You uploaded an unsupported image.",
        "Could not process image",
        "image exceeds 5 MB maximum",
        "failed to decode image: truncated",
        "Unable to process input image. Please retry or report it.",
        "The image data you provided does not represent a valid image.",
        "image: unknown format",
        "This model does not support image format webp",
        "At least one of the image dimensions exceed max allowed size: 8000 pixels",
        "At most 1 image(s) may be provided in one request.",
        "Your input image may contain content that is not allowed by our safety system.",
        "The prompt is too long. Make sure that `max_model_len` is no smaller than the number of "
        "text tokens plus multimodal tokens.",
    ],
)
def test_an_image_that_is_refused_says_nothing_about_the_model(words: str) -> None:
    eyes = Eyesight()
    assert eyes.concede(refused(words)) == UNREADABLE
    assert eyes.adapt(CONTEXT) == (CONTEXT, "")


@pytest.mark.parametrize(
    "error",
    [
        refused("max_tokens is too large"),
        refused("oops", 500),
        refused("The model is being provisioned", 503),
        ProviderConnectionError("vision.example answered 500", status=500, said="oops"),
        ProviderAuthError("image key"),
    ],
)
def test_other_errors_are_not_about_images(error: ProviderError) -> None:
    assert Eyesight().concede(error) == ""


def test_words_take_the_images_place() -> None:
    alone = ChatContext((ChatMessage("user", "", (IMAGE,)),), 1)
    assert without_images(alone).messages == (
        ChatMessage("user", "[an image that you cannot see]"),
    )
    assert without_images(CONTEXT).messages[1].content == "What?\n[2 images that you cannot see]"
