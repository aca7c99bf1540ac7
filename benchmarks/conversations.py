"""Fixed conversations for benchmarks/context.py, made from a seed: small talk with facts in it."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.core.types import HistoryEntry

SEED = 7
DATA = Path(__file__).parent / "data" / "conversations.json"


@dataclass(frozen=True, slots=True)
class Fact:
    """Hold what somebody tells, what is asked about it later, and the word that answers it."""

    said: str
    asked: str
    answer: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """Hold a question and its answer as the history keeps them; `fact` is told in the question."""

    question: HistoryEntry
    answer: HistoryEntry
    fact: Fact | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Hold one conversation, and what else is known where it takes place."""

    name: str
    exchanges: Sequence[Exchange]
    persona: str = ""
    profile: str = ""
    profile_facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """Hold what can be said, and by whom."""

    questions: Sequence[str]
    answers: Sequence[str]
    people: Sequence[str] = ("Ann",)

    def exchanges(self, turns: int, facts: Sequence[Fact]) -> list[Exchange]:
        """Return questions with their answers; the facts are spread over the first four fifths."""
        chance = random.Random(SEED)
        told = {1 + nth * turns * 4 // 5 // len(facts): fact for nth, fact in enumerate(facts)}
        return [self._exchange(turn, told.get(turn), chance) for turn in range(turns)]

    def _exchange(self, turn: int, fact: Fact | None, chance: random.Random) -> Exchange:
        author = chance.randrange(len(self.people))
        asked = chance.choice(self.questions)
        text = f"{fact.said} {asked}" if fact else asked
        answer = " ".join(chance.sample(self.answers, chance.choice((1, 1, 2))))
        ids = (2 * turn + 1,), (2 * turn + 2,)
        return Exchange(
            HistoryEntry("user", text, float(turn), author + 1, self.people[author], ids[0]),
            HistoryEntry("assistant", answer, turn + 0.5, author + 1, "", ids[1]),
            fact,
        )


def conversations() -> list[Conversation]:
    """Return the fixed set."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    facts = [Fact(**each) for each in data["facts"]]
    chinese = [Fact(**each) for each in data["chinese_facts"]]
    of_profile = [Fact(**each) for each in data["profile_facts"]]
    talk = Talk(data["questions"], data["answers"])
    group = Talk(data["questions"], data["answers"], ("Ann", "Ben", "Chiara", "Dov"))
    in_chinese = Talk(data["chinese_questions"], data["chinese_answers"])
    known = (data["persona"], data["profile"], of_profile)
    return [
        Conversation("simple", talk.exchanges(80, facts[:4])),
        Conversation("long", talk.exchanges(200, facts)),
        Conversation("context", talk.exchanges(110, facts[:6]), *known),
        Conversation("group", group.exchanges(100, facts[:6])),
        Conversation("chinese", in_chinese.exchanges(80, chinese)),
    ]
