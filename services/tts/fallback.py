import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from services.core.errors import (
    EmptyResponseError,
    ProviderError,
    ProviderRateLimitError,
    ProviderRequestError,
)
from services.core.protocols import TTS
from services.core.types import AudioChunk, VoiceStyle

log = logging.getLogger(__name__)

FIRST_REST: Final = 5.0
LONGEST_REST: Final = 300.0
"""A failing engine rests 5 s, then twice as long each time, at most 5 minutes."""


class FallbackTTS:
    """Speak with the first engine that works; `engines` are (name, engine), best first.

    A piece goes to the next engine only while none of it was yielded. An engine that fails is
    left alone for a while, unless it only refused this one text; when all rest, all are tried.
    For a hurried style, engines that were slower than speech with their last text come last.
    """

    def __init__(self, engines: Sequence[tuple[str, TTS]]) -> None:
        self._engines = [_Engine(name, tts) for name, tts in engines]

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Stream the sound of a text. Raises the last engine's ProviderError."""
        failure = ProviderError("no speech engine", user_message="I have no voice to speak with.")
        for engine in self._ready(hurried=voice.hurried):
            started = False
            try:
                async with aclosing(engine.synthesize(text, voice)) as sound:
                    async for chunk in sound:
                        started = True
                        yield chunk
            except ProviderError as error:
                engine.failed(error)
                if started:
                    raise
                failure = error
            else:
                engine.worked()
                return
        raise failure

    async def prewarm(self) -> None:
        """Prewarm every engine, all at once; never raises."""
        async with asyncio.TaskGroup() as group:
            for engine in self._engines:
                group.create_task(engine.tts.prewarm(), name=f"prewarm:{engine.name}")

    async def aclose(self) -> None:
        """Close every engine."""
        for engine in self._engines:
            await engine.tts.aclose()

    def _ready(self, *, hurried: bool) -> "list[_Engine]":
        now = asyncio.get_running_loop().time()
        ready = [engine for engine in self._engines if engine.rests_until <= now] or self._engines
        return sorted(ready, key=lambda engine: hurried and engine.lags)


class _Engine:
    """Remember how one engine has fared."""

    def __init__(self, name: str, tts: TTS) -> None:
        self.name = name
        self.tts = tts
        self.rests_until = 0.0
        self.lags = False
        self._rest = 0.0

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Have the engine speak, and note whether that took longer than it lasts."""
        now = asyncio.get_running_loop().time
        waited = sound = 0.0
        ready_made = False
        async with aclosing(self.tts.synthesize(text, voice)) as chunks:
            asked = now()
            async for chunk in chunks:
                waited += now() - asked
                ready_made = bool(chunk.packets)  # it says nothing of the engine
                sound += len(chunk.pcm) / 2 / chunk.sample_rate
                yield chunk
                asked = now()
            waited += now() - asked
        if sound and not ready_made:
            self.lags = waited > sound

    def failed(self, error: ProviderError) -> None:
        """Rest the engine; the first failure in a row is logged."""
        if isinstance(error, (ProviderRequestError, EmptyResponseError)):
            log.info("Voice %s refused a text: %s", self.name, error.brief)
            return
        now = asyncio.get_running_loop().time()
        if now < self.rests_until:
            return  # pieces of several guilds failed together, or it was the last resort
        if not self._rest:
            log.warning("Voice %s failed: %s", self.name, error.brief)
        asked = error.retry_after if isinstance(error, ProviderRateLimitError) else None
        self._rest = min(LONGEST_REST, max(FIRST_REST, 2 * self._rest))
        self.rests_until = now + min(LONGEST_REST, max(self._rest, asked or 0.0))

    def worked(self) -> None:
        """Forget the failures; a recovery is logged."""
        if self._rest:
            log.warning("Voice %s is back", self.name)
        self._rest = self.rests_until = 0.0
