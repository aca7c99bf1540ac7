"""The composition root: settings → services → cogs → run. Nothing else builds objects."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import config
from cogs.access import Gate
from cogs.admin import Admin
from cogs.ask_about import AskAbout
from cogs.chat import Chat
from cogs.client import Client, connect, edit_limits, login
from cogs.doctor import Doctor
from cogs.downloads import Downloads
from cogs.enclosures import fetch_quote
from cogs.errors import explain
from cogs.images import images_of, no_images
from cogs.preparation import prepare
from cogs.presence import VoicePresence, teller
from cogs.prewarming import Prewarming
from cogs.read_aloud import ReadAloud
from cogs.reply_buttons import ReplyButtons
from cogs.settings import GuildSettings
from cogs.speech_queue import SpeechQueue
from cogs.text_channels import ChannelText
from cogs.voice import Voice
from cogs.voice_choice import VoiceChoice
from config import Settings, SettingsError, unknown_keys
from services.channel_pacer import ChannelPacers
from services.closing import end_on_signals, own
from services.conversations import Conversations
from services.core.errors import ConfigurationError, StorageError
from services.core.logs import configure_logging, new_turn_id
from services.core.metrics import TurnMetrics, TurnStatistics
from services.core.protocols import LLM, TTS, AudioEncoder, Cipher, Speech, SpeechEngine
from services.core.tasks import TaskOwner
from services.core.types import UserTurn, VoiceStyle
from services.daily_budget import DailyBudget
from services.history.encryption import open_cipher
from services.history.jsonl import JsonlHistoryStore
from services.limits import DailyShares, Limits
from services.llm.chain import Endpoint, chat_models, second_endpoint
from services.llm.tokens import TokenCounter
from services.memory_manager import MemoryManager
from services.message_batcher import MessageBatcher
from services.mind import Mind
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences
from services.prewarmer import Prewarmer
from services.query_optimizer import QueryOptimizer
from services.rate_limiter import RateLimiter
from services.speaker import Speaker
from services.spoken_names import sayable_names
from services.tts.espeak import EspeakTTS
from services.tts.fallback import FallbackTTS
from services.tts.kokoro import KokoroTTS
from services.tts.kokoro_files import invitation, is_usable
from services.tts.openai import OpenAITTS
from services.turn_reader import TurnReader
from services.typing_pacer import TypingPacer
from services.voice.libopus import load_opus
from services.voice.output import VoiceClock
from services.voice.presence import Presence
from services.voice.sessions import VoiceSessions
from services.voice.status import VoiceStatus
from services.voice_catalogue import VoiceCatalogue
from services.voice_choice import VoiceChoices

log = logging.getLogger("bot")


EX_CONFIG = 78
"""Exit status for a bad configuration (sysexits.h)."""

CLOSING_SECONDS = 6.0
"""Longest time to end gracefully before what is left is cut off."""


def main() -> int:
    """Run the bot until a signal ends it; return the process's exit status."""
    try:
        settings = config.Config
        configure_logging(settings.LOG_LEVEL)
        warn_of_unknown_keys(config.env_file())
        asyncio.run(run(settings))
    except (SettingsError, ConfigurationError, StorageError) as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    except asyncio.CancelledError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we have ended well; a late one is no news
        log.info("Ended")
    return 0


def warn_of_unknown_keys(path: str) -> None:
    """Name the keys of the file of settings that nothing reads."""
    for key, nearest in unknown_keys(path).items():
        hint = f"; did you mean {nearest}?" if nearest else ""
        log.warning("%s in %s is not a setting%s", key, path, hint)


async def run(settings: Settings) -> None:
    """Serve until cancelled; then end replies, leave voice and close, in CLOSING_SECONDS."""
    token = settings.DISCORD_TOKEN.get_secret_value()
    if not token:
        raise ConfigurationError("DISCORD_TOKEN is not set: put your bot's token into .env.")
    async with asyncio.timeout(None) as limit, AsyncExitStack() as stack:
        end_on_signals(limit, seconds=CLOSING_SECONDS)
        pacers = ChannelPacers()
        client = Client(socket=settings.DISCORD_SOCKET, trace=edit_limits(pacers))
        await stack.enter_async_context(client)
        gateway = own(stack, TaskOwner("gateway"))
        await login(client, token)
        await assemble(settings, client, pacers, stack)
        connection = gateway.start(connect(client), name="connect")
        await asyncio.wait([connection])
        if (refusal := connection.result()) is not None:
            raise refusal


async def assemble(
    settings: Settings, client: Client, pacers: ChannelPacers, stack: AsyncExitStack
) -> None:
    """Build the services in the order of their dependencies, and the cogs upon them."""
    counter = TokenCounter()
    statistics = TurnStatistics()
    style = VoiceStyle(language=settings.TTS_LANGUAGE)
    upkeep = asyncio.Lock()
    memory = own(stack, memory_manager(settings, upkeep))
    cipher = await asyncio.to_thread(history_cipher, settings)
    history = own(stack, JsonlHistoryStore(settings.HISTORY_DIR, cipher=cipher, upkeep=upkeep))
    guilds = await guild_preferences(settings)
    voices = await voice_choices(settings, style, guilds)
    gate = client.gate = Gate(choices=guilds.get)
    llm = own(stack, language_model(settings, counter, fetch_image=client.fetch))
    engines = await asyncio.to_thread(speech_engines, settings)  # it looks for files
    tts = own(stack, FallbackTTS(engines))
    sessions = own(stack, voice_sessions(stack))
    presence = voice_presence(settings, client, sessions, guilds, stack)
    speaker = new_speaker(settings, tts, sessions)
    downloads = own(stack, Downloads(lambda: client.http.connector))
    reader = TurnReader(fetch_file=downloads.fetch, fetch_quote=partial(fetch_quote, client))
    conversations = own(
        stack,
        Conversations(
            llm=llm,
            read=reader.read,
            build_context=query_optimizer(settings, counter).build,
            mind=Mind(),
            history=history,
            history_limit=settings.MAX_HISTORY_MESSAGES,
            limits=await limits(settings, stack),
            statistics=statistics,
            pacers=pacers,
            open_speech=partial(open_speech, speaker=speaker, voices=voices, sessions=sessions),
            explain=explain,
            streaming=settings.RESPONSE_STREAMING_ENABLED,
            interval=settings.STREAM_UPDATE_INTERVAL,
            typing_pacer=typing_pacer(settings),
            buttons=settings.REPLY_BUTTONS_ENABLED,
        ),
    )
    batcher = own(stack, message_batcher(settings, client, conversations))
    chat = chat_cog(settings, client, batcher, conversations, sessions, gate, presence)
    voice = voice_cog(client, sessions, speaker, conversations, voices)
    buttons = ReplyButtons(client, gate, chat, voice, conversations)
    for cog in (chat, voice, buttons, AskAbout(client, chat, conversations)):
        await client.add_cog(cog)
    await client.add_cog(prewarming_cog(client, sessions, own(stack, Prewarmer(llm=llm, tts=tts))))
    await client.add_cog(SpeechQueue(sessions=sessions))
    await client.add_cog(read_aloud_cog(client, guilds, gate, sessions, speaker, voices))
    await client.add_cog(voice_choice_cog(voices, engines))
    await client.add_cog(VoicePresence(presence=presence, bot_id=client.own_id))
    examiner = doctor(settings, client, engines, style, guilds)
    await client.add_cog(Admin(statistics=statistics, doctor=examiner))
    await client.add_cog(GuildSettings(guilds=guilds, reads_everything=client.reads_everything))
    tasks = own(stack, TaskOwner("bot"))
    first = [memory.start_background_cleanup, llm.prewarm, tts.prewarm]
    work = prepare(client, settings.HISTORY_DIR, first, new_encoder, load_opus)
    tasks.start(work, name="prepare")


def language_model(
    settings: Settings,
    counter: TokenCounter,
    *,
    fetch_image: Callable[[str], Awaitable[bytes]],
) -> LLM:
    """Reach the model, and a second one behind it where one is set."""
    first = Endpoint(
        base_url=settings.OPENAI_BASE_URL,
        api_key=settings.OPENAI_API_KEY.get_secret_value(),
        model=settings.LLM_MODEL,
        extra=json.loads(settings.LLM_EXTRA_BODY or "{}"),
    )
    second = second_endpoint(
        first,
        base_url=settings.LLM_FALLBACK_BASE_URL,
        api_key=settings.LLM_FALLBACK_API_KEY.get_secret_value(),
        model=settings.LLM_FALLBACK_MODEL,
    )
    return chat_models(
        first,
        second,
        counter=counter,
        fetch_image=fetch_image,
        max_concurrent=settings.LLM_MAX_CONCURRENT,
        max_tokens=settings.LLM_MAX_TOKENS,
        temperature=settings.LLM_TEMPERATURE,
        connect_timeout=settings.LLM_CONNECT_TIMEOUT,
        first_token_timeout=settings.LLM_FIRST_TOKEN_TIMEOUT,
        stall_timeout=settings.LLM_STALL_TIMEOUT,
        retries=settings.LLM_RETRIES,
        adapt_to_blindness=settings.LLM_VISION == "auto",
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


def doctor(
    settings: Settings,
    client: Client,
    engines: Sequence[tuple[str, TTS]],
    style: VoiceStyle,
    guilds: PreferenceStore[GuildPreferences],
) -> Doctor:
    """Examine what the bot needs, and tell how to come to Kokoro where that is wanted."""
    language = style.language if settings.TTS_ENGINE in ("auto", "kokoro") else ""
    better = partial(invitation, settings.KOKORO_MODEL_DIR, language)
    return Doctor(
        reads_everything=client.reads_everything,
        choices=guilds.get,
        engines=engines,
        style=style,
        load_opus=load_opus,
        better=better,
    )


def kokoro(settings: Settings) -> KokoroTTS:
    """Speak with the neural voice of this machine."""
    return KokoroTTS(
        models=settings.KOKORO_MODEL_DIR,
        voice=settings.KOKORO_VOICE,
        max_rss_mb=settings.KOKORO_MAX_RSS_MB,
        idle=settings.KOKORO_IDLE_MINUTES * 60 or None,
        threads=1,
    )


def voice_sessions(stack: AsyncExitStack) -> VoiceSessions:
    """Begin the clock by which all guilds are spoken to."""
    clock = own(stack, VoiceClock())
    clock.start()
    return VoiceSessions(clock=clock, connect_timeout=8.0, attempts=3)


def new_speaker(settings: Settings, tts: TTS, sessions: VoiceSessions) -> Speaker:
    """Speak in pieces of the settings' length."""
    return Speaker(
        tts=tts,
        encoder=new_encoder,
        open_output=sessions.open_utterance,
        min_length=settings.TTS_SENTENCE_MIN_LENGTH,
        max_length=settings.TTS_SENTENCE_MAX_LENGTH,
        streaming=settings.STREAMING_TTS_ENABLED,
        max_seconds=settings.TTS_MAX_SPOKEN_SECONDS,
        detect_language=settings.TTS_LANGUAGE_DETECTION,
    )


def new_encoder() -> AudioEncoder:
    """Make an encoder, in a worker thread: the first one imports numpy."""
    from services.voice.opus import OpusEncoder

    return OpusEncoder()


def history_cipher(settings: Settings) -> Cipher | None:
    """Open the history's lock, where it has one; blocks. Raises ConfigurationError."""
    keys = settings.HISTORY_KEY.get_secret_value()
    return open_cipher(keys, directory=settings.HISTORY_DIR)


def memory_manager(settings: Settings, upkeep: asyncio.Lock) -> MemoryManager:
    """Tidy the folders by their settings."""
    return MemoryManager(
        temp_dir=settings.TEMP_DIR,
        history_dir=settings.HISTORY_DIR,
        enabled=settings.MEMORY_CLEANUP_ENABLED,
        interval_hours=settings.MEMORY_CLEANUP_INTERVAL_HOURS,
        max_temp_age_hours=settings.MAX_TEMP_FILE_AGE_HOURS,
        max_history_age_days=settings.MAX_HISTORY_AGE_DAYS,
        archive_max_age_days=settings.ARCHIVE_MAX_AGE_DAYS,
        memory_limit_mb=settings.MEMORY_LIMIT_MB,
        upkeep=upkeep,
    )


async def guild_preferences(settings: Settings) -> PreferenceStore[GuildPreferences]:
    """Read what guilds chose; without it nobody knows who may use the bot."""
    folder = settings.HISTORY_DIR / "preferences" / "guilds"
    guilds = PreferenceStore(GuildPreferences, directory=folder)
    await guilds.start()
    return guilds


async def voice_choices(
    settings: Settings, style: VoiceStyle, guilds: PreferenceStore[GuildPreferences]
) -> VoiceChoices:
    """Read which voices people chose; without it they hear the usual one."""
    folder = settings.HISTORY_DIR / "preferences" / "users"
    users = PreferenceStore(UserPreferences, directory=folder)
    try:
        await users.start()
    except StorageError as error:
        log.error("The voices that people chose are not known: %s", error)
    return VoiceChoices(default=style, users=users, guilds=guilds)


def query_optimizer(settings: Settings, counter: TokenCounter) -> QueryOptimizer:
    """Fit the context into its bounds."""
    return QueryOptimizer(
        count=counter.count,
        system_prompt=settings.SYSTEM_PROMPT,
        max_history_messages=settings.MAX_HISTORY_MESSAGES,
        max_context_tokens=settings.MAX_CONTEXT_TOKENS,
    )


async def limits(settings: Settings, stack: AsyncExitStack) -> Limits:
    """Bound what people, channels and guilds may use."""
    budget = own(stack, DailyBudget(settings.HISTORY_DIR / "budget.json"))
    await budget.start()
    return Limits(
        channels=bucket(settings.CHANNEL_RATE_BURST, settings.CHANNEL_RATE_PER_MINUTE),
        guilds=bucket(settings.GUILD_RATE_BURST, settings.GUILD_RATE_PER_MINUTE),
        budget=budget,
        shares=DailyShares(
            user_tokens=settings.USER_DAILY_TOKENS,
            guild_tokens=settings.GUILD_DAILY_TOKENS,
            user_speech=settings.USER_DAILY_SPEECH_MINUTES * 60,
            guild_speech=settings.GUILD_DAILY_SPEECH_MINUTES * 60,
        ),
    )


def bucket(burst: int, per_minute: float) -> RateLimiter:
    """Let so many through at once, and per minute in the long run."""
    clock = asyncio.get_running_loop().time
    return RateLimiter(
        capacity=burst, refill_per_second=per_minute / 60, clock=clock, max_keys=10_000
    )


def typing_pacer(settings: Settings) -> TypingPacer | None:
    """Make answers that are posted at once take their time."""
    if not settings.NATURAL_TYPING_DELAY_ENABLED:
        return None
    return TypingPacer(minimum=settings.MIN_TYPING_DELAY, maximum=settings.MAX_TYPING_DELAY)


def message_batcher(
    settings: Settings, client: Client, conversations: Conversations
) -> MessageBatcher:
    """Join rapid messages of one person to a turn; with a window of 0 never, answered or not."""
    window = settings.MESSAGE_BATCH_WINDOW_SECONDS
    return MessageBatcher(
        window=window,
        deliver=lambda turn: conversations.submit(
            turn, channel=place_of(client, turn), alone=not window
        ),
        new_id=new_turn_id,
    )


def chat_cog(
    settings: Settings,
    client: Client,
    batcher: MessageBatcher,
    conversations: Conversations,
    sessions: VoiceSessions,
    gate: Gate,
    presence: Presence,
) -> Chat:
    """Take messages in, as many as the settings allow a person."""
    return Chat(
        bot_id=client.own_id,
        batcher=batcher,
        conversations=conversations,
        sessions=sessions,
        images_of=no_images if settings.LLM_VISION == "off" else images_of,
        limiter=bucket(settings.USER_RATE_BURST, settings.USER_RATE_PER_MINUTE),
        notices=bucket(1, per_minute=6),
        gate=gate,
        summon=presence.summon,
    )


def voice_cog(
    client: Client,
    sessions: VoiceSessions,
    speaker: Speaker,
    conversations: Conversations,
    voices: VoiceChoices,
) -> Voice:
    """Enter voice channels, and again those that Discord forgot."""
    return Voice(
        sessions=sessions,
        find_channel=client.get_channel,
        speaker=speaker,
        conversations=conversations,
        voices=voices,
    )


def read_aloud_cog(
    client: Client,
    guilds: PreferenceStore[GuildPreferences],
    gate: Gate,
    sessions: VoiceSessions,
    speaker: Speaker,
    voices: VoiceChoices,
) -> ReadAloud:
    """Read the chat of the bot's voice channel aloud, where that was chosen."""
    return ReadAloud(
        bot_id=client.own_id,
        choices=guilds.get,
        gate=gate,
        sessions=sessions,
        speaker=speaker,
        voices=voices,
    )


def voice_choice_cog(
    voices: VoiceChoices, engines: Sequence[tuple[str, SpeechEngine]]
) -> VoiceChoice:
    """Let people choose among the voices that the engines offer."""
    catalogue = VoiceCatalogue([engine for _, engine in engines])
    return VoiceChoice(choices=voices, catalogue=catalogue)


def voice_presence(
    settings: Settings,
    client: Client,
    sessions: VoiceSessions,
    guilds: PreferenceStore[GuildPreferences],
    stack: AsyncExitStack,
) -> Presence:
    """Keep the bot where its listeners are, and show there what it does where that is wanted."""
    if settings.VOICE_STATUS_ENABLED:
        own(stack, VoiceStatus(sessions=sessions, interval=2.5))

    def auto_join(guild_id: int) -> bool:
        chosen = guilds.get(guild_id).auto_join
        return settings.AUTO_JOIN_ENABLED if chosen is None else chosen

    presence = Presence(
        sessions=sessions,
        auto_join=auto_join,
        leave_after=settings.AUTO_LEAVE_MINUTES * 60,
        follow=settings.AUTO_FOLLOW_ENABLED,
        tell=teller(client),
    )
    return own(stack, presence)


def prewarming_cog(client: Client, sessions: VoiceSessions, prewarmer: Prewarmer) -> Prewarming:
    """See who is about to speak to the bot."""
    return Prewarming(prewarmer=prewarmer, sessions=sessions, bot_id=client.own_id)


def open_speech(
    turn: UserTurn,
    metrics: TurnMetrics,
    *,
    speaker: Speaker,
    voices: VoiceChoices,
    sessions: VoiceSessions,
) -> Speech | None:
    """Let the guild of a turn hear its answer; None where the bot is in no voice channel."""
    session = sessions.get(turn.guild_id) if turn.guild_id else None
    if turn.guild_id is None or session is None:
        return None
    names = sayable_names(session.names | {turn.author.id: turn.author.name})
    style = voices.style(user_id=turn.author.id, guild_id=turn.guild_id)
    return speaker.open(turn.guild_id, asker=turn.author, style=style, metrics=metrics, names=names)


def place_of(client: Client, turn: UserTurn) -> ChannelText:
    """Return the channel of a turn as a place to write in."""
    channel = client.get_partial_messageable(turn.channel_id, guild_id=turn.guild_id)
    return ChannelText(channel, own_id=client.own_id)


if __name__ == "__main__":
    sys.exit(main())
