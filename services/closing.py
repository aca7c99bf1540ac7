import asyncio
import signal
from contextlib import AsyncExitStack, suppress
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

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no loop signal handlers
            loop.add_signal_handler(number, end)
