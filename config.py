"""Read the settings from the environment and .env; bot.py alone imports this."""

import difflib
import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE_VARIABLE = "BOT_ENV_FILE"
"""Names the file of settings, `.env` by default; empty reads none."""

Seconds = Annotated[float, Field(gt=0, le=600)]
NotNegative = Annotated[float, Field(ge=0, le=600)]
_VOICE = r"[A-Za-z0-9_]+(\*[0-9]*\.?[0-9]+)?"


def _address(value: str) -> str:
    value = value.strip()
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0
    except ValueError:
        named = False
    if value and not (named and value.isprintable() and re.match(r"https?://\S+$", value)):
        raise ValueError("must be an address such as https://example.org/v1")
    return value


def _key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise ValueError("has a character that no key has; copy it once more, whole")
    return SecretStr(key)


def _voice(value: str) -> str:
    if not re.fullmatch(rf"{_VOICE}(\+{_VOICE})*", value):
        raise ValueError("must be a voice or a blend such as af_heart*0.6+af_sky*0.4")
    return value


Address = Annotated[str, AfterValidator(_address)]
Key = Annotated[SecretStr, AfterValidator(_key)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

_WORDS: Mapping[str, str] = {
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than": "must be greater than {gt:.12g}",
    "greater_than_equal": "must be at least {ge:.12g}",
    "less_than_equal": "must be at most {le:.12g}",
    "literal_error": "must be {expected}",
}
"""What pydantic's errors mean to somebody who writes a `.env`."""


class SettingsError(ValueError):
    """Say in one sentence which setting is wrong and what it may be."""


class Settings(BaseSettings):
    """Hold every setting, named as in the environment; docs/settings.md says what each does."""

    model_config = SettingsConfigDict(
        frozen=True, case_sensitive=True, extra="ignore", env_ignore_empty=True
    )

    DISCORD_TOKEN: Key = SecretStr("")
    DISCORD_SOCKET: str = ""

    OPENAI_API_KEY: Key = SecretStr("")
    OPENAI_BASE_URL: Address = "https://api.openai.com/v1"
    LLM_MODEL: str = "gpt-4.1-mini"
    LLM_MAX_TOKENS: Annotated[int, Field(ge=16, le=100_000)] = 1500
    LLM_FIRST_TOKEN_TIMEOUT: Seconds = 60.0
    LLM_STALL_TIMEOUT: Seconds = 20.0
    LLM_CONNECT_TIMEOUT: Seconds = 10.0
    LLM_RETRIES: Annotated[int, Field(ge=0, le=5)] = 1
    LLM_MAX_CONCURRENT: Annotated[int, Field(ge=1, le=1000)] = 32
    LLM_TEMPERATURE: Annotated[float | None, Field(ge=0, le=2)] = None
    LLM_EXTRA_BODY: str = ""
    LLM_VISION: Literal["auto", "on", "off"] = "auto"
    LLM_FALLBACK_BASE_URL: Address = ""
    LLM_FALLBACK_API_KEY: Key = SecretStr("")
    LLM_FALLBACK_MODEL: str = ""
    SYSTEM_PROMPT: str = (
        "You are a friendly member of a Discord server. Answer in the language you are spoken to, "
        "briefly and plainly; your answers may be read aloud."
    )
    PERSONAS_DIR: Path = Path("personas")

    RESPONSE_STREAMING_ENABLED: bool = True
    STREAM_UPDATE_INTERVAL: Annotated[float, Field(ge=0.3, le=60)] = 1.0
    REPLY_BUTTONS_ENABLED: bool = True
    MESSAGE_BATCH_WINDOW_SECONDS: NotNegative = 2.0
    NATURAL_TYPING_DELAY_ENABLED: bool = True
    MIN_TYPING_DELAY: NotNegative = 0.5
    MAX_TYPING_DELAY: NotNegative = 2.0
    USER_RATE_BURST: Annotated[int, Field(ge=1, le=1000)] = 10
    USER_RATE_PER_MINUTE: Annotated[float, Field(gt=0, le=10_000)] = 20.0
    CHANNEL_RATE_BURST: Annotated[int, Field(ge=1, le=10_000)] = 60
    CHANNEL_RATE_PER_MINUTE: Annotated[float, Field(gt=0, le=100_000)] = 120.0
    GUILD_RATE_BURST: Annotated[int, Field(ge=1, le=10_000)] = 300
    GUILD_RATE_PER_MINUTE: Annotated[float, Field(gt=0, le=100_000)] = 1200.0
    USER_DAILY_TOKENS: Annotated[int, Field(ge=0)] = 0
    GUILD_DAILY_TOKENS: Annotated[int, Field(ge=0)] = 0
    USER_DAILY_SPEECH_MINUTES: Annotated[float, Field(ge=0)] = 0.0
    GUILD_DAILY_SPEECH_MINUTES: Annotated[float, Field(ge=0)] = 0.0

    MAX_HISTORY_MESSAGES: Annotated[int, Field(ge=0, le=1000)] = 10
    MAX_CONTEXT_TOKENS: Annotated[int, Field(ge=100, le=1_000_000)] = 2000
    SUMMARIES_ENABLED: bool = True
    MEMORY_OF_PEOPLE_ENABLED: bool = True

    TTS_ENGINE: Literal["auto", "kokoro", "openai", "espeak"] = "auto"
    TTS_BASE_URL: Address = ""
    TTS_API_KEY: Key = SecretStr("")
    TTS_MODEL: str = "tts-1"
    TTS_VOICE: str = "alloy"
    TTS_SAMPLE_RATE: Annotated[int, Field(ge=8000, le=48_000)] = 24_000
    KOKORO_MODEL_DIR: Path = Path("models/kokoro")
    KOKORO_DOWNLOAD_URL: Address = ""
    KOKORO_VOICE: Annotated[str, AfterValidator(_voice)] = "af_heart"
    KOKORO_MAX_RSS_MB: Annotated[int, Field(ge=300, le=1_000_000)] = 2000
    KOKORO_IDLE_MINUTES: Annotated[float, Field(ge=0, le=10_000)] = 30.0
    TTS_LANGUAGE: str = "en"
    TTS_LANGUAGE_DETECTION: bool = True
    TTS_MAX_SPOKEN_SECONDS: Annotated[float, Field(ge=0, le=100_000)] = 90.0
    STREAMING_TTS_ENABLED: bool = True
    TTS_SENTENCE_MIN_LENGTH: Annotated[int, Field(ge=1, le=1000)] = 20
    TTS_SENTENCE_MAX_LENGTH: Annotated[int, Field(ge=40, le=2000)] = 200
    TTS_CACHE_ENABLED: bool = True
    TTS_CACHE_SIZE_MB: Annotated[int, Field(ge=1, le=100_000)] = 100
    TTS_CACHE_DISK: bool = False

    AUTO_JOIN_ENABLED: bool = False
    AUTO_LEAVE_MINUTES: Annotated[float, Field(ge=0, le=10_000)] = 5.0
    AUTO_FOLLOW_ENABLED: bool = True
    VOICE_STATUS_ENABLED: bool = False

    TEMP_DIR: Path = Path("temp")
    HISTORY_DIR: Path = Path("history")
    MEMORY_CLEANUP_ENABLED: bool = True
    MEMORY_CLEANUP_INTERVAL_HOURS: Annotated[float, Field(gt=0, le=1000)] = 6.0
    MAX_TEMP_FILE_AGE_HOURS: Annotated[float, Field(gt=0, le=10_000)] = 24.0
    MAX_HISTORY_AGE_DAYS: Annotated[float, Field(gt=0, le=10_000)] = 30.0
    ARCHIVE_MAX_AGE_DAYS: Annotated[float, Field(ge=0, le=100_000)] = 365.0
    HISTORY_KEY: SecretStr = SecretStr("")
    MEMORY_LIMIT_MB: Annotated[float, Field(ge=0, le=1_000_000)] = 500.0

    LOG_LEVEL: LogLevel = "INFO"

    @field_validator("LLM_EXTRA_BODY")
    @classmethod
    def _is_options(cls, value: str) -> str:
        try:
            options = json.loads(value or "{}")
        except ValueError:
            options = None
        if not isinstance(options, dict):
            raise ValueError('must be a JSON object such as {"reasoning_effort": "low"}')
        if ours := {"model", "messages", "stream"} & options.keys():
            raise ValueError(f"must not contain {min(ours)!r}")
        return value

    @model_validator(mode="after")
    def _deletes_nothing_else(self) -> "Settings":
        temporary = self.TEMP_DIR.resolve()
        kept = {"HISTORY_DIR": self.HISTORY_DIR, "PERSONAS_DIR": self.PERSONAS_DIR}
        kept |= {"KOKORO_MODEL_DIR": self.KOKORO_MODEL_DIR, "the bot itself": Path(__file__)}
        for name, place in kept.items():
            if place.resolve().is_relative_to(temporary):
                raise ValueError(f"TEMP_DIR must not hold {name}: what is old there is deleted")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> "Settings":
        if self.MIN_TYPING_DELAY > self.MAX_TYPING_DELAY:
            raise ValueError("MIN_TYPING_DELAY must not be greater than MAX_TYPING_DELAY")
        if self.TTS_SENTENCE_MIN_LENGTH > self.TTS_SENTENCE_MAX_LENGTH:
            raise ValueError("TTS_SENTENCE_MIN_LENGTH must not be greater than its MAX_LENGTH")
        if self.TTS_ENGINE == "openai" and not self.TTS_BASE_URL:
            raise ValueError("TTS_ENGINE=openai needs TTS_BASE_URL, the address of a speech server")
        if self.LLM_FALLBACK_API_KEY.get_secret_value() and not self.LLM_FALLBACK_BASE_URL:
            raise ValueError("LLM_FALLBACK_API_KEY needs LLM_FALLBACK_BASE_URL, where it goes to")
        return self


if TYPE_CHECKING:
    Config: Settings
    """The settings, read once, when they are first asked for."""


def env_file() -> str:
    """Return the path of the file of settings, or "" for none."""
    return os.environ.get(ENV_FILE_VARIABLE, ".env")


def load_settings() -> Settings:
    """Read the environment over the file of settings. Raises SettingsError in one sentence."""
    path = env_file()
    try:
        return Settings(_env_file=path or None)  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is no text in UTF-8: save it in that encoding.") from None
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}.") from None


def unknown_keys(path: str) -> dict[str, str]:
    """Return the keys of a file that name no setting, each with the nearest one's name or ""."""
    known = list(Settings.model_fields)
    keys = dotenv_values(path) if path else {}
    return {
        key: next(iter(difflib.get_close_matches(key.upper(), known, n=1)), "")
        for key in keys
        if key not in known
    }


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    words = _WORDS.get(first["type"], "").format(**first.get("ctx", {}))
    message = words or first["msg"].removeprefix("Value error, ")
    return f"{name}: {message}." if name else f"{message}."


@cache
def _config() -> Settings:
    return load_settings()


def __getattr__(name: str) -> Settings:
    """Read the settings when `Config` is first asked for. Raises SettingsError."""
    if name == "Config":
        return _config()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
