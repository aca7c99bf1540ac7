import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from services.core.errors import ProviderError

TORCH: Final = "services.tts.kokoro_torch:KokoroTorch"
ONNX: Final = "services.tts.kokoro_onnx:KokoroOnnx"

WEIGHTS: Final = "kokoro-v1_0.pth"
CONFIG: Final = "config.json"
VOICES: Final = "voices"
ONNX_MODEL: Final = "kokoro-v1.0.onnx"
ONNX_VOICES: Final = "voices-v1.0.bin"

LANGUAGES: Final = {
    "en": "a", "en-us": "a", "en-gb": "b", "es": "e", "fr": "f", "fr-fr": "f", "hi": "h",
    "it": "i", "pt": "p", "pt-br": "p", "ja": "j", "cmn": "z", "zh": "z",
}  # fmt: skip
"""Kokoro's letter for a language, which is also the first letter of its voices' names."""


def find_backend(models: Path) -> str:
    """Return the backend whose package and files are there. Raises ProviderError in a sentence."""
    lacks_torch = _torch_lacks(models)
    if not lacks_torch:
        return TORCH
    lacks_onnx = _onnx_lacks(models)
    if not lacks_onnx:
        return ONNX
    raise ProviderError(
        _sentence(models, lacks_torch, lacks_onnx),
        provider="kokoro",
        user_message="I can't speak with my own voice: it is not installed.",
    )


def advice(models: Path) -> str:
    """Say what to do for a complete Kokoro in one sentence, or nothing where it is complete."""
    lacks = min(_torch_lacks(models), _onnx_lacks(models), key=len)
    if any(name.startswith("the package") for name in lacks):
        package = "kokoro" if sys.version_info < (3, 13) else "kokoro-onnx"
        files = "" if len(lacks) == 1 else " and run `make fetch-voices`"
        return f"Install it with `.venv/bin/pip install {package}`{files}."
    return "Run `make fetch-voices` (about 330 MB)." if lacks else ""


def invitation(models: Path, language: str) -> str:
    """Say how to come to Kokoro; nothing where it is complete or does not speak the language."""
    todo = advice(models) if letter_of(language) else ""
    return f"Kokoro, a natural voice, is not set up. {todo}" if todo else ""


def voices_in(models: Path) -> list[str]:
    """Return the names of the voices that lie in a folder, for either backend. Reads the disk."""
    names = {path.stem for path in _found(models / VOICES, "*.pt")}
    with suppress(OSError, BadZipFile), ZipFile(models / ONNX_VOICES) as packed:
        names |= {name.removesuffix(".npy") for name in packed.namelist()}
    return sorted(names)


def language_of(voice: str) -> str:
    """Return the language that a voice's name tells, "" for none."""
    tags = (tag for tag, letter in LANGUAGES.items() if letter == voice[:1] and tag != "en")
    return next(tags, "")


def is_usable(models: Path, language: str) -> bool:
    """Tell whether Kokoro is installed, has its files and speaks the language."""
    if letter_of(language) is None:
        return False
    try:
        find_backend(models)
    except ProviderError:
        return False
    return True


def letter_of(language: str, voice: str = "") -> str | None:
    """Return Kokoro's letter for a language tag, None for a language that it does not speak.

    English of no country is pronounced as in the voice's.
    """
    tag = language.lower().replace("_", "-")
    if tag == "en" and voice[:1] == "b":
        return "b"
    return LANGUAGES.get(tag) or LANGUAGES.get(tag.partition("-")[0])


def onnx_model(models: Path) -> Path | None:
    """Return the ONNX model in a folder: the full one, else any other precision of it."""
    found = _found(models, "kokoro*.onnx")
    return next((path for path in found if path.name == ONNX_MODEL), next(iter(found), None))


def _found(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder by name; none of one that the bot may not enter."""
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except OSError:
        return []


def _torch_lacks(models: Path) -> list[str]:
    lacks = [] if find_spec("kokoro") and find_spec("torch") else ["the package kokoro"]
    lacks += [name for name in (CONFIG, WEIGHTS) if not _found(models, name)]
    if not _found(models / VOICES, "*.pt"):
        lacks.append(f"{VOICES}/*.pt")
    return lacks


def _onnx_lacks(models: Path) -> list[str]:
    lacks = [] if find_spec("kokoro_onnx") else ["the package kokoro-onnx"]
    if onnx_model(models) is None:
        lacks.append(ONNX_MODEL)
    if not _found(models, ONNX_VOICES):
        lacks.append(ONNX_VOICES)
    return lacks


def _sentence(models: Path, lacks_torch: list[str], lacks_onnx: list[str]) -> str:
    """Name what is missing of the backend that is nearer to being complete."""
    lacks = min(lacks_torch, lacks_onnx, key=len)
    if len(lacks_torch) + len(lacks_onnx) == 7:
        return f"Kokoro is not installed (kokoro or kokoro-onnx), and {models} has no model"
    return f"Kokoro lacks {' and '.join(lacks)}; its files belong in {models}"
