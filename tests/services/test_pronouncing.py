import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from services.core.types import VoiceStyle
from services.preferences import PreferenceStore
from services.pronouncing import MAX_READY, Pronouncing
from services.pronunciation import PronunciationBook
from tests.services.speech_fakes import FakeTTS

STYLE = VoiceStyle()


Books = PreferenceStore[PronunciationBook]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return PreferenceStore(PronunciationBook, directory=tmp_path)


async def said(pronouncing: Pronouncing, guild_id: int, text: str) -> str:
    engine = FakeTTS(delay=0.0)
    async with aclosing(pronouncing.around(engine, guild_id).synthesize(text, STYLE)) as chunks:
        assert [chunk async for chunk in chunks]
    return engine.texts[0]


async def test_a_guilds_words_stay_with_the_guild(
    books: Books,
) -> None:
    pronouncing = Pronouncing(books)
    await books.change(1, lambda now: now.with_entry("data", "dah-ta"))
    assert await said(pronouncing, 1, "My data") == "My dah-ta"
    assert await said(pronouncing, 2, "My data") == "My data"


async def test_a_changed_book_counts_at_once(books: Books) -> None:
    pronouncing = Pronouncing(books)
    await books.change(1, lambda now: now.with_entry("data", "dah-ta"))
    engine = FakeTTS(delay=0.0)
    voice = pronouncing.around(engine, 1)
    await books.change(1, lambda now: now.with_entry("data", "day-ta"))
    async with aclosing(voice.synthesize("data", STYLE)) as chunks:
        assert [chunk async for chunk in chunks]
    await books.change(1, lambda now: now.without("data"))
    async with aclosing(voice.synthesize("data", STYLE)) as chunks:
        assert [chunk async for chunk in chunks]
    assert engine.texts == ["day-ta", "data"]
    assert pronouncing.around(engine, 1) is engine


async def test_few_books_are_kept_ready(books: Books) -> None:
    pronouncing = Pronouncing(books)
    for guild in range(MAX_READY + 3):
        books._kept[guild] = PronunciationBook(entries={"data": str(guild)})
        assert await pronouncing.apply(guild, "data", language="en") == str(guild)
    assert len(pronouncing._ready) == MAX_READY


async def test_the_engine_belongs_to_its_owner(books: Books) -> None:
    await books.change(1, lambda now: now.with_entry("data", "dah-ta"))
    engine = FakeTTS()
    voice = Pronouncing(books).around(engine, 1)
    await asyncio.gather(voice.prewarm(), voice.aclose())
    assert engine.closed == 0
