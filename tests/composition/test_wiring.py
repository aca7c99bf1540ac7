"""Settings whose effect their services' own tests show: here, that each reaches its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from composition import answering, speaking, stores
from composition.personas import open_personas
from config import Settings
from services.llm.tokens import TokenCounter

NOBODY: Any = MagicMock()
"""Stands for what is only handed on."""


def limits(settings: Settings) -> object:
    return answering.limits(settings, NOBODY)


def model(settings: Settings) -> object:
    return answering.language_model(settings, TokenCounter(), fetch_image=NOBODY.fetch)


def memory(settings: Settings) -> object:
    return stores.memory_manager(settings, NOBODY, NOBODY)


def presence(settings: Settings) -> object:
    return speaking.voice_presence(settings, NOBODY, NOBODY, NOBODY)


def speaker(settings: Settings) -> object:
    return speaking.new_speaker(settings, NOBODY, NOBODY, NOBODY)


def server(settings: Settings) -> object:
    changes = {"TTS_ENGINE": "openai", "TTS_BASE_URL": "http://127.0.0.1:9/v1"}
    return speaking.speech_engines(settings.model_copy(update=changes))


@pytest.mark.parametrize(
    ("setting", "value", "make", "service", "argument", "expected"),
    [
        ("LLM_CONNECT_TIMEOUT", 3, model, "answering.chat_models", "connect_timeout", 3),
        ("LLM_STALL_TIMEOUT", 3, model, "answering.chat_models", "stall_timeout", 3),
        ("USER_DAILY_TOKENS", 7, limits, "answering.DailyShares", "user_tokens", 7),
        ("GUILD_DAILY_TOKENS", 7, limits, "answering.DailyShares", "guild_tokens", 7),
        ("USER_DAILY_SPEECH_MINUTES", 2, limits, "answering.DailyShares", "user_speech", 120),
        ("GUILD_DAILY_SPEECH_MINUTES", 2, limits, "answering.DailyShares", "guild_speech", 120),
        ("KOKORO_MAX_RSS_MB", 900, speaking.kokoro, "speaking.KokoroTTS", "max_rss_mb", 900),
        ("KOKORO_IDLE_MINUTES", 2, speaking.kokoro, "speaking.KokoroTTS", "idle", 120),
        ("KOKORO_IDLE_MINUTES", 0, speaking.kokoro, "speaking.KokoroTTS", "idle", None),
        ("TTS_SAMPLE_RATE", 16_000, server, "speaking.OpenAITTS", "sample_rate", 16_000),
        ("TTS_LANGUAGE_DETECTION", True, speaker, "speaking.Speaker", "detect_language", True),
        ("TTS_LANGUAGE_DETECTION", False, speaker, "speaking.Speaker", "detect_language", False),
        ("TTS_MAX_SPOKEN_SECONDS", 5, speaker, "speaking.Speaker", "max_seconds", 5),
        ("AUTO_FOLLOW_ENABLED", True, presence, "speaking.Presence", "follow", True),
        ("AUTO_FOLLOW_ENABLED", False, presence, "speaking.Presence", "follow", False),
        ("AUTO_LEAVE_MINUTES", 2, presence, "speaking.Presence", "leave_after", 120),
        ("ARCHIVE_MAX_AGE_DAYS", 9, memory, "stores.MemoryManager", "archive_max_age_days", 9),
        ("MEMORY_LIMIT_MB", 9, memory, "stores.MemoryManager", "memory_limit_mb", 9),
    ],
)
async def test_a_setting_reaches_its_service(
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: object,
    make: Callable[[Settings], object],
    service: str,
    argument: str,
    expected: object,
) -> None:
    given: dict[str, object] = {}

    def note(*_: object, **arguments: object) -> Any:
        given.update(arguments)
        return NOBODY

    monkeypatch.setattr(f"composition.{service}", note)
    make(Settings(**{setting: value}))  # type: ignore[arg-type]
    assert given[argument] == expected


async def test_personas_are_read_from_the_folder_that_is_set(tmp_path: Path) -> None:
    (tmp_path / "pirate.toml").write_text('name = "Pirate"\nprompt = "You are a pirate."\n')
    made = Settings(PERSONAS_DIR=tmp_path, HISTORY_DIR=tmp_path / "history")
    choices = await open_personas(made, NOBODY, NOBODY, NOBODY)
    assert "Pirate" in [each.name for each in choices.library.all_of(5)]
