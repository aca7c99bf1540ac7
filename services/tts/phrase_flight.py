import asyncio
from collections.abc import AsyncGenerator, Set
from typing import Final

from services.core.errors import ProviderError
from services.core.types import AudioChunk
from services.tts.phrase_users import add_users

LONGEST_SOUND: Final = 120.0
"""Seconds of sound beyond which an engine has lost its way with a phrase."""


class PhraseFlight:
    """Hold one synthesis on its way, to which any number listen from its beginning on.

    `version` is the phrases' own when it was asked for.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.chunks: list[AudioChunk] = []  # of LONGEST_SOUND at most
        self.users: set[int] = set()
        self.listeners = 0
        self.ended = False
        self.seconds = 0.0
        self.task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def add(self, chunk: AudioChunk) -> None:
        """Hand a chunk to all who listen. Raises ProviderError when there is no end of them."""
        self.seconds += len(chunk.pcm) / 2 / chunk.sample_rate
        if self.seconds > LONGEST_SOUND:
            raise ProviderError("an engine did not stop speaking")
        self.chunks.append(chunk)
        self._tell()

    def end(self, error: Exception | None = None) -> None:
        """Declare that no more sound comes; the first call counts."""
        if not self.ended:
            self.ended, self._error = True, error
            self._tell()

    async def listen(self, users: Set[int]) -> AsyncGenerator[AudioChunk, None]:
        """Stream all of it, as it comes. Raises what ended it."""
        add_users(self.users, users)
        self.listeners += 1
        heard = 0
        try:
            while heard < len(self.chunks) or not self.ended:
                if heard == len(self.chunks):
                    await self._news.wait()
                    continue
                yield self.chunks[heard]
                heard += 1
            if self._error is not None:
                raise self._error
        finally:
            self.listeners -= 1
            self._tell()

    async def deserted(self) -> None:
        """Wait until nobody listens any more."""
        while self.listeners:
            await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
