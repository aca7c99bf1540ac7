import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.channel_pacer import ChannelPacer
from services.core.tasks import TaskOwner
from services.core.types import ReplyControls
from services.prompt_channel import PromptChannel
from tests.services.chat_fakes import FakeChannel, now

pytestmark = pytest.mark.virtual_time


class Lingering(FakeChannel):
    """Change the message after 0.1 s, as Discord answers, and return 5 s later."""

    def __init__(self, pacer: ChannelPacer) -> None:
        super().__init__()
        self.latency = 0.1
        self.returned = 0
        self._pacer = pacer

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        await super().edit(message_id, text, controls=controls)
        self._pacer.answered(message_id)
        await asyncio.sleep(5.0)
        self.returned += 1


class Stage:
    def __init__(self) -> None:
        self.pacer = ChannelPacer()
        self.inner = Lingering(self.pacer)
        self.tasks = TaskOwner("test")
        self.channel = PromptChannel(channel=self.inner, pacer=self.pacer, tasks=self.tasks)


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.tasks.aclose()


async def test_an_edit_returns_when_it_was_answered(stage: Stage) -> None:
    number = await stage.channel.send("a", reply_to=None, controls=None)
    await stage.channel.edit(number, "b", controls=None)
    assert now() == pytest.approx(0.2)
    assert stage.inner.texts == ["b"]
    await asyncio.sleep(10)
    assert stage.inner.returned == 1
    assert len(stage.tasks) == 0


async def test_an_edit_that_fails_raises_its_own_error(stage: Stage) -> None:
    with pytest.raises(LookupError):
        await stage.channel.edit(1, "b", controls=None)
    stage.inner.edit_errors = [ConnectionError("down")]
    with pytest.raises(ConnectionError):
        await stage.channel.edit(1, "b", controls=None)


async def test_a_cancelled_edit_is_not_made(stage: Stage) -> None:
    number = await stage.channel.send("a", reply_to=None, controls=None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage.channel.edit(number, "b", controls=None)
    await asyncio.sleep(1)
    assert stage.inner.texts == ["a"]
    assert len(stage.tasks) == 0


async def test_the_rest_is_the_channels_own(stage: Stage) -> None:
    assert stage.channel.rate_key == stage.inner.rate_key
    async with stage.channel.typing():
        pass
    assert len(stage.inner.typing_spans) == 1
