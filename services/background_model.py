import asyncio
from collections.abc import Callable
from contextlib import aclosing

from services.core.errors import ProviderTimeoutError
from services.core.protocols import LLM
from services.core.types import ChatContext, ChatMessage

MESSAGE_TOKENS = 4
"""Tokens that a chat format adds to every message."""


class BackgroundModel:
    """Ask the model for what nobody waits for: summaries, facts.

    The answers don't stream, run one at a time, and take at most `timeout` seconds each. `count`
    gives a text's tokens.
    """

    def __init__(self, llm: LLM, *, count: Callable[[str], int], timeout: float = 60.0) -> None:
        self._llm = llm
        self._count = count
        self._timeout = timeout
        self._turn = asyncio.Lock()

    async def complete(self, instruction: str, text: str) -> str:
        """Return what the model makes of a text by an instruction. Raises ProviderError."""
        messages = (ChatMessage("system", instruction), ChatMessage("user", text))
        tokens = sum(self._count(each.content) + MESSAGE_TOKENS for each in messages)
        context = ChatContext(messages, tokens + MESSAGE_TOKENS, whole=True)
        async with self._turn:
            try:
                async with (
                    asyncio.timeout(self._timeout),
                    aclosing(self._llm.stream(context)) as deltas,
                ):
                    return "".join([delta.text async for delta in deltas]).strip()
            except TimeoutError as error:
                raise ProviderTimeoutError("background work took too long") from error
