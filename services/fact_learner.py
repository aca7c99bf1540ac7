import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from services.background_model import Complete
from services.core.errors import BotError
from services.core.tasks import TaskOwner
from services.core.types import Place, UserTurn
from services.fact_extraction import INSTRUCTION, question, read_notes
from services.facts import Fact, Facts, IsPublic, merged, recalled
from services.first_person import may_tell, own_words
from services.limits import Payer
from services.profile_store import ProfileStore
from services.secret_words import holds_secret

log = logging.getLogger(__name__)

MAX_WAITING = 100
"""Lessons that may wait for the model; one more is left out."""

LONGEST_LESSON = 2000
"""Characters of a person's words that facts are looked for in; of more their beginning."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Hold what one person said in some messages of one channel or thread."""

    user_id: int
    place: Place
    channel_id: int
    text: str
    message_ids: tuple[int, ...]


class FactLearner:
    """Note what people tell about themselves, one turn after the other, beside the conversations.

    `complete` asks a model: who spoke pays, and their guild. `is_public` tells of a guild's
    channel whether all its members may read it now, `may_remember` of a person whether they let the
    bot keep anything. A request under way gives way to a question once, and goes on after the next
    answer. What waits at the end of the bot is lost.
    """

    def __init__(
        self,
        *,
        store: ProfileStore,
        complete: Complete,
        is_public: IsPublic,
        may_remember: Callable[[int], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._complete = complete
        self._is_public = is_public
        self._may_remember = may_remember
        self._clock = clock
        self._waiting: deque[Lesson] = deque()
        self._at_work: Lesson | None = None
        self._gave_way: Lesson | None = None
        self._request: asyncio.Timeout | None = None
        self._arrived = asyncio.Event()
        self._closed = False
        self._tasks = TaskOwner("fact_learner")

    @property
    def is_busy(self) -> bool:
        """Tell whether anything is being learned, or waits for that."""
        return bool(self._waiting) or self._at_work is not None

    def learn(self, lesson: Lesson) -> None:
        """Take in what was said, if anything may be learned from it; never waits."""
        silent = self._closed or not may_tell(lesson.text)
        if silent or not self._may_remember(lesson.user_id):
            return
        if holds_secret(lesson.text):
            log.info("Nothing is learned from a turn that may hold a secret")
            return
        if len(self._waiting) >= MAX_WAITING:
            log.info("Nothing is learned from a turn: %d wait already", MAX_WAITING)
            return
        self._waiting.append(lesson)
        self._arrived.set()
        if not self._tasks:
            self._tasks.start(self._learn_forever(), name="learn")

    def give_way(self) -> None:
        """Let a question go first: small servers answer one at a time. Never waits."""
        lesson = self._at_work
        if self._request is not None and lesson is not None and lesson is not self._gave_way:
            self._gave_way = lesson
            self._request.reschedule(asyncio.get_running_loop().time())

    def go_on(self) -> None:
        """Go on with what gave way, now that a question is answered."""
        self._arrived.set()

    def drop(self, unwanted: Callable[[Lesson], bool]) -> list[Lesson]:
        """Learn nothing more from such lessons, also not from the one at work; return them."""
        current = [self._at_work] if self._at_work is not None else []
        dropped = [lesson for lesson in (*current, *self._waiting) if unwanted(lesson)]
        self._waiting = deque(lesson for lesson in self._waiting if lesson not in dropped)
        if self._at_work in dropped:
            self._at_work = None
        return dropped

    async def aclose(self) -> None:
        """End the work; idempotent."""
        self._closed = True
        self._waiting.clear()
        await self._tasks.aclose()

    async def _learn_forever(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            gave_way = False
            while self._waiting and not gave_way:
                lesson = self._at_work = self._waiting.popleft()
                gave_way = not await self._try(lesson)
                if gave_way and self._at_work is lesson:
                    self._waiting.appendleft(lesson)
                self._at_work = None

    async def _try(self, lesson: Lesson) -> bool:
        """Learn from a lesson; return False where that gave way to a question."""
        try:
            await self._work(lesson)
        except TimeoutError:
            log.info("Learning from a turn gives way to a question")
            return False
        except BotError as error:
            log.warning("Nothing is learned from a turn: %s", error.brief)
        except Exception as error:  # noqa: BLE001 - one turn must not end the work on all others
            log.error("Nothing is learned from a turn: %s", type(error).__name__)
        return True

    async def _work(self, lesson: Lesson) -> None:
        facts = await self._store.load(lesson.user_id)
        if _told_by(facts, lesson.message_ids) or not self._may_remember(lesson.user_id):
            return
        known = recalled(facts, lesson.place, self._is_public)
        answer = await self._ask(lesson, known)
        notes = read_notes(answer, message=lesson.text)
        at, ids = self._clock(), lesson.message_ids
        fresh = [
            Fact(note.subject, note.text, lesson.place, lesson.channel_id, at, ids)
            for note in notes
        ]

        def add(facts: Facts) -> Facts:
            wanted = self._at_work is lesson and self._may_remember(lesson.user_id)
            return merged(facts, fresh) if wanted else facts

        if fresh:
            await self._store.change(lesson.user_id, add)
            log.info("Noted %d facts", len(fresh))

    async def _ask(self, lesson: Lesson, known: Sequence[Fact]) -> str:
        """Return the model's answer. Raises BotError, and TimeoutError when it gave way."""
        payer = Payer(lesson.user_id, lesson.place.guild_id or 0)
        try:
            async with asyncio.timeout(None) as self._request:
                return await self._complete(INSTRUCTION, question(lesson.text, known), payer)
        finally:
            self._request = None


def lesson_of(turn: UserTurn) -> Lesson | None:
    """Return what a turn's author typed; None where they spoke, which no message can take back."""
    ids = tuple(message.id for message in turn.messages)
    if not all(ids):
        return None
    text = "\n".join(filter(None, (own_words(message.text) for message in turn.messages)))
    return Lesson(turn.author.id, turn.place, turn.channel_id, text[:LONGEST_LESSON], ids)


def _told_by(facts: Facts, message_ids: Collection[int]) -> bool:
    return any(not set(message_ids).isdisjoint(fact.message_ids) for fact in facts)
