import asyncio
import errno
import logging
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from cogs.client import Client
from composition.personas import open_personas
from composition.phrases import phrase_cache
from config import Settings
from services.closing import own
from services.core.errors import ConfigurationError, StorageError
from services.core.files import make_private_directory, remove_unfinished
from services.core.protocols import Cipher, HistoryStore
from services.daily_budget import DailyBudget
from services.history.encryption import open_cipher
from services.history.jsonl import JsonlHistoryStore
from services.memory_manager import MemoryManager
from services.persona_choice import PersonaChoices
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences
from services.profile_store import ProfileStore
from services.pronunciation import PronunciationBook
from services.summary_store import SummaryStore
from services.tts.phrases import PhraseCache

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """Hold what outlives a restart of the bot, or a turn."""

    history: HistoryStore
    summaries: SummaryStore
    profiles: ProfileStore
    guilds: PreferenceStore[GuildPreferences]
    users: PreferenceStore[UserPreferences]
    pronunciations: PreferenceStore[PronunciationBook]
    budget: DailyBudget
    memory: MemoryManager
    phrases: PhraseCache
    personas: PersonaChoices


async def open_stores(settings: Settings, client: Client, stack: AsyncExitStack) -> Stores:
    """Open what is kept under history/. Raises ConfigurationError, StorageError."""
    await asyncio.to_thread(check_writable, settings.HISTORY_DIR)
    await asyncio.to_thread(tidy_up, settings)
    upkeep = asyncio.Lock()
    cipher = await asyncio.to_thread(history_cipher, settings)
    guilds, users = await guild_preferences(settings), await user_preferences(settings)
    phrases = await phrase_cache(settings, private=lambda user_id: users.get(user_id).opted_out)
    memory = own(stack, memory_manager(settings, upkeep, phrases))
    history = own(stack, JsonlHistoryStore(settings.HISTORY_DIR, cipher=cipher, upkeep=upkeep))
    budget = own(stack, DailyBudget(settings.HISTORY_DIR / "budget.json"))
    await budget.start()
    return Stores(
        history=history,
        summaries=SummaryStore(settings.HISTORY_DIR / "summaries", cipher=cipher),
        profiles=profile_store(settings, cipher),
        guilds=guilds,
        users=users,
        pronunciations=await pronunciation_books(settings),
        budget=budget,
        memory=memory,
        phrases=phrases,
        personas=await open_personas(settings, client, users, guilds),
    )


def check_writable(folder: Path) -> None:
    """Refuse to start where nothing could be kept; blocks. Raises ConfigurationError.

    A full disk is no reason: it may have room again.
    """
    try:
        make_private_directory(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise ConfigurationError(
            f"HISTORY_DIR: {folder} can't be written to ({error.strerror}); "
            "it must be a folder of the user who runs the bot."
        ) from error


def tidy_up(settings: Settings) -> None:
    """Remove what a crash left half-written: nobody would forget it; blocks."""
    for folder in (settings.HISTORY_DIR, settings.TEMP_DIR / "phrases"):
        try:
            remove_unfinished(folder)
        except OSError as error:
            log.warning("What a crash left behind is still there: %s", error)


def history_cipher(settings: Settings) -> Cipher | None:
    """Open the history's lock, where it has one; blocks. Raises ConfigurationError."""
    keys = settings.HISTORY_KEY.get_secret_value()
    return open_cipher(keys, directory=settings.HISTORY_DIR)


def profile_store(settings: Settings, cipher: Cipher | None) -> ProfileStore:
    """Keep what people told about themselves beside the history, sealed like it."""
    clock = asyncio.get_running_loop().time
    return ProfileStore(settings.HISTORY_DIR / "profiles", cipher=cipher, clock=clock)


def memory_manager(settings: Settings, upkeep: asyncio.Lock, phrases: PhraseCache) -> MemoryManager:
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
        caches=[phrases],
        upkeep=upkeep,
    )


async def guild_preferences(settings: Settings) -> PreferenceStore[GuildPreferences]:
    """Read what guilds chose; without it nobody knows who may use the bot."""
    folder = settings.HISTORY_DIR / "preferences" / "guilds"
    guilds = PreferenceStore(GuildPreferences, directory=folder)
    await guilds.start()
    return guilds


async def user_preferences(settings: Settings) -> PreferenceStore[UserPreferences]:
    """Read what people chose; without it nobody knows of whom nothing may be kept."""
    folder = settings.HISTORY_DIR / "preferences" / "users"
    private = UserPreferences(opted_out=True)
    users = PreferenceStore(UserPreferences, directory=folder, unreadable=private)
    await users.start()
    return users


async def pronunciation_books(settings: Settings) -> PreferenceStore[PronunciationBook]:
    """Read how guilds want their words said; without it they are said as usual."""
    folder = settings.HISTORY_DIR / "preferences" / "pronunciations"
    books = PreferenceStore(PronunciationBook, directory=folder)
    try:
        await books.start()
    except StorageError as error:
        log.error("How words are to be said is not known: %s", error)
    return books
