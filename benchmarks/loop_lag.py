import asyncio
from typing import Self

STEP = 0.005


class LoopLag:
    """Measure, while open, how late the event loop wakes a task that sleeps 5 ms, seconds."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def p99(self) -> float:
        """Return the delay that one wake-up of a hundred exceeds."""
        return sorted(self.late)[int(len(self.late) * 0.99)] if self.late else 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._measure())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _measure(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            before = now()
            await asyncio.sleep(STEP)
            self.late.append(now() - before - STEP)
