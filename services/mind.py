from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from services.core.types import Author, Background, HistoryEntry, UserTurn
from services.persona import Persona
from services.profiles import Profiles


class Summaries(Protocol):
    """Hold what went before, in short; ConversationSummarizer does."""

    async def recall(self, key: str, entries: Sequence[HistoryEntry]) -> Background:
        """Return the summary of a conversation of which `entries` are the newest."""
        ...

    def learn(self, key: str) -> None:
        """Take in that a conversation has grown; never waits."""
        ...

    async def forget_conversation(self, key: str) -> bool:
        """Forget a conversation; return whether anything was known of it. Raises StorageError."""
        ...

    async def forget_messages(self, key: str, message_ids: Collection[int]) -> bool:
        """Forget what holds one of these messages; return whether. Raises StorageError."""
        ...


class Personas(Protocol):
    """Know who the bot is for whom; PersonaChoices does."""

    def meet(self, *, guild_id: int | None, channel_id: int, author: Author) -> Persona:
        """Return who the bot is for a person in a channel; never waits, never raises."""
        ...


class Mind:
    """Recall what is known before a turn, and learn from it afterwards.

    `recall` never fails: what cannot be read is left out. `learn` never waits: what it takes in is
    worked on after the reply. A part that is None knows nothing.
    """

    def __init__(
        self,
        *,
        summaries: Summaries | None,
        profiles: Profiles | None,
        personas: Personas | None,
    ) -> None:
        self._summaries = summaries
        self._profiles = profiles
        self._personas = personas

    async def recall(self, key: str, turn: UserTurn, entries: Sequence[HistoryEntry]) -> Background:
        """Return what this turn's place may know; `entries` are its conversation's newest."""
        known = Background()
        if self._summaries is not None:
            known = await self._summaries.recall(key, entries)
        if self._profiles is not None:
            known = replace(known, profile=await self._profiles.recall(turn))
        if self._personas is not None:
            persona = self._personas.meet(
                guild_id=turn.guild_id, channel_id=turn.channel_id, author=turn.author
            )
            known = replace(known, persona=persona.prompt, temperature=persona.temperature)
        return known

    def learn(self, key: str, turn: UserTurn, entries: Sequence[HistoryEntry]) -> None:
        """Take in a turn that the conversation `key` has kept as `entries`."""
        if self._summaries is not None:
            self._summaries.learn(key)
        if self._profiles is not None:
            self._profiles.learn(turn)

    async def forget_conversation(self, key: str) -> None:
        """Forget what was learned from a conversation alone. Raises StorageError."""
        if self._summaries is not None:
            await self._summaries.forget_conversation(key)

    async def forget_messages(self, key: str, message_ids: Collection[int]) -> None:
        """Forget what the words of changed or deleted messages are in. Raises StorageError."""
        if self._summaries is not None:
            await self._summaries.forget_messages(key, message_ids)
