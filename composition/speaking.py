import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from cogs.client import Client
from cogs.presence import teller
from composition.phrases import with_cache
from composition.stores import Stores
from config import Settings
from services.closing import own
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS, AudioEncoder, Speech, SpeechEngine
from services.core.types import UserTurn, VoiceStyle
from services.pronouncing import Pronouncing
from services.speaker import Speaker
from services.spoken_names import sayable_names
from services.tts.espeak import EspeakTTS
from services.tts.fallback import FallbackTTS
from services.tts.kokoro import KokoroTTS
from services.tts.kokoro_files import is_usable
from services.tts.openai import OpenAITTS
from services.voice.output import VoiceClock
from services.voice.presence import Presence
from services.voice.sessions import VoiceSessions
from services.voice.status import VoiceStatus
from services.voice_choice import VoiceChoices


@dataclass(frozen=True, slots=True)
class Speaking:
    """Hold what speaks in voice channels, and is there."""

    engines: list[tuple[str, SpeechEngine]]
    tts: TTS
    voices: VoiceChoices
    sessions: VoiceSessions
    presence: Presence
    speaker: Speaker

    def open(self, turn: UserTurn, metrics: TurnMetrics) -> Speech | None:
        """Let the guild of a turn hear its answer; None where the bot is in no voice channel."""
        if turn.guild_id is None:
            return None
        session = self.sessions.get(turn.guild_id)  # none yet while it is coming to the asker
        present = session.names if session else {}
        names = sayable_names(present | {turn.author.id: turn.author.name})
        style = self.voices.style(
            user_id=turn.author.id, guild_id=turn.guild_id, channel_id=turn.channel_id
        )
        return self.speaker.open(
            turn.guild_id, asker=turn.author, style=style, metrics=metrics, names=names
        )


async def open_speaking(
    settings: Settings, client: Client, stores: Stores, stack: AsyncExitStack
) -> Speaking:
    """Make the engines and the way from them into voice channels."""
    engines = await asyncio.to_thread(speech_engines, settings)  # it looks for files
    cached = await asyncio.to_thread(with_cache, settings, engines, stores.phrases, new_encoder)
    tts = own(stack, FallbackTTS(cached))
    clock = own(stack, VoiceClock())
    clock.start()
    sessions = own(stack, VoiceSessions(clock=clock, connect_timeout=8.0, attempts=3))
    if settings.VOICE_STATUS_ENABLED:
        own(stack, VoiceStatus(sessions=sessions, interval=2.5))
    return Speaking(
        engines=engines,
        tts=tts,
        voices=VoiceChoices(
            default=VoiceStyle(language=settings.TTS_LANGUAGE),
            users=stores.users,
            guilds=stores.guilds,
            personas=stores.personas,
        ),
        sessions=sessions,
        presence=own(stack, voice_presence(settings, client, sessions, stores)),
        speaker=new_speaker(settings, tts, sessions, stores),
    )


def speech_engines(settings: Settings) -> list[tuple[str, SpeechEngine]]:
    """Choose the engines that speak, best first; eSpeak NG is always the last."""
    engines: list[tuple[str, SpeechEngine]] = [("eSpeak NG", EspeakTTS())]
    if settings.TTS_BASE_URL and settings.TTS_ENGINE in ("auto", "openai"):
        server = OpenAITTS(
            base_url=settings.TTS_BASE_URL,
            api_key=settings.TTS_API_KEY.get_secret_value(),
            model=settings.TTS_MODEL,
            voice=settings.TTS_VOICE,
            sample_rate=settings.TTS_SAMPLE_RATE,
            timeout=15.0,
        )
        engines.insert(0, ("speech server", server))
    models, wanted = settings.KOKORO_MODEL_DIR, settings.TTS_ENGINE
    if wanted == "kokoro" or (wanted == "auto" and is_usable(models, settings.TTS_LANGUAGE)):
        engines.insert(0, ("Kokoro", kokoro(settings)))
    return engines


def kokoro(settings: Settings) -> KokoroTTS:
    """Speak with the neural voice of this machine."""
    return KokoroTTS(
        models=settings.KOKORO_MODEL_DIR,
        voice=settings.KOKORO_VOICE,
        max_rss_mb=settings.KOKORO_MAX_RSS_MB,
        idle=settings.KOKORO_IDLE_MINUTES * 60 or None,
        threads=1,
    )


def new_speaker(settings: Settings, tts: TTS, sessions: VoiceSessions, stores: Stores) -> Speaker:
    """Speak in pieces of the settings' length, each guild's words as it wants."""
    return Speaker(
        tts=tts,
        encoder=new_encoder,
        open_output=sessions.open_utterance,
        min_length=settings.TTS_SENTENCE_MIN_LENGTH,
        max_length=settings.TTS_SENTENCE_MAX_LENGTH,
        streaming=settings.STREAMING_TTS_ENABLED,
        max_seconds=settings.TTS_MAX_SPOKEN_SECONDS,
        detect_language=settings.TTS_LANGUAGE_DETECTION,
        pronounced=Pronouncing(stores.pronunciations).around,
    )


def new_encoder() -> AudioEncoder:
    """Make an encoder, in a worker thread: the first one imports numpy."""
    from services.voice.opus import OpusEncoder

    return OpusEncoder()


def voice_presence(
    settings: Settings, client: Client, sessions: VoiceSessions, stores: Stores
) -> Presence:
    """Keep the bot where its listeners are."""

    def auto_join(guild_id: int) -> bool:
        chosen = stores.guilds.get(guild_id).auto_join
        return settings.AUTO_JOIN_ENABLED if chosen is None else chosen

    return Presence(
        sessions=sessions,
        auto_join=auto_join,
        leave_after=settings.AUTO_LEAVE_MINUTES * 60,
        follow=settings.AUTO_FOLLOW_ENABLED,
        tell=teller(client),
    )
