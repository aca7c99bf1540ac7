import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from services.core.errors import BotError, StorageError
from services.core.types import Place, UserTurn
from services.fact_extraction import is_fact, one_line
from services.fact_learner import LONGEST_LESSON, FactLearner, Lesson, lesson_of
from services.facts import Fact, Facts, IsPublic, recalled
from services.first_person import own_words
from services.profile_store import ProfileStore

log = logging.getLogger(__name__)

UNKNOWN = "I don't keep that about you (any more). /memory show tells what I keep."
NO_FACT = "I can't keep that: it is too long, or it looks like something secret."


VOICE = 0
"""Stands for whatever voice channel an answer is heard in; nothing was ever said there."""


class Profiles:
    """Know what people told about themselves, and recall it where it may be.

    A person's facts are recalled for their own turns only, by the rules of `may_recall`; for those
    whom `may_remember` refuses nothing is. All methods but `recall` and `learn` raise StorageError.
    """

    def __init__(
        self,
        *,
        store: ProfileStore,
        learner: FactLearner,
        is_public: IsPublic,
        may_remember: Callable[[int], bool],
    ) -> None:
        self._store = store
        self._learner = learner
        self._is_public = is_public
        self._may_remember = may_remember

    def may_remember(self, user_id: int) -> bool:
        """Tell whether anything is kept and recalled of a person."""
        return self._may_remember(user_id)

    async def recall(self, turn: UserTurn) -> str:
        """Return what a turn's author told that may be recalled here, newest first, in lines."""
        self._learner.give_way()
        user_id = turn.author.id
        if not self._may_remember(user_id):
            return ""
        try:
            facts = await self._store.load(user_id)
        except StorageError as error:
            log.error("A profile is not recalled: %s", error)
            return ""
        found = recalled(facts, _audience(turn), self._is_public)
        return "\n".join(f"- {fact.text}" for fact in found)

    def learn(self, turn: UserTurn) -> None:
        """Take in a turn that was answered; never waits."""
        if (lesson := lesson_of(turn)) is not None:
            self._learner.learn(lesson)
        self._learner.go_on()

    async def export(self, user_id: int) -> list[Fact]:
        """Return all that is kept of a person, oldest first."""
        return list(await self._store.load(user_id))

    async def edit(self, user_id: int, key: str, text: str) -> Fact:
        """Give one of a person's facts other words and return it. Raises BotError."""
        text = one_line(text)
        if not is_fact(text):
            raise BotError(user_message=NO_FACT)
        old = await self._find(user_id, key)
        new = replace(old, text=text)
        await self._store.change(
            user_id, lambda facts: tuple(new if fact == old else fact for fact in facts)
        )
        return new

    async def forget_fact(self, user_id: int, key: str) -> Fact:
        """Forget one of a person's facts and return it. Raises BotError where there is none."""
        gone = await self._find(user_id, key)
        await self._remove(user_id, lambda fact: fact == gone)
        return gone

    async def forget(self, user_id: int) -> int:
        """Forget all that a person told; return how many facts that were."""
        self._learner.drop(lambda lesson: lesson.user_id == user_id)
        return await self._store.forget(user_id)

    async def forget_messages(self, message_ids: Collection[int]) -> int:
        """Forget what was told in messages that are gone; return how many facts that were."""
        ids = frozenset(message_ids)
        self._learner.drop(lambda lesson: not ids.isdisjoint(lesson.message_ids))
        return len(await self._take_back(ids))

    async def revise_message(self, message_id: int, text: str) -> int:
        """Forget what was told in a message that reads differently now, and learn from it anew.

        Return how many facts were forgotten.
        """
        dropped = self._learner.drop(lambda lesson: message_id in lesson.message_ids)
        gone = await self._take_back(frozenset({message_id}))
        authors = {(each.user_id, each.place, each.channel_id) for each in dropped}
        authors |= {(user_id, fact.place, fact.channel_id) for user_id, fact in gone}
        for user_id, place, channel_id in authors:
            words = own_words(text)[:LONGEST_LESSON]
            self._learner.learn(Lesson(user_id, place, channel_id, words, (message_id,)))
        return len(gone)

    async def forget_channel(self, channel_id: int) -> int:
        """Forget what was told in a channel or thread that is gone; return how many facts."""
        return await self._forget_told(
            lambda told: channel_id in (told.channel_id, told.place.channel_id)
        )

    async def forget_guild(self, guild_id: int) -> int:
        """Forget what was told in a guild; return how many facts that were."""
        return await self._forget_told(lambda told: told.place.guild_id == guild_id)

    async def _forget_told(self, gone: Callable[[Fact | Lesson], bool]) -> int:
        self._learner.drop(gone)
        users = await self._store.holders(gone)
        return sum([len(await self._remove(each, gone)) for each in users])

    async def _take_back(self, message_ids: frozenset[int]) -> list[tuple[int, Fact]]:
        """Forget what these messages told; return it with whose it was."""
        gone: list[tuple[int, Fact]] = []
        for user_id in await self._store.tellers(message_ids):
            removed = await self._remove(
                user_id, lambda fact: not message_ids.isdisjoint(fact.message_ids)
            )
            gone += [(user_id, fact) for fact in removed]
        return gone

    async def _remove(self, user_id: int, unwanted: Callable[[Fact], bool]) -> list[Fact]:
        gone: list[Fact] = []

        def rest(facts: Facts) -> Facts:
            gone[:] = [fact for fact in facts if unwanted(fact)]
            return tuple(fact for fact in facts if not unwanted(fact))

        await self._store.change(user_id, rest)
        return gone

    async def _find(self, user_id: int, key: str) -> Fact:
        facts = await self._store.load(user_id)
        found = next((fact for fact in facts if key in (fact.key, fact.text)), None)
        if found is None:
            raise BotError(user_message=UNKNOWN)
        return found


def _audience(turn: UserTurn) -> Place:
    """Return the place of those who get the answer: if it is spoken, also others may hear it."""
    return Place(VOICE, turn.guild_id) if turn.speak else turn.place
