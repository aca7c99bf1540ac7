import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.core.types import IncomingMessage, Quote, TextFile, UserTurn
from services.text_files import MAX_BYTES, decode_text

log = logging.getLogger(__name__)

QUOTE_SECONDS = 1.5
FILE_SECONDS = 5.0
"""How long an answer waits for a quoted message, and for its files."""

MAX_FILES = 4
"""Files of one turn that are read."""

NOT_TEXT = "not text, so not read"
NOT_FETCHED = "could not be fetched from Discord"
ONE_TOO_MANY = f"not read: {MAX_FILES} at once are the most"


class TurnReader:
    """Read what messages bring beside their text: files, and a quotation that Discord left out.

    `fetch_file(url, limit)` returns the first bytes of a file, `fetch_quote(channel_id,
    message_id)` a message; both raise OSError. What can't be had in time is left out: a file with
    a word on why. Nothing is fetched twice.
    """

    def __init__(
        self,
        *,
        fetch_file: Callable[[str, int], Awaitable[bytes]],
        fetch_quote: Callable[[int, int], Awaitable[Quote]],
    ) -> None:
        self._fetch_file = fetch_file
        self._fetch_quote = fetch_quote

    async def read(self, turn: UserTurn) -> UserTurn:
        """Return the turn with all that it brings; never raises."""
        if not any(message.quote or message.files for message in turn.messages):
            return turn
        files = [file for message in turn.messages for file in message.files]
        surplus = frozenset(file.url for file in files[MAX_FILES:])
        async with asyncio.TaskGroup() as group:
            reading = [
                group.create_task(self._message(message, surplus)) for message in turn.messages
            ]
        return replace(turn, messages=tuple(task.result() for task in reading))

    async def _message(self, message: IncomingMessage, surplus: frozenset[str]) -> IncomingMessage:
        async with asyncio.TaskGroup() as group:
            quote = group.create_task(self._quote(message))
            files = [group.create_task(self._file(file, surplus)) for file in message.files]
        read = tuple(task.result() for task in files)
        return replace(message, quote=quote.result(), files=read)

    async def _quote(self, message: IncomingMessage) -> Quote | None:
        quote = message.quote
        if quote is None or quote.text is not None:
            return quote
        try:
            async with asyncio.timeout(QUOTE_SECONDS):
                return await self._fetch_quote(message.channel_id, quote.message_id)
        except OSError as error:  # TimeoutError is one
            log.info("A quoted message could not be fetched: %s", type(error).__name__)
            return None

    async def _file(self, file: TextFile, surplus: frozenset[str]) -> TextFile:
        if file.text is not None or file.problem:
            return file
        if file.url in surplus:
            return replace(file, problem=ONE_TOO_MANY)
        try:
            async with asyncio.timeout(FILE_SECONDS):
                data = await self._fetch_file(file.url, MAX_BYTES)
        except OSError as error:  # TimeoutError is one
            log.info("A file could not be fetched: %s", type(error).__name__)
            return replace(file, problem=NOT_FETCHED)
        text = decode_text(data)
        return replace(file, problem=NOT_TEXT) if text is None else replace(file, text=text)
