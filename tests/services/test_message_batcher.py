import asyncio
from itertools import count

import pytest

from services.core.types import UserTurn
from services.message_batcher import MessageBatcher, is_complete
from tests.services.chat_fakes import message, now

pytestmark = pytest.mark.virtual_time


class Inbox:
    def __init__(self, *, window: float = 2.0, **bounds: int) -> None:
        self.turns: list[tuple[float, UserTurn]] = []
        numbers = count(1)
        self.batcher = MessageBatcher(
            window=window, deliver=self._deliver, new_id=lambda: f"t{next(numbers)}", **bounds
        )

    def _deliver(self, turn: UserTurn) -> None:
        self.turns.append((now(), turn))

    @property
    def texts(self) -> list[str]:
        return [turn.text for _, turn in self.turns]

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.turns]


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("Hello", True),
        ("What's up?", True),
        ("first,", False),
        ("namely:", False),
        ("I wanted and", False),
        ("Because.", True),
        ("ich und", False),
        ("well…", False),
        ("well...", False),
        ("```py\nx = 1", False),
        ("```py\nx = 1\n```", True),
        ("", True),
        ("band", True),
    ],
)
async def test_a_message_is_complete_unless_it_visibly_goes_on(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


async def test_a_complete_message_is_delivered_at_once() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("Hello."))
    assert inbox.texts == ["Hello."]
    assert len(inbox.batcher) == 0


async def test_an_incomplete_message_waits_for_the_next() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("I wanted to ask,", id=1))
    await asyncio.sleep(0.7)
    inbox.batcher.add(message("do you sing?", id=2))
    assert inbox.texts == ["I wanted to ask,\ndo you sing?"]
    assert inbox.times == [0.7]


async def test_without_a_window_messages_never_join() -> None:
    inbox = Inbox(window=0.0)
    inbox.batcher.typing(100, 1)
    inbox.batcher.add(message("first,"))
    inbox.batcher.add(message("second,"))
    assert inbox.texts == ["first,", "second,"]


async def test_the_window_counts_from_the_first_message() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("one,", id=1))
    await asyncio.sleep(1.5)
    inbox.batcher.add(message("two,", id=2))
    await asyncio.sleep(5)
    assert inbox.times == [2.0]


async def test_somebody_who_types_on_is_waited_for() -> None:
    inbox = Inbox()
    await asyncio.sleep(1)
    received = message("Hello.")
    await asyncio.sleep(0.1)
    inbox.batcher.typing(100, 7)
    inbox.batcher.add(received)
    assert inbox.texts == []
    await asyncio.sleep(0.5)
    inbox.batcher.add(message("Are you there?", id=2))
    assert inbox.texts == ["Hello.\nAre you there?"]


async def test_typing_before_the_message_is_how_it_was_written() -> None:
    inbox = Inbox()
    inbox.batcher.typing(100, 7)
    await asyncio.sleep(1)
    inbox.batcher.add(message("Hello."))
    assert inbox.times == [1.0]


async def test_authors_and_channels_are_never_joined() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("one,", author=1))
    inbox.batcher.add(message("two.", author=2))
    inbox.batcher.add(message("three.", author=1, channel=200))
    assert inbox.texts == ["two.", "three."]
    await asyncio.sleep(2)
    assert inbox.texts[-1] == "one,"


async def test_a_turn_that_grows_too_long_is_delivered_at_once() -> None:
    inbox = Inbox(max_messages=3, max_characters=20)
    for number in range(3):
        inbox.batcher.add(message("a,", id=number))
    inbox.batcher.add(message("b" * 30 + ","))
    assert len(inbox.turns) == 2


async def test_one_turn_too_many_delivers_the_oldest() -> None:
    inbox = Inbox(max_keys=2)
    for author in range(3):
        inbox.batcher.typing(100, author)
        inbox.batcher.add(message(f"from {author},", author=author))
    assert inbox.texts == ["from 0,"]
    await inbox.batcher.aclose()


async def test_a_deleted_message_is_taken_back() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("one,", id=1))
    inbox.batcher.add(message("two,", id=2))
    inbox.batcher.discard(1)
    await asyncio.sleep(3)
    inbox.batcher.add(message("three,", id=3))
    inbox.batcher.discard(3)
    await asyncio.sleep(3)
    assert inbox.texts == ["two,"]


async def test_a_held_message_that_is_edited_is_delivered_as_it_reads_then() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("one,", id=1))
    inbox.batcher.add(message("two,", id=2))
    assert inbox.batcher.revise(1, "first,")
    assert not inbox.batcher.revise(3, "nobody's")
    await asyncio.sleep(3)
    assert inbox.texts == ["first,\ntwo,"]
    assert not inbox.batcher.revise(1, "late")


async def test_after_the_end_nothing_is_delivered() -> None:
    inbox = Inbox()
    inbox.batcher.add(message("one,", id=1))
    await inbox.batcher.aclose()
    await inbox.batcher.aclose()
    inbox.batcher.add(message("two."))
    await asyncio.sleep(3)
    assert inbox.texts == []


async def test_all_that_a_person_wrote_is_taken_back() -> None:
    inbox = Inbox()
    for author, channel in ((7, 1), (7, 2), (8, 1)):
        inbox.batcher.add(message("first,", author=author, channel=channel))
    assert inbox.batcher.discard_author(7) == 2
    assert inbox.batcher.discard_author(7) == 0
    await asyncio.sleep(5)
    assert [turn.author.id for _, turn in inbox.turns] == [8]
