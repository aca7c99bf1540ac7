"""Discord's places to write in, behind the TextChannel protocol."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)

import aiohttp
import discord

from services.core.tasks import TaskOwner

log = logging.getLogger(__name__)

TYPING_SECONDS = 8.0
"""Discord shows the indicator for ten seconds; renew it before."""

PING_ASKER = discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=True)
PING_NOBODY = discord.AllowedMentions.none()


class ChannelText:
    """Write into a channel, a thread or a direct message. Raises OSError where it can't."""

    def __init__(self, channel: discord.PartialMessageable) -> None:
        self._channel = channel

    @property
    def rate_key(self) -> str:
        """Name the channel's budget of edits."""
        return f"channel-{self._channel.id}"

    async def send(self, text: str, *, reply_to: int | None) -> int:
        """Post a message, as a reply where that message still stands, and return its id."""
        with _as_os_error():
            if reply_to is None:
                message = await self._channel.send(text, allowed_mentions=PING_NOBODY)
                return message.id
            reference = discord.MessageReference(
                message_id=reply_to, channel_id=self._channel.id, fail_if_not_exists=False
            )
            message = await self._channel.send(
                text, reference=reference, allowed_mentions=PING_ASKER
            )
            return message.id

    async def edit(self, message_id: int, text: str) -> None:
        """Replace a message's content. Raises LookupError when somebody deleted it."""
        message = self._channel.get_partial_message(message_id)
        with _as_os_error():
            await message.edit(content=text, allowed_mentions=PING_NOBODY)

    @asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        """Show the typing indicator while the context is open; entering it never waits."""
        owner = TaskOwner("typing")
        owner.start(self._keep_typing(), name=self.rate_key)
        try:
            yield
        finally:
            await owner.aclose()

    async def _keep_typing(self) -> None:
        try:
            while True:
                await self._channel.typing()
                await asyncio.sleep(TYPING_SECONDS)
        except discord.HTTPException as error:
            log.warning("No typing indicator in channel %s: %s", self._channel.id, error)


class InteractionText:
    """Write the answer to a deferred interaction: its response first, then follow-ups.

    Raises OSError where it can't.
    """

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self._original: int | None = None

    @property
    def rate_key(self) -> str:
        """Name the interaction's own budget of edits."""
        return f"webhook-{self._interaction.id}"

    async def send(self, text: str, *, reply_to: int | None) -> int:
        """Fill the response, later post a follow-up; an interaction replies by its nature."""
        with _as_os_error():
            if self._original is None:
                response = await self._interaction.edit_original_response(
                    content=text, allowed_mentions=PING_NOBODY
                )
                self._original = response.id
                return response.id
            message = await self._interaction.followup.send(
                text, wait=True, allowed_mentions=PING_NOBODY
            )
            return message.id

    async def edit(self, message_id: int, text: str) -> None:
        """Replace a message's content. Raises LookupError when somebody deleted it."""
        with _as_os_error():
            await self._interaction.followup.edit_message(
                message_id, content=text, allowed_mentions=PING_NOBODY
            )

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show nothing more: Discord shows that the bot is thinking."""
        return nullcontext()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Turn Discord's refusals into what a TextChannel raises.

    LookupError for a gone message, PermissionError where the bot may not write, else OSError.
    """
    try:
        yield
    except discord.NotFound as error:
        raise LookupError(str(error)) from error
    except discord.Forbidden as error:
        raise PermissionError(str(error)) from error
    except (discord.HTTPException, aiohttp.ClientError) as error:
        raise OSError(str(error)) from error
