from services.core.types import VoiceStyle
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences

SLOWEST, FASTEST = 0.5, 2.0
"""The speeds that people may choose; beyond them no engine is easy to follow."""


def chosen_style(
    *, default: VoiceStyle, guild: GuildPreferences, user: UserPreferences
) -> VoiceStyle:
    """Return how a person is answered: their own choice over the guild's over the default.

    A voice goes with the language it was chosen with: who chose only another language than the
    guild's is not given the guild's voice.
    """
    language = user.language or guild.language or default.language
    voice = user.voice
    if not voice and _same(language, guild.language or default.language):
        voice = guild.voice or default.voice
    return VoiceStyle(
        voice=voice, speed=user.speed or guild.speed or default.speed, language=language
    )


class VoiceChoices:
    """Know how each person is spoken to, wherever they are; answers from memory."""

    def __init__(
        self,
        *,
        default: VoiceStyle,
        users: PreferenceStore[UserPreferences],
        guilds: PreferenceStore[GuildPreferences],
    ) -> None:
        self.default = default
        self.users = users
        self.guilds = guilds

    def style(self, *, user_id: int, guild_id: int) -> VoiceStyle:
        """Return the style in which a person's answers are spoken in a guild."""
        return chosen_style(
            default=self.default, guild=self.guilds.get(guild_id), user=self.users.get(user_id)
        )


def _same(one: str, other: str) -> bool:
    return one.partition("-")[0].lower() == other.partition("-")[0].lower()
