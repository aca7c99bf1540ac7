from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.core.types import VoiceStyle
from services.persona import DEFAULT as NOBODY
from services.persona import Persona
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences
from services.voice_choice import VoiceChoices, chosen_style

DEFAULT = VoiceStyle(language="en")


@pytest.mark.parametrize(
    ("guild", "user", "style"),
    [
        ({}, {}, DEFAULT),
        ({"voice": "de", "language": "de"}, {}, VoiceStyle("de", 1.0, "de")),
        ({"voice": "nova", "speed": 1.5}, {"voice": "onyx"}, VoiceStyle("onyx", 1.5, "en")),
        ({"speed": 1.5}, {"speed": 0.8}, VoiceStyle("", 0.8, "en")),
        ({"voice": "de", "language": "de"}, {"language": "fr"}, VoiceStyle("", 1.0, "fr")),
        ({"voice": "de", "language": "de"}, {"language": "de-at"}, VoiceStyle("de", 1.0, "de-at")),
        ({"voice": "en+f3"}, {"speed": 2.0}, VoiceStyle("en+f3", 2.0, "en")),
    ],
)
def test_a_person_s_choice_stands_over_the_guild_s_over_the_default(
    guild: dict[str, str], user: dict[str, str], style: VoiceStyle
) -> None:
    kept = GuildPreferences(**guild), UserPreferences(**user)  # type: ignore[arg-type]
    found = chosen_style(default=DEFAULT, guild=kept[0], persona=NOBODY, user=kept[1])
    assert found == style


@pytest.mark.parametrize(
    ("guild", "persona", "user", "voice", "language"),
    [
        ({"voice": "nova"}, {"voice": "onyx"}, {}, "onyx", "en"),
        ({}, {"voice": "onyx"}, {"voice": "echo"}, "echo", "en"),
        ({}, {"voice": "fr+m1", "language": "fr"}, {}, "fr+m1", "fr"),
        ({}, {"voice": "fr+m1", "language": "fr"}, {"language": "de"}, "", "de"),
        ({"voice": "nova"}, {"language": "fr"}, {}, "", "fr"),
        ({"voice": "nova"}, {"language": "en-gb"}, {"speed": 1.0}, "nova", "en-gb"),
    ],
)
def test_a_persona_speaks_over_the_guild_s_choice_and_under_the_person_s(
    guild: dict[str, str],
    persona: dict[str, str],
    user: dict[str, str],
    voice: str,
    language: str,
) -> None:
    found = chosen_style(
        default=DEFAULT,
        guild=GuildPreferences(**guild),  # type: ignore[arg-type]
        persona=replace(NOBODY, **persona),  # type: ignore[arg-type]
        user=UserPreferences(**user),  # type: ignore[arg-type]
    )
    assert (found.voice, found.language) == (voice, language)


async def test_choices_are_found_by_person_and_guild(tmp_path: Path) -> None:
    users = PreferenceStore(UserPreferences, directory=tmp_path / "users")
    guilds = PreferenceStore(GuildPreferences, directory=tmp_path / "guilds")
    await users.change(1, lambda _: UserPreferences(voice="nova"))
    await guilds.change(5, lambda _: GuildPreferences(speed=1.2))
    personas = SimpleNamespace(find=lambda **_: Persona(name="Pirate", voice="onyx"))
    choices = VoiceChoices(default=DEFAULT, users=users, guilds=guilds, personas=personas)
    assert choices.style(user_id=1, guild_id=5, channel_id=9) == VoiceStyle("nova", 1.2, "en")
    assert choices.style(user_id=2, guild_id=6, channel_id=9) == VoiceStyle("onyx", 1.0, "en")
    assert choices.style(user_id=2, guild_id=6, channel_id=None) == DEFAULT
