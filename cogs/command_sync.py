import asyncio
import hashlib
import json
import logging
from pathlib import Path

import aiofiles
from discord import app_commands

log = logging.getLogger(__name__)


async def sync_commands(tree: app_commands.CommandTree, *, state: Path) -> bool:
    """Register the slash commands if they changed since `state` was written; tell whether.

    Discord allows 200 command creates a day, so an unchanged tree is not sent again, unless
    somebody removed it there.
    """
    digest = tree_hash(tree)
    known = {command.name for command in await tree.fetch_commands()}
    wanted = {command.name for command in tree.get_commands()}
    if known == wanted and await _read(state) == digest:
        return False
    await tree.sync()
    log.info("Registered %s slash commands", len(wanted))
    await _note(state, digest)
    return True


def tree_hash(tree: app_commands.CommandTree) -> str:
    """Return a hash of all that Discord is told about the commands."""
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    payload.sort(key=lambda command: (command["type"], command["name"]))
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


async def _note(state: Path, digest: str) -> None:
    try:
        await asyncio.to_thread(state.parent.mkdir, parents=True, exist_ok=True)
        async with aiofiles.open(state, "w") as file:
            await file.write(digest)
    except OSError as error:
        log.warning("The commands will be registered again at the next start: %s", error)


async def _read(state: Path) -> str:
    try:
        async with aiofiles.open(state) as file:
            return await file.read()
    except OSError:
        return ""
