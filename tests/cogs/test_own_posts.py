import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from cogs.own_posts import OwnPosts
from tests.services.chat_fakes import now

pytestmark = pytest.mark.virtual_time

POSTED: Any = SimpleNamespace(id=34, nonce="7")


@pytest_asyncio.fixture
async def posts() -> AsyncIterator[OwnPosts]:
    made = OwnPosts()
    yield made
    await made.aclose()


async def call(*, seconds: float, error: Exception | None = None) -> Any:
    await asyncio.sleep(seconds)
    if error is not None:
        raise error
    return SimpleNamespace(id=35)


async def answered(posts: OwnPosts, *, remaining: int = 0, channel: int = 100) -> None:
    """Let Discord answer a post."""
    answer = SimpleNamespace(status=200, headers={"X-RateLimit-Remaining": str(remaining)})
    url = SimpleNamespace(path=f"/api/v10/channels/{channel}/messages")
    params: Any = SimpleNamespace(method="POST", url=url, response=answer)
    await posts.observe(None, None, params)  # type: ignore[arg-type]


@pytest.mark.parametrize("shown_first", [True, False])
async def test_a_post_that_uses_up_the_window_returns_when_it_is_seen(
    posts: OwnPosts, shown_first: bool
) -> None:
    async with asyncio.TaskGroup() as group:
        post = group.create_task(posts.made(100, 7, call(seconds=5.0)))
        await asyncio.sleep(0.1)
        for step in (shown_first, not shown_first):
            assert not post.done()
            if step:
                posts.arrived(POSTED)
            else:
                await answered(posts)
            await asyncio.sleep(0.1)
    assert post.result() is POSTED
    assert now() == pytest.approx(0.3)


async def test_any_other_post_returns_when_its_call_does(posts: OwnPosts) -> None:
    """A call that goes on asks again: it is to end before anything else is done."""
    async with asyncio.TaskGroup() as group:
        post = group.create_task(posts.made(100, 7, call(seconds=5.0)))
        await asyncio.sleep(0.1)
        posts.arrived(POSTED)
        await answered(posts, remaining=1)
        await answered(posts, channel=101)
    assert post.result().id == 35
    with pytest.raises(ConnectionError):
        await posts.made(100, 8, call(seconds=0.2, error=ConnectionError("down")))


async def test_a_cancelled_post_is_given_up(posts: OwnPosts) -> None:
    done: list[int] = []

    async def post() -> Any:
        await asyncio.sleep(1.0)
        done.append(1)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await posts.made(100, 7, post())
    await asyncio.sleep(5)
    assert done == []
