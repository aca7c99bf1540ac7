import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from services.core.tasks import TaskOwner
from services.rate_limit_headers import read_spent_channel


@dataclass(slots=True)
class _Expected:
    channel_id: int
    seen: asyncio.Future[discord.Message]
    message: discord.Message | None = None
    lingers: bool = False

    def check(self) -> None:
        if self.message is not None and self.lingers and not self.seen.done():
            self.seen.set_result(self.message)


class OwnPosts:
    """Return from a post that uses up its window as soon as the gateway shows it.

    discord.py returns from it only at the window's end, seconds after everybody saw it. Its call
    is left running then, at most one per window and channel.
    """

    def __init__(self) -> None:
        self._expected: dict[str, _Expected] = {}
        self._tasks = TaskOwner("posts")

    async def made(
        self, channel_id: int, nonce: int, post: Coroutine[Any, Any, discord.Message]
    ) -> discord.Message:
        """Make a post with this nonce and return it. Raises what the post raises."""
        expected = _Expected(channel_id, asyncio.get_running_loop().create_future())
        self._expected[str(nonce)] = expected
        call = self._tasks.start(_outcome(post), name=f"post {nonce}")
        try:
            await asyncio.wait([call, expected.seen], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            call.cancel()
            raise
        finally:
            del self._expected[str(nonce)]
        outcome = expected.seen.result() if expected.seen.done() else call.result()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def arrived(self, message: discord.Message) -> None:
        """Take note of a message of the bot that the gateway shows."""
        if (expected := self._expected.get(str(message.nonce))) is not None:
            expected.message = message
            expected.check()

    async def observe(
        self, _session: aiohttp.ClientSession, _: object, params: aiohttp.TraceRequestEndParams
    ) -> None:
        """Take note of the answer to a request, for an aiohttp.TraceConfig's `on_request_end`."""
        answer = params.response
        path, headers = params.url.path, answer.headers
        channel_id = read_spent_channel(params.method, path, headers, status=answer.status)
        for expected in self._expected.values():
            if expected.channel_id == channel_id:
                expected.lingers = True
                expected.check()

    async def aclose(self) -> None:
        """End the calls that still run; idempotent."""
        await self._tasks.aclose()


async def _outcome(post: Coroutine[Any, Any, discord.Message]) -> discord.Message | Exception:
    try:
        return await post
    except Exception as error:  # noqa: BLE001 - raised by `made`, to whom it belongs
        return error
