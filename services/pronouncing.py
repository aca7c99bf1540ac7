import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from services.core.protocols import TTS
from services.core.types import AudioChunk, VoiceStyle
from services.preferences import PreferenceStore
from services.pronouncer import Pronouncer
from services.pronunciation import PronunciationBook

MAX_READY: Final = 100
"""Books, each in one language, kept ready; one more puts away the one not used for longest."""


class Pronouncing:
    """Have every guild's words said as its own book says."""

    def __init__(self, books: PreferenceStore[PronunciationBook]) -> None:
        self._books = books
        self._ready: OrderedDict[tuple[int, str], tuple[PronunciationBook, Pronouncer]]
        self._ready = OrderedDict()

    def around(self, tts: TTS, guild_id: int) -> TTS:
        """Return the voice for a guild: itself where the guild has written nothing down."""
        return _Pronounced(tts, self, guild_id) if self._books.get(guild_id).entries else tts

    async def apply(self, guild_id: int, text: str, *, language: str) -> str:
        """Return a text as a guild wants it said; a changed book is read anew, in a thread."""
        book = self._books.get(guild_id)
        if not book.entries:
            return text
        known = self._ready.pop((guild_id, language), None)
        if known is None or known[0] is not book:
            known = book, await asyncio.to_thread(Pronouncer, book.entries, language=language)
        self._ready[guild_id, language] = known
        if len(self._ready) > MAX_READY:
            self._ready.popitem(last=False)
        return known[1].apply(text)


class _Pronounced:
    """Speak as a guild's book says (a TTS)."""

    def __init__(self, tts: TTS, pronouncing: Pronouncing, guild_id: int) -> None:
        self._tts = tts
        self._pronouncing = pronouncing
        self._guild_id = guild_id

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        words = await self._pronouncing.apply(self._guild_id, text, language=voice.language)
        async with aclosing(self._tts.synthesize(words, voice)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def prewarm(self) -> None:
        await self._tts.prewarm()

    async def aclose(self) -> None:
        """Leave the voice to its owner."""
