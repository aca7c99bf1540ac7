import asyncio
import signal
from contextlib import AsyncExitStack
from types import FrameType
from typing import Protocol, TypeVar


class Closable(Protocol):
    """Anything that has to be closed."""

    async def aclose(self) -> None:
        """Close it."""
        ...


Service = TypeVar("Service", bound=Closable)


def own(stack: AsyncExitStack, service: Service) -> Service:
    """Close a service when the stack closes, before all that was opened earlier."""
    stack.push_async_callback(service.aclose)
    return service


def end_on_signals(limit: asyncio.Timeout, *, seconds: float) -> None:
    """Let the first SIGTERM or SIGINT cancel the running task, and bound the time of closing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if task is not None and limit.when() is None and task.cancel():
            limit.reschedule(loop.time() + seconds)

    def hear(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)

    # The loop's own handlers go when it closes, and a late signal would then kill the process.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
