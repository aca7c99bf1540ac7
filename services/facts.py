"""What people told about themselves, and where it may be recalled; pure."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.core.types import Place

MAX_FACTS = 40
"""Facts kept of one person; one more forgets the oldest."""

LONGEST_FACT = 160
LONGEST_SUBJECT = 40
"""Characters."""

IsPublic = Callable[[int, int], bool]
"""Tell of a guild's id and a channel's whether all members of the guild may read there now."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Hold one thing that a person told, `said_at` seconds since the epoch, in some messages.

    `subject` names what it is about: of two facts about one subject the newer one counts.
    `channel_id` is the channel or thread of the messages, `place` who could read them there.
    """

    subject: str
    text: str
    place: Place
    channel_id: int
    said_at: float
    message_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """Return a short name by which a person chooses one of their own facts."""
        said = f"{self.place.channel_id} {self.subject} {self.text}".encode()
        return hashlib.blake2s(said, digest_size=6).hexdigest()


Facts = tuple[Fact, ...]
"""All that is kept of one person, oldest first."""


def may_recall(said: Place, here: Place, is_public: IsPublic) -> bool:
    """Tell whether everyone who reads `here` could have read what was said there as well.

    That is so in the same channel. What all members of a guild could read, and still can, may be
    recalled in all of the guild. Nothing goes from one guild to another, nor into or out of a
    direct message.
    """
    if said.guild_id != here.guild_id:
        return False
    if said.channel_id == here.channel_id:
        return True
    if said.guild_id is None or not said.public:
        return False
    return is_public(said.guild_id, said.channel_id)


def recalled(facts: Facts, here: Place, is_public: IsPublic) -> list[Fact]:
    """Return what may be recalled in a place, newest first, one fact for each subject."""
    found: dict[str, Fact] = {}
    for fact in reversed(facts):
        if fact.subject not in found and may_recall(fact.place, here, is_public):
            found[fact.subject] = fact
    return list(found.values())


def merged(facts: Facts, fresh: Sequence[Fact]) -> Facts:
    """Return facts with newer ones, which replace those on the same subject for the same readers.

    A fresh fact without text only takes the others' place.
    """
    for new in fresh:
        facts = (*(old for old in facts if not _replaces(new, old)), new)
    return tuple(fact for fact in facts if fact.text)[-MAX_FACTS:]


def _replaces(new: Fact, old: Fact) -> bool:
    same = new.subject == old.subject or new.text.casefold() == old.text.casefold()
    return same and _same_readers(new.place, old.place)


def _same_readers(one: Place, other: Place) -> bool:
    if one.guild_id != other.guild_id:
        return False
    public = one.public and other.public and one.guild_id is not None
    return public or one.channel_id == other.channel_id
