import pytest

from services.chat_reading import LONGEST, MAX_GUILDS, PAUSE, ChatReading
from services.core.types import Author

ANA, BEN = Author(1, "xX_Ana_Xx"), Author(2, "🔥")


def read(
    reading: ChatReading, author: Author, text: str, *, now: float = 0.0, **more: object
) -> str:
    options = {"pictures": False, "language": "en"} | more
    return reading.words(5, author, text, now=now, **options)  # type: ignore[arg-type]


def test_the_name_is_said_when_the_speaker_changes_or_was_silent_for_long() -> None:
    reading = ChatReading()
    assert read(reading, ANA, "Hello.") == "Ana says:\nHello."
    assert read(reading, ANA, "And more.", now=PAUSE - 1) == "And more."
    assert read(reading, BEN, "Hi.", now=PAUSE) == "someone says:\nHi."
    assert read(reading, BEN, "Later.", now=3 * PAUSE) == "someone says:\nLater."
    assert reading.words(6, BEN, "Hi.", pictures=False, language="de", now=3 * PAUSE) == (
        "jemand sagt:\nHi."
    )


def test_pictures_are_told_and_nothing_is_not() -> None:
    reading = ChatReading()
    assert read(reading, ANA, "") == ""
    assert read(reading, ANA, "", pictures=True) == "Ana says:\na picture"
    assert read(reading, ANA, "Look", pictures=True) == "Look\na picture"


@pytest.mark.parametrize("text", ["word " * 200, "x" * 900])
def test_long_messages_are_cut(text: str) -> None:
    said = read(ChatReading(), ANA, text).removeprefix("Ana says:\n")
    assert said.endswith("…")
    assert LONGEST / 2 < len(said) <= LONGEST + 1


def test_the_guilds_that_are_remembered_are_bounded() -> None:
    reading = ChatReading()
    for guild in range(MAX_GUILDS + 10):
        reading.words(guild, ANA, "Hi", pictures=False, language="en", now=0.0)
    assert len(reading._last) == MAX_GUILDS
