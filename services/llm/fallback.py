import logging
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.core.errors import ProviderError, ProviderRequestError
from services.core.protocols import LLM
from services.core.types import ChatContext, ChatDelta
from services.llm.circuit_breaker import CircuitBreaker
from services.llm.failures import leads_nowhere

log = logging.getLogger(__name__)

_MARKDOWN = re.compile(r"([\\*_~`|\[\]])")


class FallbackLLM:
    """Ask a second model where the first one fails before the first visible text.

    Not where the first only refuses this one request. After three failures in a row the first is
    left alone for 30 s, then probed by one request. A note tells that the second one answered,
    `name` being what people know it by. What fails after its first text fails for good.
    """

    def __init__(self, primary: LLM, fallback: LLM, *, name: str) -> None:
        self._primary = primary
        self._fallback = fallback
        self._note = "answered by " + _MARKDOWN.sub(r"\\\1", name)
        self._breaker = CircuitBreaker()

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream an answer. Raises ProviderError: the second model's, where it was asked."""
        if self._breaker.admit():
            begun = False
            try:
                async with aclosing(_visible(self._primary, context)) as deltas:
                    async for delta in deltas:
                        if not begun:
                            self._worked()
                        begun = True
                        yield delta
                return
            except ProviderError as error:
                if begun:
                    raise
                if not _is_failure(error):
                    self._worked()  # it answers, if only to refuse this request
                    raise
                self._failed(error)
        async with aclosing(self._fallback.stream(context)) as deltas:
            async for delta in deltas:
                yield delta
        yield ChatDelta(note=self._note)

    async def prewarm(self) -> None:
        """Prewarm the model that would be asked first; never raises."""
        await (self._fallback if self._breaker.is_open else self._primary).prewarm()

    async def aclose(self) -> None:
        """Close both."""
        await self._primary.aclose()
        await self._fallback.aclose()

    def _worked(self) -> None:
        if self._breaker.is_open:
            log.warning("The first model is back")
        self._breaker.worked()

    def _failed(self, error: ProviderError) -> None:
        was_open = self._breaker.is_open
        self._breaker.failed()
        log.warning("The first model failed, the second one is asked: %s", error.brief)
        if self._breaker.is_open and not was_open:
            log.warning("The first model failed repeatedly and is left alone for a while")


async def _visible(llm: LLM, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
    """Stream an answer from its first visible text on: white space alone is no beginning."""
    begun = False
    async with aclosing(llm.stream(context)) as deltas:
        async for delta in deltas:
            begun = begun or bool(delta.text.strip())
            if begun:
                yield delta


def _is_failure(error: ProviderError) -> bool:
    """Tell a server in trouble, or one that is elsewhere, from a request nobody would accept."""
    return not isinstance(error, ProviderRequestError) or leads_nowhere(error.status)
