import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path

import discord

from services.core.errors import VoiceError

log = logging.getLogger(__name__)


def load_opus() -> str:
    """Load libopus, the system's or else the one in PyAV's wheel, and return its version.

    Takes up to a third of a second the first time: call it off the loop. Raises VoiceError.
    """
    try:
        return _version()
    except discord.opus.OpusNotLoaded:
        log.debug("No libopus in the system, looking beside PyAV")
    for path in _bundled_libraries():
        try:
            discord.opus.load_opus(str(path))
        except (OSError, AttributeError) as error:
            log.warning("%s cannot be loaded: %s", path.name, error)
        else:
            return _version()
    raise VoiceError("libopus was not found: install the system's libopus or the package 'av'")


def _version() -> str:
    return discord.opus.Encoder.get_opus_version().removeprefix("libopus ")


def _bundled_libraries() -> Iterator[Path]:
    package = importlib.util.find_spec("av")
    if package is None or package.origin is None:
        return
    home = Path(package.origin).parent
    for folder in (home.parent / "av.libs", home / ".dylibs"):
        yield from sorted(folder.glob("libopus*"))
