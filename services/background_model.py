import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from services.core.errors import BotError, ProviderTimeoutError
from services.core.protocols import LLM
from services.core.types import ChatContext, ChatMessage, TokenUsage
from services.limits import Limits, Payer

MESSAGE_TOKENS = 4
"""Tokens that a chat format adds to every message."""

Complete = Callable[[str, str, Payer], Awaitable[str]]
"""BackgroundModel.complete: takes an instruction, a text, and whose share of the day pays."""


class BackgroundModel:
    """Ask the model for what nobody waits for: summaries, facts.

    The answers don't stream, run one at a time, and take at most `timeout` seconds each. `count`
    gives a text's tokens. What they take counts against the payer's shares of the day, by `limits`:
    the server's own count or ours; of what is given up the question; nothing of what fails.
    """

    def __init__(
        self, llm: LLM, *, count: Callable[[str], int], limits: Limits, timeout: float = 60.0
    ) -> None:
        self._llm = llm
        self._count = count
        self._limits = limits
        self._timeout = timeout
        self._turn = asyncio.Lock()

    async def complete(self, instruction: str, text: str, payer: Payer) -> str:
        """Return what the model makes of a text by an instruction.

        Raises ProviderError, and BusyError where the payer's share of the day is used up.
        """
        messages = (ChatMessage("system", instruction), ChatMessage("user", text))
        tokens = sum(self._count(each.content) + MESSAGE_TOKENS for each in messages)
        context = ChatContext(messages, tokens + MESSAGE_TOKENS, whole=True)
        async with self._turn:
            self._limits.admit_background(payer)
            taken = context.tokens
            try:
                answer, usage = await self._ask(context)
                counted = usage or TokenUsage(context.tokens, self._count(answer))
                taken = counted.prompt + counted.completion
            except TimeoutError as error:
                raise ProviderTimeoutError("background work took too long") from error
            except BotError:
                taken = 0
                raise
            finally:
                self._limits.spend_background(payer, taken)
        return answer

    async def _ask(self, context: ChatContext) -> tuple[str, TokenUsage | None]:
        """Return the answer, and the server's count where it gives one."""
        text, usage = "", None
        async with (
            asyncio.timeout(self._timeout),
            aclosing(self._llm.stream(context)) as deltas,
        ):
            async for delta in deltas:
                text += delta.text
                usage = delta.usage or usage
        return text.strip(), usage
