import json
from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from services.core.types import ChatMessage, ImagePart
from services.llm.image_places import SLICE, ImagePlaces

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
images = st.builds(ImagePart, url=texts, media_type=st.just("image/png"), data=st.binary())


@given(st.lists(st.tuples(texts, st.lists(images, max_size=3)), max_size=4))
def test_every_image_stands_in_its_place(given: list[tuple[str, list[ImagePart]]]) -> None:
    places = ImagePlaces()
    messages = [ChatMessage("user", text, tuple(images)) for text, images in given]
    body = json.dumps([places.content(message) for message in messages]).encode()
    for content, message in zip(json.loads(places.fill(body)), messages, strict=True):
        if not message.images:
            assert content == message.content
            continue
        told = [part["text"] for part in content if part["type"] == "text"]
        urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
        assert told == ([message.content] if message.content else [])
        assert [b64decode(url.split(",")[1]) for url in urls] == [
            image.data for image in message.images
        ]
        assert all(url.startswith("data:image/png;base64,") for url in urls)


def test_an_image_of_several_slices_is_whole() -> None:
    data = bytes(range(256)) * (3 * SLICE // 256) + b"end"
    places = ImagePlaces()
    content = places.content(ChatMessage("user", "", (ImagePart("u", 0, "image/gif", data),)))
    [part] = json.loads(places.fill(json.dumps(content).encode()))
    assert b64decode(part["image_url"]["url"].split(",")[1], validate=True) == data
