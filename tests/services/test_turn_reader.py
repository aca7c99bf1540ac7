import asyncio
from dataclasses import replace

import pytest

from services.core.types import Quote, TextFile, UserTurn
from services.turn_reader import MAX_FILES, NOT_FETCHED, NOT_TEXT, ONE_TOO_MANY, TurnReader
from tests.services.chat_fakes import message, now

pytestmark = pytest.mark.virtual_time


class Discord:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.quotes: dict[int, Quote] = {}
        self.asked: list[object] = []
        self.delay = 0.0
        self.reader = TurnReader(fetch_file=self._file, fetch_quote=self._quote)

    async def _file(self, url: str, limit: int) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(self.delay)
        if url not in self.files:
            raise OSError("gone")
        return self.files[url][:limit]

    async def _quote(self, channel_id: int, message_id: int) -> Quote:
        self.asked.append((channel_id, message_id))
        await asyncio.sleep(self.delay)
        if message_id not in self.quotes:
            raise OSError("gone")
        return self.quotes[message_id]


def file(name: str) -> TextFile:
    return TextFile(name, f"u/{name}", 3)


def asking(*files: TextFile, quote: Quote | None = None) -> UserTurn:
    return UserTurn("t", (replace(message("What?"), files=files, quote=quote),))


async def test_a_turn_of_words_alone_stays_as_it_is() -> None:
    asked = UserTurn("t", (message("Hello."),))
    assert await Discord().reader.read(asked) is asked


async def test_files_are_read_at_once_and_once() -> None:
    discord = Discord()
    discord.files = {"u/a": b"one", "u/b": b"two"}
    discord.delay = 1.0
    read = await discord.reader.read(asking(file("a"), file("b")))
    assert [each.text for each in read.first.files] == ["one", "two"]
    assert now() == 1.0
    assert await discord.reader.read(read) == read
    assert discord.asked == ["u/a", "u/b"]


async def test_a_file_that_cannot_be_read_says_why() -> None:
    discord = Discord()
    discord.files = {"u/zip": b"\x00\x01", **{f"u/{n}": b"x" for n in range(9)}}
    names = ["zip", "gone", *map(str, range(MAX_FILES))]
    read = await discord.reader.read(asking(*map(file, names)))
    told = [each.problem for each in read.first.files]
    assert told[:2] == [NOT_TEXT, NOT_FETCHED]
    assert told[-2:] == [ONE_TOO_MANY] * 2


async def test_a_slow_file_and_a_slow_quotation_are_not_waited_for() -> None:
    discord = Discord()
    discord.files, discord.quotes = {"u/a": b"one"}, {5: Quote("Ana", "Hi.", 5)}
    discord.delay = 60.0
    read = await discord.reader.read(asking(file("a"), quote=Quote("", None, 5)))
    assert read.first.files[0].problem == NOT_FETCHED
    assert read.first.quote is None
    assert now() == 5.0


async def test_a_quotation_is_fetched_only_where_discord_left_it_out() -> None:
    discord = Discord()
    discord.quotes = {5: Quote("Ana", "Hi.", 5)}
    read = await discord.reader.read(asking(quote=Quote("", None, 5)))
    assert read.first.quote == Quote("Ana", "Hi.", 5)
    await discord.reader.read(read)
    assert discord.asked == [(100, 5)]
    assert (await discord.reader.read(asking(quote=Quote("", None, 6)))).first.quote is None
