import asyncio

import pytest

from services.core.tasks import TaskOwner


async def test_closing_cancels_and_awaits_every_task() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(name)

    owner = TaskOwner("owner")
    owner.start(work("a"), name="a")
    owner.start(work("b"), name="b")
    await asyncio.sleep(0)
    await owner.aclose()
    assert sorted(ended) == ["a", "b"]
    assert len(owner) == 0


async def test_closing_twice_is_harmless_and_starting_later_is_refused() -> None:
    owner = TaskOwner("owner")
    await owner.aclose()
    await owner.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        owner.start(asyncio.sleep(0), name="late")


async def test_a_failure_is_logged_with_the_task_s_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("boom")

    owner = TaskOwner("owner")
    task = owner.start(fail(), name="work")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "owner:work" in caplog.text
    await owner.aclose()


async def test_closing_keeps_the_caller_s_own_cancellation() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)

    owner = TaskOwner("owner")
    owner.start(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    closing = asyncio.create_task(owner.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await owner.aclose()
