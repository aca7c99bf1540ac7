from collections.abc import Collection, Sequence
from types import SimpleNamespace

from services.core.types import Background, HistoryEntry
from services.mind import Mind
from services.persona import Persona
from tests.services.chat_fakes import turn

KEY = "channel-100"


class Told:
    """Stand for summaries: know one sentence, note what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def recall(self, key: str, entries: Sequence[HistoryEntry]) -> Background:
        return Background(summary=f"{key} had {len(entries)}")

    def learn(self, key: str) -> None:
        self.asked.append(f"learn {key}")

    async def forget_conversation(self, key: str) -> bool:
        self.asked.append(f"forget {key}")
        return True

    async def forget_messages(self, key: str, message_ids: Collection[int]) -> bool:
        self.asked.append(f"forget {list(message_ids)} of {key}")
        return True


async def test_without_parts_nothing_is_known() -> None:
    mind = Mind(summaries=None, profiles=None, personas=None)
    mind.learn(KEY, turn(), [])
    await mind.forget_conversation(KEY)
    await mind.forget_messages(KEY, [3])
    assert await mind.recall(KEY, turn(), []) == Background()


async def test_who_the_bot_is_comes_with_what_it_knows() -> None:
    persona = Persona(name="Pirate", prompt="Be a pirate.", temperature=0.9)
    personas = SimpleNamespace(meet=lambda **_: persona)
    mind = Mind(summaries=Told(), profiles=None, personas=personas)
    known = await mind.recall(KEY, turn(), [])
    assert known == Background("Be a pirate.", 0.9, summary=f"{KEY} had 0")


async def test_a_summary_is_recalled_learned_and_forgotten() -> None:
    told = Told()
    mind = Mind(summaries=told, profiles=None, personas=None)
    assert (await mind.recall(KEY, turn(), [])).summary == f"{KEY} had 0"
    mind.learn(KEY, turn(), [])
    await mind.forget_conversation(KEY)
    await mind.forget_messages(KEY, [3])
    assert told.asked == [
        f"learn {KEY}",
        f"forget {KEY}",
        f"forget [3] of {KEY}",
    ]
