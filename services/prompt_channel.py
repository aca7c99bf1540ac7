import asyncio
from contextlib import AbstractAsyncContextManager

from services.channel_pacer import ChannelPacer
from services.core.protocols import TextChannel
from services.core.tasks import TaskOwner
from services.core.types import ReplyControls


class PromptChannel:
    """Return from an edit when Discord has answered it (a TextChannel around another).

    discord.py returns from the last edit of a window only at the window's end, seconds after the
    message was changed. Its call is left to `tasks` then; at most one per window lingers.
    """

    def __init__(self, *, channel: TextChannel, pacer: ChannelPacer, tasks: TaskOwner) -> None:
        self._channel = channel
        self._pacer = pacer
        self._tasks = tasks

    @property
    def rate_key(self) -> str:
        """Name the channel's budget of edits."""
        return self._channel.rate_key

    async def send(self, text: str, *, reply_to: int | None, controls: ReplyControls | None) -> int:
        """Post a message and return its id. Raises OSError."""
        return await self._channel.send(text, reply_to=reply_to, controls=controls)

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        """Replace a message's content. Raises LookupError, OSError."""
        with self._pacer.expecting(message_id) as answer:
            work = self._edit(message_id, text, controls)
            call = self._tasks.start(work, name=f"edit {message_id}")
            try:
                await asyncio.wait([call, answer], return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                call.cancel()
                raise
        if call.done() and (error := call.result()) is not None:
            raise error

    def is_last(self, message_id: int) -> bool:
        """Tell whether nothing stands below a message."""
        return self._channel.is_last(message_id)

    async def read(self, message_id: int) -> str:
        """Return what a message shows now. Raises LookupError, OSError."""
        return await self._channel.read(message_id)

    async def delete(self, message_id: int) -> None:
        """Delete a message. Raises LookupError, OSError."""
        await self._channel.delete(message_id)

    async def mark(self, message_id: int, sign: str) -> None:
        """Put a sign on a message. Raises LookupError, OSError."""
        await self._channel.mark(message_id, sign)

    async def unmark(self, message_id: int, sign: str) -> None:
        """Take a sign away. Raises LookupError, OSError."""
        await self._channel.unmark(message_id, sign)

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show the typing indicator while the context is open."""
        return self._channel.typing()

    async def _edit(
        self, message_id: int, text: str, controls: ReplyControls | None
    ) -> Exception | None:
        try:
            await self._channel.edit(message_id, text, controls=controls)
        except Exception as error:  # noqa: BLE001 - raised by `edit`, to whom it belongs
            return error
        return None
