from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.core.errors import BotError
from services.core.types import Author
from services.persona import Persona, filled
from services.persona_library import PersonaLibrary
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences

LONGEST_NAME: Final = 100
"""Characters of a person's, guild's or channel's name in a prompt; Discord allows as many."""

MAX_CHANNELS: Final = 200
"""Channels of a guild that may have a persona of their own."""
TOO_MANY: Final = f"{MAX_CHANNELS} channels here have a persona of their own. Reset some first."

NOWHERE: Final = "a private chat"
"""Names guild and channel of a direct message."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Name a guild and a channel in it; `parent_id` is the channel of a thread, else 0."""

    guild: str = ""
    channel: str = ""
    parent_id: int = 0


def chosen_names(
    *, guild: GuildPreferences | None, user: UserPreferences, channel_ids: Sequence[int]
) -> list[str]:
    """Return the names of the personas chosen for a person's answers, the one that counts first.

    The person's own choice stands over the channel's, where the guild allows that, and this over
    the guild's. `channel_ids` are a channel and, for a thread, the one it is in. In direct
    messages, where `guild` is None, the person's alone counts.
    """
    if guild is None:
        return [user.persona] if user.persona else []
    names = [user.persona] if guild.own_personas else []
    names += [guild.channel_personas.get(channel_id, "") for channel_id in channel_ids]
    return [name for name in (*names, guild.persona) if name]


def with_channel(guild: GuildPreferences, channel_id: int, name: str) -> GuildPreferences:
    """Return a guild's choices with a persona for a channel, "" for none. Raises BotError."""
    chosen = {key: kept for key, kept in guild.channel_personas.items() if key != channel_id}
    if name and len(chosen) >= MAX_CHANNELS:
        raise BotError(user_message=TOO_MANY)
    return replace(guild, channel_personas=chosen | ({channel_id: name} if name else {}))


class PersonaChoices:
    """Know who the bot is for a person in a channel; answers from memory.

    A persona that was chosen and is there no more counts as not chosen. `scene_of` names a guild
    and a channel, by their ids; `now` is the time in UTC.
    """

    def __init__(
        self,
        *,
        library: PersonaLibrary,
        users: PreferenceStore[UserPreferences],
        guilds: PreferenceStore[GuildPreferences],
        scene_of: Callable[[int | None, int], Scene],
        now: Callable[[], datetime],
    ) -> None:
        self.library = library
        self.users = users
        self.guilds = guilds
        self._scene_of = scene_of
        self._now = now

    def find(self, *, guild_id: int | None, channel_id: int, user_id: int) -> Persona:
        """Return the persona as it was written."""
        scene = self._scene_of(guild_id, channel_id)
        guild = None if guild_id is None else self.guilds.get(guild_id)
        channel_ids = [channel_id, *([scene.parent_id] if scene.parent_id else [])]
        user = self.users.get(user_id)
        names = chosen_names(guild=guild, user=user, channel_ids=channel_ids)
        found = (self.library.find(name, guild_id) for name in names)
        return next((persona for persona in found if persona is not None), self.library.default)

    def meet(self, *, guild_id: int | None, channel_id: int, author: Author) -> Persona:
        """Return the persona with the placeholders of its prompt and greeting filled."""
        persona = self.find(guild_id=guild_id, channel_id=channel_id, user_id=author.id)
        return self.filled(persona, guild_id=guild_id, channel_id=channel_id, author=author)

    def filled(
        self, persona: Persona, *, guild_id: int | None, channel_id: int, author: Author
    ) -> Persona:
        """Return a persona as it meets a person in a channel."""
        if "{" not in persona.prompt + persona.greeting:
            return persona
        scene = self._scene_of(guild_id, channel_id)
        values = {
            "user": _line(author.name),
            "guild": _line(scene.guild) or NOWHERE,
            "channel": _line(scene.channel) or NOWHERE,
            "date": f"{self._now():%A, %d %B %Y}",
        }
        return replace(
            persona,
            prompt=filled(persona.prompt, values),
            greeting=filled(persona.greeting, values),
        )


def _line(name: str) -> str:
    """Return a name that people chose as one short line."""
    return " ".join(name.split())[:LONGEST_NAME]
