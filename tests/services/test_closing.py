import asyncio
import os
import signal
from contextlib import AsyncExitStack

from services.closing import end_on_signals, own


class Service:
    """Notes when it is closed."""

    def __init__(self, name: str, closed: list[str]) -> None:
        self.name, self.closed = name, closed

    async def aclose(self) -> None:
        self.closed.append(self.name)


async def test_services_close_in_the_reverse_order() -> None:
    closed: list[str] = []
    async with AsyncExitStack() as stack:
        assert own(stack, Service("first", closed)).name == "first"
        own(stack, Service("second", closed))
    assert closed == ["second", "first"]


async def test_the_first_signal_cancels_and_the_time_of_closing_is_bounded() -> None:
    async def run() -> None:
        async with asyncio.timeout(None) as limit:
            end_on_signals(limit, seconds=0.05)
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                await asyncio.sleep(10)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                await asyncio.sleep(10)  # something that does not end

    task = asyncio.create_task(run())
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
