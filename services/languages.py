"""The languages that can be chosen for speech."""

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English",
    "en-gb": "English (Britain)",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "es-419": "Spanish (Latin America)",
    "it": "Italian",
    "pt": "Portuguese",
    "pt-br": "Portuguese (Brazil)",
    "nl": "Dutch",
    "pl": "Polish",
    "cs": "Czech",
    "sv": "Swedish",
    "da": "Danish",
    "nb": "Norwegian",
    "fi": "Finnish",
    "ru": "Russian",
    "uk": "Ukrainian",
    "tr": "Turkish",
    "el": "Greek",
    "hi": "Hindi",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
}
"""Languages by eSpeak NG's names; 24, so that they and "the default" fit Discord's 25 choices."""


def name_of(code: str) -> str:
    """Return a language's English name, or its code where it has none here."""
    return LANGUAGES.get(code, code)
