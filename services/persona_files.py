import asyncio
import logging
from pathlib import Path
from typing import Final

import aiofiles

from services.persona import DEFAULT, Persona, parse_persona

log = logging.getLogger(__name__)

MOST: Final = 100
"""Files that are read, in the order of their names."""
LONGEST: Final = 64_000
"""Bytes of a file: a prompt of any script, and comments."""


async def read_personas(folder: Path) -> list[Persona]:
    """Return the personas of the *.toml files of a folder; a bad one is named and left out."""
    try:
        paths = await asyncio.to_thread(lambda: sorted(folder.glob("*.toml")))
    except OSError as error:
        log.warning("No persona is read: %s", error)
        return []
    if len(paths) > MOST:
        log.warning("Only the first %d of %d personas in %s are read", MOST, len(paths), folder)
    found: dict[str, Persona] = {DEFAULT.key: DEFAULT}
    for path in paths[:MOST]:
        try:
            persona = await _read(path)
            if persona.key in found:
                raise ValueError(f"there is a persona {persona.name!r} already")
        except (OSError, ValueError) as error:
            log.warning("The persona %s is left out: %s", path.name, error)
        else:
            found[persona.key] = persona
    del found[DEFAULT.key]
    return list(found.values())


async def _read(path: Path) -> Persona:
    async with aiofiles.open(path, "rb") as file:
        content = await file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} bytes")
    return parse_persona(content.decode())
