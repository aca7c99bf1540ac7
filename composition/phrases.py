import asyncio
import shutil
from collections.abc import Callable, Sequence

from config import Settings
from services.core.protocols import TTS, AudioEncoder, SpeechEngine
from services.core.types import VoiceStyle
from services.speech_phrases import whole_sentences
from services.tts.cache import CachedTTS
from services.tts.phrase_files import PhraseFiles
from services.tts.phrases import PhraseCache, files_version
from services.tts.phrases_ahead import PhrasesAhead


async def phrase_cache(settings: Settings, *, private: Callable[[int], bool]) -> PhraseCache:
    """Keep what was said, where that is wanted on the disk as well."""
    max_bytes = settings.TTS_CACHE_SIZE_MB * 1024 * 1024
    folder = settings.TEMP_DIR / "phrases"
    if not settings.TTS_CACHE_DISK:  # what is left of before could not be forgotten
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    files = PhraseFiles(folder, max_bytes=max_bytes)
    style = VoiceStyle(language=settings.TTS_LANGUAGE)
    phrases = PhraseCache(
        max_bytes=max_bytes,
        files=files if settings.TTS_CACHE_DISK else None,
        ahead=PhrasesAhead(sentences=whole_sentences, style=style),
        private=private,
    )
    await phrases.start()
    return phrases


def with_cache(
    settings: Settings,
    engines: Sequence[tuple[str, SpeechEngine]],
    phrases: PhraseCache,
    encoder: Callable[[], AudioEncoder],
) -> list[tuple[str, TTS]]:
    """Return the engines, those that gain by it with the cache around them; blocks."""
    server = (
        *(settings.TTS_BASE_URL, settings.TTS_MODEL, settings.TTS_VOICE),
        str(settings.TTS_SAMPLE_RATE),
    )
    identities = {
        "Kokoro": f"Kokoro {files_version(settings.KOKORO_MODEL_DIR)} {settings.KOKORO_VOICE}",
        "speech server": " ".join(("speech server", *server)),
    }

    def cached(name: str, engine: TTS) -> TTS:
        if name not in identities or not settings.TTS_CACHE_ENABLED:
            return engine
        return CachedTTS(
            engine,
            identity=identities[name],
            phrases=phrases,
            encoder=encoder,
            make_ahead=name == "Kokoro",  # a server's work may be paid for
        )

    return [(name, cached(name, engine)) for name, engine in engines]
