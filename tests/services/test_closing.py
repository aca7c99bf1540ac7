import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

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


@pytest.fixture
def signals() -> Iterator[None]:
    """Put the handlers of signals back."""
    found = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in found.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
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


@pytest.mark.usefixtures("signals")
def test_a_signal_that_comes_when_all_is_closed_kills_nothing() -> None:
    async def run() -> None:
        end_on_signals(asyncio.timeout(None), seconds=1.0)

    asyncio.run(run())
    for number in (signal.SIGTERM, signal.SIGINT):
        assert callable(handler := signal.getsignal(number))
        assert handler is not signal.default_int_handler
        os.kill(os.getpid(), number)
