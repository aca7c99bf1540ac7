import logging
from datetime import UTC, datetime
from functools import partial

from cogs.client import Client
from cogs.scenes import scene_of
from config import Settings
from services.core.errors import StorageError
from services.persona_choice import PersonaChoices
from services.persona_files import read_personas
from services.persona_library import GuildPersonas, PersonaLibrary
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences

log = logging.getLogger(__name__)


async def open_personas(
    settings: Settings,
    client: Client,
    users: PreferenceStore[UserPreferences],
    guilds: PreferenceStore[GuildPreferences],
) -> PersonaChoices:
    """Read who the bot can be: what came as files, and what guilds have made."""
    library = PersonaLibrary(
        prompt=settings.SYSTEM_PROMPT,
        shipped=await read_personas(settings.PERSONAS_DIR),
        own=await guild_personas(settings),
    )
    return PersonaChoices(
        library=library,
        users=users,
        guilds=guilds,
        scene_of=partial(scene_of, client),
        now=lambda: datetime.now(UTC),
    )


async def guild_personas(settings: Settings) -> PreferenceStore[GuildPersonas]:
    """Read the personas that guilds have made; without them the others are there."""
    folder = settings.HISTORY_DIR / "personas"
    own = PreferenceStore(GuildPersonas, directory=folder, max_keys=10_000)
    try:
        await own.start()
    except StorageError as error:
        log.error("The personas that servers have made are not known: %s", error)
    return own
