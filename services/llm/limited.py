import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.core.errors import BusyError
from services.core.protocols import LLM
from services.core.types import ChatContext, ChatDelta

WAITING_PER_PLACE = 16
"""Requests that may wait for each one that runs; one more is refused."""

TOO_MANY = "Too many people are asking me at once. Please try again in a moment."


class LimitedLLM:
    """Let at most `max_concurrent` answers be written at once; others wait, in their order.

    Raises BusyError when 16 requests wait for each that may run.
    """

    def __init__(self, llm: LLM, *, max_concurrent: int) -> None:
        self._llm = llm
        self._places = asyncio.Semaphore(max_concurrent)
        self._most_waiting = WAITING_PER_PLACE * max_concurrent
        self._waiting = 0

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream the LLM's answer as soon as there is a place for it."""
        await self._take_place()
        try:
            async with aclosing(self._llm.stream(context)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            self._places.release()

    async def prewarm(self) -> None:
        """Prewarm the LLM."""
        await self._llm.prewarm()

    async def aclose(self) -> None:
        """Close the LLM."""
        await self._llm.aclose()

    async def _take_place(self) -> None:
        if self._waiting >= self._most_waiting:
            raise BusyError(f"{self._waiting} requests wait for the model", user_message=TOO_MANY)
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
