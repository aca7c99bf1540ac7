import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.core.protocols import LLM
from services.core.tasks import TaskOwner
from services.core.types import ChatContext, ChatDelta, ChatMessage

_Question = tuple[tuple[ChatMessage, ...], bool, float | None]


class SharedLLM:
    """Let equal requests in flight share one answer (an LLM around another).

    Whoever comes later gets what was said so far at once. The server is stopped when the last
    reader has left; a failure is everybody's. An answer that has ended is shared no more.
    """

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self._answers: dict[_Question, _Answer] = {}
        self._tasks = TaskOwner("shared_llm")

    async def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream an answer; closing the last generator of equal ones stops the server."""
        question = (context.messages, context.whole, context.temperature)
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = _Answer(self._llm.stream(context))
            answer.task = self._tasks.start(self._read(answer, question), name="read")
        answer.readers += 1
        try:
            async with aclosing(answer.follow()) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            answer.readers -= 1
            if answer.readers == 0:
                self._end(answer, question)
                answer.task.cancel()
                await asyncio.wait([answer.task])

    async def prewarm(self) -> None:
        """Prewarm the LLM."""
        await self._llm.prewarm()

    async def aclose(self) -> None:
        """Stop what is being read and close the LLM."""
        await self._tasks.aclose()
        await self._llm.aclose()

    async def _read(self, answer: "_Answer", question: _Question) -> None:
        try:
            await answer.read()
        finally:
            self._end(answer, question)

    def _end(self, answer: "_Answer", question: _Question) -> None:
        if self._answers.get(question) is answer:
            del self._answers[question]


class _Answer:
    """Hold what was read of one answer, for any number of readers."""

    task: asyncio.Task[None]

    def __init__(self, source: AsyncGenerator[ChatDelta, None]) -> None:
        self.readers = 0
        self._source = source
        self._deltas: list[ChatDelta] = []
        self._failure: Exception | None = None
        self._ended = False
        self._news = asyncio.Event()

    async def read(self) -> None:
        """Read the answer to its end."""
        try:
            async with aclosing(self._source) as deltas:
                async for delta in deltas:
                    self._deltas.append(delta)
                    self._tell()
        except Exception as error:  # noqa: BLE001 - raised again by every reader
            self._failure = error
        finally:
            self._ended = True
            self._tell()

    async def follow(self) -> AsyncGenerator[ChatDelta, None]:
        """Yield the answer from its beginning, as far as it was read, then as it goes on."""
        read = 0
        while True:
            news = self._news
            while read < len(self._deltas):
                read += 1
                yield self._deltas[read - 1]
            if self._failure is not None:
                raise self._failure
            if self._ended and read == len(self._deltas):
                return
            if news is self._news:
                await news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
