import asyncio
import logging
import re
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Final

from services.core.errors import ProviderError
from services.core.phonemes import without_phonemes
from services.core.types import AudioChunk, VoiceOffer, VoiceStyle
from services.tts.espeak_library import EspeakLibrary

log = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 2000
"""What is longer is not spoken: the sound of one text (minutes, a few MB) is held in memory."""

WORDS_PER_MINUTE: Final = 175
"""The rate of speed 1.0: eSpeak's own default, and how fast people read aloud."""

_SLOWEST, _FASTEST = 80, 450  # espeakRATE's range (speak_lib.h)
_DEFAULT_LANGUAGE: Final = "en"
_MAX_NOTED: Final = 100
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_VARIANT: Final = re.compile(r"\+\w+")


class EspeakTTS:
    """Speak with eSpeak NG: no download, no network, first sound within a millisecond.

    Synthesis runs in a thread of its own and far ahead of playing, so one text never keeps the
    process's only library from the others for long; closing the generator stops it at once.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")
        self._library: EspeakLibrary | None = None
        self._noted: set[str] = set()

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Stream at most 2000 characters of text as 22,050 Hz PCM. Raises ProviderError."""
        library = await self._loaded()
        loop = asyncio.get_running_loop()
        sound: asyncio.Queue[bytes] = asyncio.Queue()  # bounded by MAX_CHARACTERS
        stopped = threading.Event()

        def deliver(pcm: bytes) -> bool:
            loop.call_soon_threadsafe(sound.put_nowait, pcm)
            return not stopped.is_set()

        job = self._thread.submit(
            library.speak,
            _CONTROLS.sub(" ", without_phonemes(text)[:MAX_CHARACTERS]),
            voice=self._voice(voice, library),
            words_per_minute=_words_per_minute(voice.speed),
            deliver=deliver,
        )
        speaking = asyncio.wrap_future(job)
        speaking.add_done_callback(lambda _: sound.put_nowait(b""))
        try:
            while pcm := await sound.get():
                yield AudioChunk(pcm=pcm, sample_rate=library.sample_rate)
            speaking.result()
        finally:
            stopped.set()
            job.cancel()
            await asyncio.wait([speaking])
            if not speaking.cancelled():
                speaking.exception()  # one raised after a close is nobody's to hear

    async def prewarm(self) -> None:
        """Load the library, its voices and the default voice's dictionary; never raises."""
        try:
            async with aclosing(self.synthesize("a", VoiceStyle())) as sound:
                await anext(sound, None)
        except ProviderError as error:
            log.warning("%s", error)

    async def aclose(self) -> None:
        """Let the thread end after the running text; idempotent."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def offer(self) -> VoiceOffer:
        """Return a voice for each language, and the speakers that it can take on."""
        return self._library.offer if self._library else VoiceOffer()

    def accepts(self, voice: str) -> bool:
        """Tell whether a name like "en-gb" or "en+f3" makes a voice."""
        name, plus, variant = voice.lower().partition("+")
        if self._library is None:
            return True
        known = name in self._library.voices or (not name and plus != "")
        return known and (not plus or variant in self._library.offer.variants)

    async def _loaded(self) -> EspeakLibrary:
        if self._library is None:
            loop = asyncio.get_running_loop()
            self._library = await loop.run_in_executor(self._thread, EspeakLibrary.shared)
        return self._library

    def _voice(self, style: VoiceStyle, library: EspeakLibrary) -> str:
        """Return the style's voice where it speaks the style's language, else one that does."""
        voices = library.voices
        name, plus, variant = style.voice.lower().partition("+")
        suffix = plus + variant if _VARIANT.fullmatch(plus + variant) else ""
        language = style.language.lower().replace("_", "-")
        base = language.partition("-")[0]
        if name in voices and library.languages[voices[name]].partition("-")[0] == base:
            return voices[name] + suffix
        if name and name not in voices:
            self._note_unknown(name)
        for key in (language, base):
            if key in voices:
                return voices[key] + suffix
        self._note_unknown(language)
        return voices[_DEFAULT_LANGUAGE] + suffix

    def _note_unknown(self, wanted: str) -> None:
        if wanted not in self._noted and len(self._noted) < _MAX_NOTED:
            self._noted.add(wanted)
            log.warning("eSpeak has no voice for %r; using the next best", wanted)


def _words_per_minute(speed: float) -> int:
    return max(_SLOWEST, min(_FASTEST, round(WORDS_PER_MINUTE * speed)))
