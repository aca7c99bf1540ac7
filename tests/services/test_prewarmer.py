import asyncio

import pytest

from services.prewarmer import ACTIVE_SECONDS, MAX_CHANNELS, MODEL_PAUSE, VOICE_PAUSE, Prewarmer
from tests.services.chat_fakes import ScriptedLLM
from tests.services.speech_fakes import FakeTTS

pytestmark = pytest.mark.virtual_time


class Model(ScriptedLLM):
    warmed = 0

    async def prewarm(self) -> None:
        self.warmed += 1
        await asyncio.sleep(1)


class Voice(FakeTTS):
    warmed = 0

    async def prewarm(self) -> None:
        self.warmed += 1


class Stage:
    def __init__(self) -> None:
        self.llm, self.tts = Model(), Voice()
        self.prewarmer = Prewarmer(llm=self.llm, tts=self.tts)

    async def type(
        self, channel: int = 1, *, direct: bool = False, in_voice: bool = False
    ) -> tuple[int, int]:
        """Return how often model and voice have been warmed after a typing event."""
        self.prewarmer.typing(channel, direct=direct, in_voice=in_voice)
        await asyncio.sleep(2)
        return self.llm.warmed, self.tts.warmed


async def test_typing_where_the_bot_never_wrote_warms_nothing() -> None:
    assert await Stage().type(in_voice=True) == (0, 0)


async def test_typing_to_the_bot_warms_the_model() -> None:
    assert await Stage().type(direct=True) == (1, 0)


async def test_typing_in_an_active_channel_warms_the_model_and_in_voice_the_voice() -> None:
    stage = Stage()
    stage.prewarmer.answered(1)
    assert await stage.type(2) == (0, 0)
    assert await stage.type(1) == (1, 0)
    await asyncio.sleep(MODEL_PAUSE)
    assert await stage.type(1, in_voice=True) == (2, 1)
    await asyncio.sleep(ACTIVE_SECONDS)
    assert await stage.type(1, in_voice=True) == (2, 1)


async def test_many_events_warm_once_in_a_while() -> None:
    stage = Stage()
    for _ in range(int(VOICE_PAUSE) // 2):
        stage.prewarmer.joined()
        await stage.type(direct=True)
    assert (stage.llm.warmed, stage.tts.warmed) == (VOICE_PAUSE // (MODEL_PAUSE + 1) + 1, 1)


async def test_the_channel_quiet_longest_is_forgotten() -> None:
    stage = Stage()
    for channel in range(MAX_CHANNELS + 1):
        stage.prewarmer.answered(channel)
    assert await stage.type(0) == (0, 0)
    assert await stage.type(1) == (1, 0)


async def test_closing_ends_what_runs_and_nothing_begins_after() -> None:
    stage = Stage()
    stage.prewarmer.joined()
    await asyncio.sleep(0)
    await stage.prewarmer.aclose()
    await asyncio.sleep(100)
    assert await stage.type(direct=True) == (1, 1)
