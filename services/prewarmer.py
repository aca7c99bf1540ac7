import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from services.core.protocols import LLM, TTS
from services.core.tasks import TaskOwner

ACTIVE_SECONDS = 600.0
"""How long after an answer a channel counts as one where the bot will be asked again."""
MAX_CHANNELS = 1000
"""Channels remembered; one more forgets the one that has been quiet longest."""

MODEL_PAUSE = 15.0
VOICE_PAUSE = 60.0
"""Shortest time between two warmings, of all places together, seconds."""


class Prewarmer:
    """Warm the model and the voice when somebody is about to speak to the bot.

    Nothing waits, and where nothing is to be done nothing is begun. `aclose` ends what runs.
    """

    def __init__(self, *, llm: LLM, tts: TTS) -> None:
        self._model = _Warming(llm.prewarm, pause=MODEL_PAUSE)
        self._voice = _Warming(tts.prewarm, pause=VOICE_PAUSE)
        self._answered: OrderedDict[int, float] = OrderedDict()
        self._tasks = TaskOwner("prewarm")
        self._closed = False

    def answered(self, channel_id: int) -> None:
        """Note that the bot wrote into a channel."""
        self._answered[channel_id] = asyncio.get_running_loop().time()
        self._answered.move_to_end(channel_id)
        if len(self._answered) > MAX_CHANNELS:
            self._answered.popitem(last=False)

    def typing(self, channel_id: int, *, direct: bool, in_voice: bool) -> None:
        """Warm the model if this is a direct message or the channel is active; in voice both."""
        now = asyncio.get_running_loop().time()
        if direct or now < self._answered.get(channel_id, -ACTIVE_SECONDS) + ACTIVE_SECONDS:
            self._warm(self._model, now)
            if in_voice:
                self._warm(self._voice, now)

    def joined(self) -> None:
        """Warm both: somebody came to where the bot listens or speaks."""
        now = asyncio.get_running_loop().time()
        self._warm(self._model, now)
        self._warm(self._voice, now)

    async def aclose(self) -> None:
        """End what is being warmed; idempotent."""
        self._closed = True
        await self._tasks.aclose()

    def _warm(self, what: "_Warming", now: float) -> None:
        if now >= what.due and not self._closed:
            what.due = now + what.pause
            self._tasks.start(what.prewarm(), name="prewarm")


class _Warming:
    """Hold how one service is warmed, and when it may be warmed again."""

    def __init__(self, prewarm: Callable[[], Coroutine[Any, Any, None]], *, pause: float) -> None:
        self.prewarm = prewarm
        self.pause = pause
        self.due = 0.0
