"""Discord's places to write in, behind the TextChannel protocol."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from typing import Any

import aiohttp
import discord

from cogs.own_posts import OwnPosts
from cogs.reply_view import view_of
from services.core.tasks import TaskOwner
from services.core.types import ReplyControls

log = logging.getLogger(__name__)

TYPING_SECONDS = 8.0
"""Discord shows the indicator for ten seconds; renew it before."""

UNREACHABLE = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What discord.py raises where a call to Discord failed."""

UNKNOWN_MESSAGE = 10008
NO_HISTORY = 160002
"""Discord's codes for a deleted message, and for a reply without the right to read the history."""

PING_ASKER = discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=True)
PING_NOBODY = discord.AllowedMentions.none()


class ChannelText:
    """Write into a channel, a thread or a direct message. Raises OSError where it can't.

    A post that failed may have been made all the same, so the next one takes its place: by its
    nonce Discord tells that it is there, and it gets the new text. `newest` tells the id of a
    channel's last message, 0 where it is not known.
    """

    def __init__(
        self,
        channel: discord.PartialMessageable,
        *,
        own_id: Callable[[], int],
        newest: Callable[[int], int],
        posts: OwnPosts,
    ) -> None:
        self._channel = channel
        self._own_id = own_id
        self._newest = newest
        self._posts = posts
        self._failed: int | None = None  # the nonce of the last post, where it failed

    @property
    def rate_key(self) -> str:
        """Name the channel's budget of edits."""
        return f"channel-{self._channel.id}"

    async def send(self, text: str, *, reply_to: int | None, controls: ReplyControls | None) -> int:
        """Post a message, as a reply where that is possible, and return its id."""
        nonce, again, self._failed = self._failed or secrets.randbits(63), self._failed, None
        try:
            with _as_os_error():
                post = self._post(text, reply_to, nonce=nonce, **_buttons(controls))
                message = await self._posts.made(self._channel.id, nonce, post)
            if again and message.content.strip() != text.strip():
                await self.edit(message.id, text, controls=controls)
        except BaseException:
            self._failed = nonce
            raise
        return message.id

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        """Replace a message's content. Raises LookupError when somebody deleted it."""
        message = self._channel.get_partial_message(message_id)
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            await message.edit(content=text, allowed_mentions=PING_NOBODY, **_buttons(controls))

    def is_last(self, message_id: int) -> bool:
        """Tell whether nobody has written below a message."""
        return self._newest(self._channel.id) <= message_id

    async def read(self, message_id: int) -> str:
        """Return a message's content. Raises LookupError when somebody deleted it."""
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            return (await self._channel.fetch_message(message_id)).content

    async def delete(self, message_id: int) -> None:
        """Delete a message of the bot. Raises LookupError when somebody did before."""
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            await self._channel.get_partial_message(message_id).delete()

    async def mark(self, message_id: int, sign: str) -> None:
        """React to a message with an emoji. Raises LookupError when somebody deleted it."""
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            await self._channel.get_partial_message(message_id).add_reaction(sign)

    async def unmark(self, message_id: int, sign: str) -> None:
        """Take the bot's reaction back. Raises LookupError when somebody deleted the message."""
        message = self._channel.get_partial_message(message_id)
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            await message.remove_reaction(sign, discord.Object(self._own_id()))

    async def _post(self, text: str, reply_to: int | None, **more: Any) -> discord.Message:
        if reply_to is not None:
            reference = discord.MessageReference(
                message_id=reply_to, channel_id=self._channel.id, fail_if_not_exists=False
            )
            try:
                return await self._channel.send(
                    text, reference=reference, allowed_mentions=PING_ASKER, **more
                )
            except discord.HTTPException as error:
                if error.code != NO_HISTORY:
                    raise
        return await self._channel.send(text, allowed_mentions=PING_NOBODY, **more)

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
        except UNREACHABLE as error:
            log.info("No typing indicator in channel %s: %s", self._channel.id, error)


class InteractionText:
    """Write the answer to a deferred interaction: its response first, then follow-ups.

    With `answered` the interaction's response is another one, and all of this one follows. Raises
    OSError where it can't.
    """

    def __init__(self, interaction: discord.Interaction, *, answered: bool = False) -> None:
        self._interaction = interaction
        self._answered = answered

    @property
    def rate_key(self) -> str:
        """Name the interaction's own budget of edits."""
        return f"webhook-{self._interaction.id}"

    async def send(self, text: str, *, reply_to: int | None, controls: ReplyControls | None) -> int:
        """Fill the response, later post a follow-up; an interaction replies by its nature."""
        buttons = _buttons(controls)
        with _as_os_error():
            if not self._answered:
                response = await self._interaction.edit_original_response(
                    content=text, allowed_mentions=PING_NOBODY, **buttons
                )
                self._answered = True
                return response.id
            message = await self._interaction.followup.send(
                text, wait=True, allowed_mentions=PING_NOBODY, **buttons
            )
            return message.id

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        """Replace a message's content. Raises LookupError when somebody deleted it."""
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            await self._interaction.followup.edit_message(
                message_id, content=text, allowed_mentions=PING_NOBODY, **_buttons(controls)
            )

    def is_last(self, message_id: int) -> bool:
        """Say so always: Discord shows what a follow-up belongs to."""
        return True

    async def read(self, message_id: int) -> str:
        """Return a message's content. Raises LookupError when somebody deleted it."""
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            return (await self._interaction.followup.fetch_message(message_id)).content

    async def delete(self, message_id: int) -> None:
        """Delete a message of the answer. Raises LookupError when somebody did before."""
        with _as_os_error(gone=UNKNOWN_MESSAGE):
            await self._interaction.followup.delete_message(message_id)

    async def mark(self, message_id: int, sign: str) -> None:
        """Show nothing: a command is no message."""

    async def unmark(self, message_id: int, sign: str) -> None:
        """Show nothing."""

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show nothing more: Discord shows that the bot is thinking."""
        return nullcontext()


def _buttons(controls: ReplyControls | None) -> dict[str, Any]:
    """Return what discord.py is told about buttons: nothing where they stay as they are."""
    return {} if controls is None else {"view": view_of(controls)}


@contextmanager
def _as_os_error(*, gone: int | None = None) -> Iterator[None]:
    """Turn Discord's refusals into what a TextChannel raises.

    LookupError for the code of what is `gone`, PermissionError where nothing can be written (any
    more), else OSError.
    """
    try:
        yield
    except (discord.NotFound, discord.Forbidden) as error:
        if error.code == gone:
            raise LookupError(str(error)) from error
        raise PermissionError(str(error)) from error
    except (discord.HTTPException, aiohttp.ClientError) as error:
        raise OSError(str(error)) from error
