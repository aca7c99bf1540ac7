"""Guards on every test: no task left behind, no blocking call in the loop, loopback only."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import hypothesis
import pytest
import pytest_asyncio
from blockbuster import BlockBuster

from config import ENV_FILE_VARIABLE, Settings
from tests.virtual_time import VirtualTimeLoop

hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give tests marked `virtual_time` a loop that never waits."""
    if item.get_closest_marker("virtual_time"):
        return {"virtual_time": VirtualTimeLoop}
    return {"asyncio": asyncio.SelectorEventLoop}


@pytest.fixture(autouse=True)
def no_blocking_call() -> Iterator[None]:
    """Fail a test whose own code blocks the event loop."""
    guard = BlockBuster(scanned_modules=["services", "cogs"])
    guard.activate()
    yield
    guard.deactivate()


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that connects to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            pytest.fail(f"a test may not connect to {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_developer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own keys from the tests."""
    monkeypatch.setenv(ENV_FILE_VARIABLE, "")
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)


@pytest_asyncio.fixture(autouse=True)
async def no_leaked_task() -> AsyncIterator[None]:
    """Fail a test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    leaked = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not leaked, f"tasks left running: {sorted(task.get_name() for task in leaked)}"
