from dataclasses import replace
from typing import Protocol

from services.core.types import VoiceStyle
from services.persona import DEFAULT, Persona
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences

SLOWEST, FASTEST = 0.5, 2.0
"""The speeds that people may choose; beyond them no engine is easy to follow."""


class Personas(Protocol):
    """Know who the bot is for whom; PersonaChoices does."""

    def find(self, *, guild_id: int | None, channel_id: int, user_id: int) -> Persona:
        """Return who the bot is for a person in a channel; answers from memory."""
        ...


def chosen_style(
    *, default: VoiceStyle, guild: GuildPreferences, persona: Persona, user: UserPreferences
) -> VoiceStyle:
    """Return how a person is answered.

    What they chose stands over what the persona brings, this over the guild's choice, and this over
    the default. A voice goes with the language it was chosen with: where a language alone was
    chosen, and it is another one, the voice of what stands below does not speak it.
    """
    style = default
    for choice in (guild, persona, user):
        language = choice.language or style.language
        below = style.voice if _same(language, style.language) else ""
        style = replace(style, voice=choice.voice or below, language=language)
    return replace(style, speed=user.speed or guild.speed or default.speed)


class VoiceChoices:
    """Know how each person is spoken to, wherever they are; answers from memory."""

    def __init__(
        self,
        *,
        default: VoiceStyle,
        users: PreferenceStore[UserPreferences],
        guilds: PreferenceStore[GuildPreferences],
        personas: Personas,
    ) -> None:
        self.default = default
        self.users = users
        self.guilds = guilds
        self._personas = personas

    def style(self, *, user_id: int, guild_id: int, channel_id: int | None) -> VoiceStyle:
        """Return the style in which a person's answers are spoken in a guild's channel.

        Without a channel no persona speaks: what is read aloud are a person's own words.
        """
        persona = DEFAULT
        if channel_id is not None:
            persona = self._personas.find(guild_id=guild_id, channel_id=channel_id, user_id=user_id)
        return chosen_style(
            default=self.default,
            guild=self.guilds.get(guild_id),
            persona=persona,
            user=self.users.get(user_id),
        )


def _same(one: str, other: str) -> bool:
    return one.partition("-")[0].lower() == other.partition("-")[0].lower()
