"""What need not be done before the gateway is reached: commands, libraries, connections."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from discord.ext import commands

from cogs.command_sync import sync_commands
from cogs.permissions import invite_link
from cogs.text_channels import UNREACHABLE
from services.core.errors import VoiceError

log = logging.getLogger(__name__)


async def prepare(
    client: commands.Bot,
    state_dir: Path,
    needed: Iterable[str],
    first: Sequence[Callable[[], Awaitable[None]]],
    new_encoder: Callable[[], object],
    load_opus: Callable[[], str],
) -> None:
    """Wait for the gateway, register the commands, do the `first` things, load what speech needs.

    `state_dir` keeps what was registered; `needed` are the permissions to invite the bot
    with; `new_encoder` and `load_opus` block.
    """
    await client.wait_for("connect")
    log.info("Invite me to a server: %s", invite_link(client.application_id or 0, needed))
    state = state_dir / f".commands-{client.application_id}"
    try:
        await sync_commands(client.tree, state=state)
    except UNREACHABLE as error:
        log.error("The slash commands could not be registered: %s", error)
    for work in first:
        await work()
    try:
        await asyncio.to_thread(new_encoder)
        log.info("libopus %s", await asyncio.to_thread(load_opus))
    except VoiceError as error:
        log.error("I can't speak: %s", error)
