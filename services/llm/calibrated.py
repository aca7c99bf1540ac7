from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.core.protocols import LLM
from services.core.types import ChatContext, ChatDelta
from services.llm.tokens import TokenCounter


class CalibratedLLM:
    """Let a token counter learn from what the server of an LLM counted, images apart."""

    def __init__(self, llm: LLM, *, counter: TokenCounter) -> None:
        self._llm = llm
        self._counter = counter

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream the LLM's answer unchanged."""
        counted_with = self._counter.factor  # others may calibrate meanwhile
        only_text = not any(message.images for message in context.messages)
        async with aclosing(self._llm.stream(context)) as deltas:
            async for delta in deltas:
                if delta.usage is not None and only_text:
                    self._counter.calibrate(
                        estimated=context.tokens, actual=delta.usage.prompt, factor=counted_with
                    )
                yield delta

    async def prewarm(self) -> None:
        """Prewarm the LLM."""
        await self._llm.prewarm()

    async def aclose(self) -> None:
        """Close the LLM."""
        await self._llm.aclose()
