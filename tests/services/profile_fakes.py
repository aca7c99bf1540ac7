"""A person's world in small: places, what a model notes there, and the services that keep it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.core.protocols import Cipher
from services.core.types import Author, IncomingMessage, Place, UserTurn
from services.fact_learner import FactLearner
from services.limits import Payer
from services.profile_store import ProfileStore
from services.profiles import Profiles

ANA, BEN = 7, 8
GENERAL = Place(10, 5, public=True)
LOUNGE = Place(11, 5, public=True)
STAFF = Place(12, 5)
ELSEWHERE = Place(20, 6, public=True)
DIRECT = Place(30, None)


def noted(**facts: str) -> str:
    """Return a model's answer that notes facts by their subjects."""
    return json.dumps([{"subject": name, "fact": text} for name, text in facts.items()])


def said(
    *texts: str, place: Place = GENERAL, author: int = ANA, id: int = 1, channel: int = 0
) -> UserTurn:
    """Return a turn of messages with the ids from `id` on."""
    messages = tuple(
        IncomingMessage(
            id=id + n if id else 0,
            channel_id=channel or place.channel_id,
            guild_id=place.guild_id,
            author=Author(author, f"user{author}"),
            text=text,
            received=0.0,
            place=place,
        )
        for n, text in enumerate(texts)
    )
    return UserTurn(f"t{id}", messages)


class People:
    """Remember people with a model that answers as `answers` says, or with an error."""

    def __init__(self, folder: Path, *, cipher: Cipher | None = None) -> None:
        self.folder = folder / "profiles"
        self.answers: list[str | Exception] = []
        self.asked: list[str] = []
        self.payers: list[Payer] = []
        self.refused: set[int] = set()
        self.closed: set[int] = set()
        self.pause: Callable[[], Awaitable[object]] | None = None
        clock = asyncio.get_running_loop().time
        self.store = ProfileStore(self.folder, cipher=cipher, clock=clock)
        self.learner = FactLearner(
            store=self.store,
            complete=self._complete,
            is_public=self._is_public,
            may_remember=self._may_remember,
            clock=lambda: 1_800_000_000.0,
        )
        self.profiles = Profiles(
            store=self.store,
            learner=self.learner,
            is_public=self._is_public,
            may_remember=self._may_remember,
        )

    async def tell(self, turn: UserTurn, answer: str | Exception) -> None:
        """Let somebody say something of which the model notes what `answer` holds."""
        self.answers.append(answer)
        self.profiles.learn(turn)
        await self.idle()

    async def known(self, place: Place = GENERAL, *, author: int = ANA) -> str:
        """Return what is recalled for a person in a place."""
        return await self.profiles.recall(said("And?", place=place, author=author))

    async def idle(self) -> None:
        """Wait until nothing is left to learn."""
        while self.learner.is_busy:  # noqa: ASYNC110 - the store works in threads
            await asyncio.sleep(0.001)

    async def _complete(self, instruction: str, text: str, payer: Payer) -> str:
        assert "JSON" in instruction
        self.payers.append(payer)
        self.asked.append(text)
        if self.pause is not None:
            await self.pause()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _is_public(self, guild_id: int, channel_id: int) -> bool:
        return channel_id not in self.closed

    def _may_remember(self, user_id: int) -> bool:
        return user_id not in self.refused
