"""Where something about people is kept: all of it stands in one list."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict, fields
from urllib.parse import urlsplit

from composition.answering import Answering
from composition.speaking import Speaking
from composition.stores import Stores
from config import Settings
from services.closing import own
from services.core.protocols import HistoryStore
from services.core.types import HistoryEntry
from services.daily_budget import DailyBudget
from services.kept_copies import KeptCopies
from services.personal_data import PersonalData, PersonalStore
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences
from services.profiles import Profiles
from services.summary_store import SummaryStore
from services.tts.phrases import PhraseCache

Export = Callable[[int], Awaitable[Sequence[object]]]

AT_ONCE = 200
"""Entries that are put into an export before others have their turn: less than 1 ms of work."""

IMPERSONAL = frozenset({"memory", "pronunciations", "personas"})
"""Fields of Stores that keep nothing about people; pronunciations and personas are a server's."""


def kept_copies(stores: Stores, answering: Answering, stack: AsyncExitStack) -> KeptCopies:
    """Let what is kept follow what becomes of messages."""
    return own(
        stack, KeptCopies(history=stores.history, mind=answering.mind, profiles=answering.profiles)
    )


def personal_data(
    settings: Settings, stores: Stores, speaking: Speaking, answering: Answering
) -> PersonalData:
    """Reach all that is kept about a person."""

    def interrupt(user_id: int) -> int:
        held = answering.batcher.discard_author(user_id)
        stopped = answering.conversations.disown_person(user_id)
        speaking.sessions.silence(user_id)  # what is said later would be kept as phrases
        return held + stopped

    return PersonalData(
        stores=personal_stores(settings, stores, answering.profiles),
        interrupt=interrupt,
        users=stores.users,
        clock=time.time,
    )


def personal_stores(settings: Settings, stores: Stores, profiles: Profiles) -> list[PersonalStore]:
    """Return every place where something about people is kept, in the order of forgetting."""
    return [*_stores_of_words(settings, stores, profiles), *_stores_of_choices(stores)]


def _stores_of_words(settings: Settings, stores: Stores, profiles: Profiles) -> list[PersonalStore]:
    """Return what keeps something of what people said."""
    return [
        PersonalStore(
            name="history",
            what="messages: what you said to me, and my answers",
            where="the bot's disk, `history/`",
            how_long=_history_time(settings),
            export=_entries(stores.history),
            forget=stores.history.forget_author,
        ),
        PersonalStore(
            name="summaries",
            what="summaries of conversations that your words are in",
            where="the bot's disk, `history/summaries/`",
            how_long=f"until the conversation is deleted{_or_by_age(settings)}",
            export=_summed_up(stores.summaries),
            forget=stores.summaries.forget_author,
        ),
        PersonalStore(
            name="profiles",
            what="facts: what you told about yourself",
            where="the bot's disk, `history/profiles/`",
            how_long="until you forget them, or the message is deleted that told them"
            + _or_by_age(settings),
            export=_facts(profiles),
            forget=profiles.forget,
        ),
        PersonalStore(
            name="phrases",
            what="spoken phrases, as sound",
            where="the bot's memory" + ", `temp/`" * settings.TTS_CACHE_DISK,
            how_long=f"until others take their place{_on_the_disk(settings)}",
            export=_phrases(stores.phrases),
            forget=stores.phrases.forget,
        ),
    ]


def _stores_of_choices(stores: Stores) -> list[PersonalStore]:
    """Return what keeps how people want the bot, and how much of it they used."""
    return [
        PersonalStore(
            name="users",
            what="choices: voice, speed, language, persona, being remembered, opting out",
            where="the bot's disk, `history/preferences/`",
            how_long="until you change them",
            export=_choices(stores.users),
            forget=_forget_choices(stores.users),
        ),
        PersonalStore(
            name="guilds",
            what="entries of servers' lists of whom I answer",
            where="the bot's disk, `history/preferences/`",
            how_long="until the moderators of those servers remove them",
            export=_listings(stores.guilds),
            forget=None,
        ),
        PersonalStore(
            name="budget",
            what="sums of what you used today",
            where="the bot's disk, `history/`",
            how_long="until midnight (UTC); they can't be reset before",
            export=_use(stores.budget),
            forget=None,
        ),
    ]


def readers(settings: Settings) -> list[str]:
    """Return the hosts that get what people say: models and a speech server."""
    urls = [settings.OPENAI_BASE_URL, settings.LLM_FALLBACK_BASE_URL, settings.TTS_BASE_URL]
    hosts = [urlsplit(url).hostname for url in urls if url]
    return [f"`{host}`" for host in dict.fromkeys(hosts) if host]


def _history_time(settings: Settings) -> str:
    """Say how long conversations are kept."""
    if not settings.MEMORY_CLEANUP_ENABLED:
        return "until you delete them"
    packed = f"packed away {settings.MAX_HISTORY_AGE_DAYS:g} days after the last message there"
    if not settings.ARCHIVE_MAX_AGE_DAYS:
        return f"{packed}, kept until you delete them"
    return f"{packed}, deleted {settings.ARCHIVE_MAX_AGE_DAYS:g} days after that"


def _on_the_disk(settings: Settings) -> str:
    """Say how long phrases stay on the disk, where anything tidies it up."""
    if not (settings.TTS_CACHE_DISK and settings.MEMORY_CLEANUP_ENABLED):
        return ""
    hours = settings.MAX_TEMP_FILE_AGE_HOURS + settings.MEMORY_CLEANUP_INTERVAL_HOURS
    return f", on the disk {hours:g} h at most"


def _or_by_age(settings: Settings) -> str:
    """Say after how long deletes itself what nothing is added to."""
    days = settings.ARCHIVE_MAX_AGE_DAYS if settings.MEMORY_CLEANUP_ENABLED else 0
    return f", at the latest {days:g} days after the last change" if days else ""


def _entries(history: HistoryStore) -> Export:
    names = [field.name for field in fields(HistoryEntry)]

    async def export(user_id: int) -> Sequence[object]:
        kept: list[object] = []
        async with aclosing(history.entries_of(user_id)) as found:
            async for key, entry in found:
                kept.append({"conversation": key, **{name: getattr(entry, name) for name in names}})
                if len(kept) % AT_ONCE == 0:
                    await asyncio.sleep(0)
        return kept

    return export


def _summed_up(summaries: SummaryStore) -> Export:
    async def export(user_id: int) -> Sequence[object]:
        return [{"conversation": key} for key in await summaries.keys_of(user_id)]

    return export


def _facts(profiles: Profiles) -> Export:
    async def export(user_id: int) -> Sequence[object]:
        return [asdict(fact) for fact in await profiles.export(user_id)]

    return export


def _phrases(phrases: PhraseCache) -> Export:
    async def export(user_id: int) -> Sequence[object]:
        return [{"seconds": seconds} for seconds in await phrases.lengths_of(user_id)]

    return export


def _choices(users: PreferenceStore[UserPreferences]) -> Export:
    async def export(user_id: int) -> Sequence[object]:
        chosen, usual = asdict(users.get(user_id)), asdict(UserPreferences())
        return [{name: value} for name, value in chosen.items() if value != usual[name]]

    return export


def _forget_choices(users: PreferenceStore[UserPreferences]) -> Callable[[int], Awaitable[int]]:
    async def forget(user_id: int) -> int:
        now = users.get(user_id)
        left = UserPreferences(opted_out=now.opted_out, remember=now.remember)
        await users.change(user_id, lambda _: left)
        return len(asdict(now).items() - asdict(left).items())

    return forget


def _listings(guilds: PreferenceStore[GuildPreferences]) -> Export:
    async def export(user_id: int) -> Sequence[object]:
        allowed = guilds.keys_where(lambda each: user_id in each.allowed_users)
        denied = guilds.keys_where(lambda each: user_id in each.denied_users)
        found = [{"guild_id": each, "list": "allowed"} for each in allowed]
        return found + [{"guild_id": each, "list": "denied"} for each in denied]

    return export


def _use(budget: DailyBudget) -> Export:
    async def export(user_id: int) -> Sequence[object]:
        keys = (f"{kind} of user {user_id}" for kind in ("tokens", "speech"))
        return [{"what": key, "used": used} for key in keys if (used := budget.used(key))]

    return export
