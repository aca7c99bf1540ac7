import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Set
from contextlib import aclosing
from typing import Final

from services.core.asker import asker_id
from services.core.errors import (
    BotError,
    ProviderConnectionError,
    ProviderError,
    ProviderRequestError,
)
from services.core.protocols import TTS, AudioEncoder
from services.core.tasks import TaskOwner
from services.core.types import AudioChunk, VoiceStyle
from services.tts.phrase_flight import PhraseFlight
from services.tts.phrases import Phrase, PhraseCache, PhraseKey, phrase_key

log = logging.getLogger(__name__)

LONGEST: Final = 200
"""Characters of a text that is kept; longer ones hardly come twice."""

MAX_ENCODING: Final = 4
"""Phrases of one engine that may be encoded or wait for it; further ones are not kept."""

QUIET: Final = 20.0
"""Seconds without a request after which nobody is spoken to: a piece lasts some 15 s at most."""

FAST: Final = 20.0
"""An engine so many times faster than real time needs no phrases made ahead."""

_BATCH: Final = 0.5
"""Sound encoded in one go, seconds: some 5 ms of work."""


class CachedTTS:
    """Speak with one engine, and give again what it has said, as packets, without asking it.

    It stands around each engine alone, inside FallbackTTS: so a phrase is always kept under the
    name of the engine that spoke it, `identity`, which tells its version as well. What is new
    passes as it comes, and is encoded for the cache afterwards, in worker threads. Who wants
    a phrase that is just being made listens to that. One that nobody listens to any more, or
    that fails, is not kept. With `make_ahead` it makes common phrases while nobody wants any.
    """

    def __init__(
        self,
        tts: TTS,
        *,
        identity: str,
        phrases: PhraseCache,
        encoder: Callable[[], AudioEncoder],
        make_ahead: bool,
    ) -> None:
        self._tts = tts
        self._identity = identity
        self._phrases = phrases
        self._encoder = encoder
        self._flights: dict[PhraseKey, PhraseFlight] = {}  # bounded by those who listen
        self._tasks = TaskOwner("phrases")
        self._encoding = asyncio.Lock()
        self._to_encode = 0
        self._makes_ahead = make_ahead
        self._quiet: asyncio.Task[None] | None = None
        self._real_time = 0.0  # seconds of sound that a second of work gave last
        self._closed = False

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Stream the sound of a text: packets if it is known, else the engine's PCM."""
        self._break_off()
        if len(text) > LONGEST:
            sound = self._tts.synthesize(text, voice)
        else:
            users = self._phrases.users_of(asker_id.get())
            self._phrases.ahead.note(text, voice, users=users)
            sound = self._phrase(text, voice, users=users)
        try:
            async with aclosing(sound) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            self._go_ahead()

    async def prewarm(self) -> None:
        """Prewarm the engine; never raises."""
        await self._tts.prewarm()
        self._go_ahead()

    async def aclose(self) -> None:
        """End what is being made, and the engine; idempotent."""
        self._closed = True
        await self._tasks.aclose()
        await self._tts.aclose()

    def _go_ahead(self) -> None:
        """Begin to wait for the quiet in which phrases are made ahead."""
        self._break_off()
        if self._makes_ahead and not self._closed:
            self._quiet = self._tasks.start(self._make_ahead(), name="ahead")

    def _break_off(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()

    async def _make_ahead(self) -> None:
        await asyncio.sleep(QUIET)
        refused: set[str] = set()  # languages
        for text, voice, users in self._phrases.ahead.wanted():
            if self._real_time > FAST:
                return
            key = phrase_key(engine=self._identity, text=text, voice=voice)
            if voice.language in refused or self._phrases.has(key):
                continue
            try:
                async with aclosing(self._phrase(text, voice, users=users)) as chunks:
                    async for _ in chunks:
                        pass
            except ProviderRequestError:
                refused.add(voice.language)
            except ProviderError as error:
                log.debug("No phrases are made ahead: %s", error.brief)
                return

    async def _phrase(
        self, text: str, voice: VoiceStyle, *, users: Set[int]
    ) -> AsyncGenerator[AudioChunk, None]:
        key = phrase_key(engine=self._identity, text=text, voice=voice)
        version = self._phrases.version
        phrase = await self._phrases.find(key)
        if phrase is not None:
            phrase.used_by(users)
            yield AudioChunk(packets=phrase.packets())
            return
        flight = self._flights.get(key) or self._begin(key, text, voice, version)
        try:
            async with aclosing(flight.listen(users)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            await self._leave(key, flight)

    def _begin(self, key: PhraseKey, text: str, voice: VoiceStyle, version: int) -> PhraseFlight:
        flight = self._flights[key] = PhraseFlight(version)
        flight.task = self._tasks.start(self._make(key, flight, text, voice), name="phrase")
        return flight

    async def _leave(self, key: PhraseKey, flight: PhraseFlight) -> None:
        """Stop the engine where nobody listens to it any more."""
        if not (flight.listeners or flight.ended or flight.task is None):
            self._land(key, flight)
            flight.task.cancel()
            await asyncio.wait([flight.task])

    async def _make(
        self, key: PhraseKey, flight: PhraseFlight, text: str, voice: VoiceStyle
    ) -> None:
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async with aclosing(self._tts.synthesize(text, voice)) as chunks:
                async for chunk in chunks:
                    flight.add(chunk)
            flight.end()
            self._real_time = flight.seconds / max(now() - began, 1e-6)
            await flight.deserted()  # their own encoding is not to wait for this one
            await self._keep(key, flight)
        except Exception as error:  # noqa: BLE001 - it is raised again where somebody listens
            flight.end(error)
        finally:
            flight.end(ProviderConnectionError("the voice is closed"))
            self._land(key, flight)

    def _land(self, key: PhraseKey, flight: PhraseFlight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _keep(self, key: PhraseKey, flight: PhraseFlight) -> None:
        if self._to_encode >= MAX_ENCODING or not flight.users:
            return
        self._to_encode += 1
        try:
            async with self._encoding:
                packets = await self._encoded(flight)
            if packets and flight.version == self._phrases.version:
                await self._phrases.keep(key, Phrase.of(packets, flight.users))
        except BotError as error:
            log.warning("A phrase is not kept: %s", error.brief)
        finally:
            self._to_encode -= 1

    async def _encoded(self, flight: PhraseFlight) -> list[bytes]:
        """Return the packets of a piece by itself: trimmed, faded at both ends, without pause."""
        encoder = await asyncio.to_thread(self._encoder)
        packets: list[bytes] = []
        for chunk in flight.chunks:
            step = 2 * round(_BATCH * chunk.sample_rate)
            for start in range(0, len(chunk.pcm), step):
                part = AudioChunk(
                    pcm=chunk.pcm[start : start + step], sample_rate=chunk.sample_rate
                )
                packets += await asyncio.to_thread(encoder.encode, part)
        return packets + await asyncio.to_thread(encoder.finish, pause=0.0)
