"""Fetch Kokoro's model and voices: `make fetch-voices`, or `python -m scripts.fetch_voices`.

Without arguments it fetches the voices that KOKORO_VOICE and TTS_LANGUAGE need; others are named:

    make fetch-voices VOICES="bf_emma ff_siwis"
"""

import argparse
import asyncio
import sys
import time

from config import Settings, SettingsError, load_settings
from services.tts.kokoro_fetch import ONNX_URL, TORCH_URL, fetch, files, wants_onnx
from services.tts.kokoro_files import advice
from services.tts.kokoro_voices import needed, parse
from services.tts.model_download import DownloadError


class Progress:
    """Print how far a file has come: in place on a terminal, else every ten seconds."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._last = 0.0

    def __call__(self, name: str, done: int, size: int | None) -> None:
        """Take news of a file."""
        now, whole = time.monotonic(), done == size
        if now - self._last < (0.2 if self._terminal else 10.0) and not whole:
            return
        self._last = now
        share = f" of {size / 1e6:.1f} MB ({100 * done / size:.0f} %)" if size else " MB"
        line = f"{name}: {done / 1e6:.1f}{share}"
        sys.stdout.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        if self._terminal and whole:
            sys.stdout.write("\n")
        sys.stdout.flush()


def main() -> int:
    """Fetch and say what has come; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="fetch-voices")
    parser.add_argument("voices", nargs="*", metavar="VOICE", help="voices to fetch besides")
    options = parser.parse_args()
    try:
        settings = load_settings()
        more = [voice for name in options.voices for voice, _ in parse(name)]
        print_outcome(settings, asyncio.run(run(settings, more)))
    except (SettingsError, DownloadError, ValueError) as error:
        sys.stderr.write(f"{error.user_message if isinstance(error, DownloadError) else error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted; what has come is kept, the same command goes on.\n")
        return 130
    return 0


async def run(settings: Settings, more: list[str]) -> list[str]:
    """Fetch the files of the variant that is installed, kokoro's where none is."""
    onnx = wants_onnx()
    wanted = files([*needed(settings.KOKORO_VOICE, settings.TTS_LANGUAGE), *more], onnx=onnx)
    url = settings.KOKORO_DOWNLOAD_URL or (ONNX_URL if onnx else TORCH_URL)
    return await fetch(wanted, url=url, models=settings.KOKORO_MODEL_DIR, report=Progress())


def print_outcome(settings: Settings, fetched: list[str]) -> None:
    """Say what has come and what is still to be done."""
    what = f"Fetched {', '.join(fetched)}" if fetched else "Everything was there already"
    next_step = advice(settings.KOKORO_MODEL_DIR) or "Kokoro is complete; start the bot again."
    sys.stdout.write(f"{what}; the folder is {settings.KOKORO_MODEL_DIR}. {next_step}\n")


if __name__ == "__main__":
    sys.exit(main())
