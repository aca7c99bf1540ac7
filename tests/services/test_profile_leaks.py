"""Over many generated conversations nothing leaves the readers that it was told to."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.core.types import ChatContext, Place
from services.mind import Mind
from services.query_optimizer import QueryOptimizer
from tests.services.profile_fakes import People, said

ROOMS = [
    *(Place(channel, 5, public=True) for channel in (10, 11, 12)),
    *(Place(channel, 5) for channel in (13, 14)),
    *(Place(channel, 6, public=True) for channel in (20, 21)),
    Place(22, 6),
]
USERS = (1, 2, 3)
CODE = re.compile(r"code\w+")


@dataclass(frozen=True)
class Told:
    user: int
    place: Place


def rooms_of(user: int) -> list[Place]:
    return [*ROOMS, Place(100 + user, None)]


def may_stand(told: Told, user: int, here: Place, closed: set[int]) -> bool:
    """Decide anew, without our own rule, whether words of `told` may be sent for `here`."""
    if told.user != user:
        return False
    if told.place.channel_id == here.channel_id:
        return True
    private = told.place.guild_id is None or not told.place.public
    return not (private or told.place.guild_id != here.guild_id or told.place.channel_id in closed)


class Life:
    """People who tell things here and there, by chance; each thing is a word of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.people = People(folder)
        self.mind = Mind(summaries=None, profiles=self.people.profiles, personas=None)
        self.told: dict[str, Told] = {}
        self.recalled: set[str] = set()
        self._random = random.Random(seed)
        self._ids: Iterator[int] = iter(range(1, 10_000))
        self._optimizer = QueryOptimizer(count=len, system_prompt="", max_context_tokens=100_000)

    async def step(self) -> None:
        user = self._random.choice(USERS)
        place = self._random.choice(rooms_of(user))
        public = place.public and place.channel_id not in self.people.closed
        here = Place(place.channel_id, place.guild_id, public=public)
        match self._random.randrange(10):
            case 0:
                self.people.closed ^= {self._random.choice(ROOMS).channel_id}
            case 1:
                await self.people.profiles.forget_messages({self._random.randrange(1, 400)})
            case 2 | 3 | 4 | 5:
                await self._tell(user, here)
            case _:
                await self._ask(user, here)

    async def _tell(self, user: int, here: Place) -> None:
        id = next(self._ids)
        code = "code" + "".join(self._random.choices("abcdefghij", k=8))
        self.told[code] = Told(user, here)
        subject = self._random.choice(("home", "work", "music", "food", code))
        answer = json.dumps([{"subject": subject, "fact": f"Likes {code}."}])
        turn = said(f"I like {code}", author=user, id=id, place=here)
        asked = len(self.people.asked)
        await self.people.tell(turn, answer)
        [question] = self.people.asked[asked:]
        self._check(question, user, here)

    async def _ask(self, user: int, here: Place) -> None:
        turn = said("What do I like?", author=user, id=next(self._ids), place=here)
        background = await self.mind.recall("channel-1", turn, [])
        self._check(background.profile, user, here)
        self._check(_text(self._optimizer.build(turn, [], background)), user, here)
        self.recalled |= set(CODE.findall(background.profile))

    def _check(self, sent: str, user: int, here: Place) -> None:
        for code in CODE.findall(sent):
            assert may_stand(self.told[code], user, here, self.people.closed), (code, here)


def _text(context: ChatContext) -> str:
    return "\n".join(message.content for message in context.messages)


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_leaks_out_of_the_place_where_it_was_told(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, seed)
    for _ in range(250):
        await life.step()
    await life.people.learner.aclose()
    places = {life.told[code].place.guild_id for code in life.recalled}
    assert places == {5, 6, None}, "the test must see facts of every kind recalled"
    assert len(life.recalled) > 30
