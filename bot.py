"""The composition root: settings → services → cogs → run; the rooms of composition/ help it."""

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack

import config
from cogs.client import Client, connect, edit_limits, login
from cogs.permissions import needed_permissions
from cogs.preparation import prepare
from composition.answering import open_answering
from composition.commands import add_cogs
from composition.speaking import new_encoder, open_speaking
from composition.stores import open_stores
from config import Settings, SettingsError, unknown_keys
from services.channel_pacer import ChannelPacers
from services.closing import end_on_signals, own
from services.core.errors import ConfigurationError, StorageError
from services.core.logs import configure_logging
from services.core.tasks import TaskOwner
from services.voice.libopus import load_opus

log = logging.getLogger("bot")


EX_CONFIG = 78
"""Exit status for a bad configuration (sysexits.h)."""

CLOSING_SECONDS = 6.0
"""Longest time to end gracefully before what is left is cut off."""


def main() -> int:
    """Run the bot until a signal ends it; return the process's exit status."""
    try:
        settings = config.Config
        configure_logging(settings.LOG_LEVEL)
        warn_of_unknown_keys(config.env_file())
        asyncio.run(run(settings))
    except (SettingsError, ConfigurationError, StorageError) as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    except asyncio.CancelledError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we have ended well; a late one is no news
        log.info("Ended")
    return 0


def warn_of_unknown_keys(path: str) -> None:
    """Name the keys of the file of settings that nothing reads."""
    for key, nearest in unknown_keys(path).items():
        hint = f"; did you mean {nearest}?" if nearest else ""
        log.warning("%s in %s is not a setting%s", key, path, hint)


async def run(settings: Settings) -> None:
    """Serve until cancelled; then end replies, leave voice and close, in CLOSING_SECONDS."""
    token = settings.DISCORD_TOKEN.get_secret_value()
    if not token:
        raise ConfigurationError(
            "DISCORD_TOKEN is not set: put your bot's token into .env. README.md tells how."
        )
    async with asyncio.timeout(None) as limit, AsyncExitStack() as stack:
        end_on_signals(limit, seconds=CLOSING_SECONDS)
        pacers = ChannelPacers()
        client = Client(socket=settings.DISCORD_SOCKET, trace=edit_limits(pacers))
        await stack.enter_async_context(client)
        gateway = own(stack, TaskOwner("gateway"))
        await login(client, token)
        await assemble(settings, client, pacers, stack)
        connection = gateway.start(connect(client), name="connect")
        await asyncio.wait([connection])
        if (refusal := connection.result()) is not None:
            raise refusal


async def assemble(
    settings: Settings, client: Client, pacers: ChannelPacers, stack: AsyncExitStack
) -> None:
    """Build the services in the order of their dependencies, and the cogs upon them."""
    stores = await open_stores(settings, client, stack)
    speaking = await open_speaking(settings, client, stores, stack)
    answering = open_answering(settings, client, pacers, stores, speaking, stack)
    await add_cogs(settings, client, stores, speaking, answering, stack)
    tasks = own(stack, TaskOwner("bot"))
    first = [
        stores.memory.start_background_cleanup,
        answering.llm.prewarm,
        speaking.tts.prewarm,
    ]
    needed = needed_permissions(voice_status=settings.VOICE_STATUS_ENABLED)
    work = prepare(client, settings.HISTORY_DIR, needed, first, new_encoder, load_opus)
    tasks.start(work, name="prepare")


if __name__ == "__main__":
    sys.exit(main())
