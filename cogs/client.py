import asyncio
import logging
from itertools import chain, repeat

import aiohttp
import discord
from aiohttp.client_exceptions import UnixClientConnectorError
from discord import app_commands
from discord.ext import commands

from cogs.access import Gate
from cogs.errors import on_command_error
from cogs.own_posts import OwnPosts
from services.channel_pacer import ChannelPacers
from services.core.errors import ConfigurationError
from services.rate_limit_headers import read_edit_limit

log = logging.getLogger(__name__)

LOGIN_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between the tries to reach Discord at start-up; the last one repeats."""

REFUSALS = {
    4004: "DISCORD_TOKEN is no longer valid; copy it again from its developer page",
    4011: "it is in too many servers for a single connection",
}
"""What Discord's gateway means by the close codes that no other attempt helps against."""

CONTENT_REFUSED = (
    "Discord refused me the Message Content intent, so free chat can't work: switch it on at the "
    "developer page of my application, under Bot, and start me again."
)


def needed_intents() -> discord.Intents:
    """Return what the bot can't do without; none of them is privileged.

    The content of mentions, replies to the bot and direct messages comes with them.
    """
    return discord.Intents(
        guilds=True,
        voice_states=True,
        guild_messages=True,
        dm_messages=True,
        guild_typing=True,
        dm_typing=True,
    )


class GuardedTree(app_commands.CommandTree["Client"]):
    """Ask the client's gate before every command."""

    async def interaction_check(self, interaction: "discord.Interaction[Client]") -> bool:
        """Raise AccessRefusedError where the guild's lists forbid the command."""
        if self.client.gate is not None:
            self.client.gate.check(interaction)
        return True


class Client(commands.Bot):
    """Connect to Discord with the least it needs: no message cache, members only while in voice.

    It asks for the content of all messages where its application has that intent switched on.
    `gate` decides who may use the commands. `socket` is the path of a local server's UNIX socket;
    empty goes to Discord.
    """

    gate: Gate | None = None

    def __init__(self, *, socket: str, trace: aiohttp.TraceConfig) -> None:
        self._socket = socket
        self.posts = OwnPosts()
        trace.on_request_end.append(self.posts.observe)
        self._asked = needed_intents()  # discord.py sends what this object holds when it connects
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=GuardedTree,
            intents=self._asked,
            connector=self._new_connector(),
            http_trace=trace,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags(voice=True, joined=False),
            chunk_guilds_at_startup=False,
        )
        self.tree.error(on_command_error)

    async def setup_hook(self) -> None:
        """Ask for the content of all messages where that will be granted."""
        flags = self.application_flags
        granted = flags.gateway_message_content or flags.gateway_message_content_limited
        self._asked.message_content = granted

    def reads_everything(self) -> bool:
        """Tell whether the bot gets the content of messages that don't mention it."""
        return self.intents.message_content

    def renounce_content(self) -> bool:
        """Ask for the content of messages no more; tell whether the bot had asked for it."""
        asked, self._asked.message_content = self._asked.message_content, False
        return asked

    async def end_login(self) -> None:
        """Close what a login that failed left open; another one may begin then."""
        await self.http.close()
        self.http.connector = self._new_connector() or discord.utils.MISSING

    def _new_connector(self) -> aiohttp.BaseConnector | None:
        return aiohttp.UnixConnector(self._socket, limit=0) if self._socket else None

    async def on_message(self, message: discord.Message) -> None:
        """Note our own messages and leave the others to the Chat cog: no prefix commands."""
        if message.author.id == self.own_id():
            self.posts.arrived(message)

    async def close(self) -> None:
        """End what still runs and disconnect; idempotent."""
        await self.posts.aclose()
        await super().close()

    def own_id(self) -> int:
        """Return the bot's own user id; known from the login on."""
        if self.user is None:
            raise RuntimeError("the bot has not logged in yet")
        return self.user.id

    def newest_message(self, channel_id: int) -> int:
        """Return the id of the last message of a channel or thread, 0 where it is not known."""
        channel = self.get_channel(channel_id)
        return getattr(channel, "last_message_id", None) or 0

    async def fetch(self, url: str) -> bytes:
        """Return what Discord keeps at an address. Raises OSError."""
        try:
            return await self.http.get_from_cdn(url)
        except (aiohttp.ClientError, discord.HTTPException) as error:
            raise OSError(str(error)) from error


def edit_limits(pacers: ChannelPacers) -> aiohttp.TraceConfig:
    """Tell the pacers what Discord's headers say about the edits of a channel."""

    async def observe(
        _session: aiohttp.ClientSession, _context: object, params: aiohttp.TraceRequestEndParams
    ) -> None:
        answer = params.response
        seen = read_edit_limit(params.method, params.url.path, answer.headers, status=answer.status)
        if seen is not None:
            pacers.observe(seen)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(observe)
    return trace


async def connect(client: Client) -> ConfigurationError | None:
    """Stay connected until the client is closed; return why Discord will have it no longer."""
    try:
        try:
            await client.connect()
        except discord.PrivilegedIntentsRequired:
            if not client.renounce_content():
                raise
            log.warning(CONTENT_REFUSED)
            await client.connect()
    except discord.PrivilegedIntentsRequired:
        return ConfigurationError("Discord refused the bot's intents.")
    except discord.ConnectionClosed as error:
        reason = REFUSALS.get(error.code, f"it closed the connection with {error.code}")
        return ConfigurationError(f"Discord refused the bot: {reason}.")
    return None


async def login(client: Client, token: str) -> None:
    """Log in, trying again while Discord can't be reached. Raises ConfigurationError."""
    for pause in chain(LOGIN_PAUSES, repeat(LOGIN_PAUSES[-1])):
        try:
            await client.login(token)
            return
        except discord.LoginFailure:
            raise ConfigurationError(
                "Discord refused DISCORD_TOKEN: copy it again from its developer page."
            ) from None
        except UnixClientConnectorError:
            raise ConfigurationError(
                "DISCORD_SOCKET names a socket at which no server listens."
            ) from None
        except discord.HTTPException as error:  # its words may be a page of Cloudflare's
            reason = f"it answered {error.status}"
            log.warning("Discord can't be reached (%s); next try in %.0f s", reason, pause)
        except (aiohttp.ClientError, OSError) as error:
            log.warning("Discord can't be reached (%s); next try in %.0f s", error, pause)
        await client.end_login()
        await asyncio.sleep(pause)
