import hashlib
from array import array
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from services.core.cache import ByteBoundCache, CacheStatistics
from services.core.types import FRAME_SECONDS, VoiceStyle
from services.tts.phrase_files import PhraseFiles
from services.tts.phrase_users import EVERYBODY, add_users
from services.tts.phrases_ahead import PhrasesAhead

PhraseKey = bytes
"""A digest of all that decides how a phrase sounds; the text can't be had back from it."""

_OVERHEAD: Final = 500
"""Bytes that Python needs around one phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Hold encoded speech: its Opus packets in one piece with their lengths, and whose it is."""

    sound: bytes
    lengths: "array[int]"
    users: set[int]

    @classmethod
    def of(cls, packets: Sequence[bytes], users: set[int]) -> Self:
        """Pack the packets of a phrase."""
        return cls(b"".join(packets), array("H", map(len, packets)), users)

    def packets(self) -> tuple[bytes, ...]:
        """Return the packets of 20 ms each."""
        start = 0
        found: list[bytes] = []
        for length in self.lengths:
            found.append(self.sound[start : start + length])
            start += length
        return tuple(found)

    def used_by(self, users: Set[int]) -> None:
        """Note whose words were said with it."""
        add_users(self.users, users)

    def forgotten_by(self, user_id: int) -> bool:
        """Take a person away; return whether it is nobody's any more."""
        if EVERYBODY in self.users or user_id not in self.users:
            return False
        self.users.discard(user_id)
        return not self.users


def phrase_key(*, engine: str, text: str, voice: VoiceStyle) -> PhraseKey:
    """Return the key of a text in a voice; `engine` names it and its version."""
    parts = (engine, voice.voice, f"{voice.speed:.3f}", voice.language, " ".join(text.split()))
    return hashlib.sha256("\0".join(parts).encode()).digest()


def files_version(folder: Path) -> str:
    """Return what tells one state of a folder of models from another; blocks."""
    states = []
    with suppress(OSError):  # a folder that the bot may not enter
        for path in sorted(folder.glob("*")):
            with suppress(FileNotFoundError):  # a link to nothing, or a download just ended
                state = path.stat()
                states.append(f"{state.st_size}:{state.st_mtime_ns}")
    return hashlib.sha256(",".join(states).encode()).hexdigest()


class PhraseCache:
    """Keep phrases in memory, those used last, and with `files` on the disk as well.

    A ReleasableCache: what is cleared from memory is still found on the disk. `ahead` knows
    which phrases will be wanted. Of people who are `private`, nothing is kept. `version` changes
    when anybody is forgotten: what was begun before is not to be kept then.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        files: PhraseFiles | None,
        ahead: PhrasesAhead,
        private: Callable[[int], bool],
    ) -> None:
        self._kept: ByteBoundCache[PhraseKey, Phrase] = ByteBoundCache(
            max_bytes=max_bytes, size_of=_size
        )
        self._files = files
        self.ahead = ahead
        self._private = private
        self.version = 0

    async def start(self) -> None:
        """See what is on the disk; never raises."""
        if self._files is not None:
            await self._files.start()

    async def find(self, key: PhraseKey) -> Phrase | None:
        """Return a phrase; waits only for one that is on the disk alone."""
        phrase = self._kept.get(key)
        if phrase is None and self._files is not None and self._files.may_have(key):
            version = self.version
            packets, users = await self._files.read(key)
            if packets:
                phrase = Phrase.of(packets, users)
                if version == self.version:
                    self._kept.put(key, phrase)
        return phrase

    def users_of(self, asker_id: int) -> set[int]:
        """Return for whom a phrase may be kept that this person is the first to have."""
        return {asker_id} if asker_id and not self._private(asker_id) else set()

    def has(self, key: PhraseKey) -> bool:
        """Tell whether a phrase is kept, without counting it as used."""
        on_disk = self._files is not None and self._files.may_have(key)
        return key in self._kept or on_disk

    async def keep(self, key: PhraseKey, phrase: Phrase) -> None:
        """Keep a phrase in the place of those used longest ago; not one that is nobody's."""
        if not phrase.users:
            return
        if self._kept.put(key, phrase) and self._files is not None:
            await self._files.write(key, phrase.packets(), phrase.users)

    async def forget(self, user_id: int) -> int:
        """Drop what only this person's turns have brought in; return how many phrases.

        Raises StorageError.
        """
        self.version += 1
        self.ahead.forget(user_id)
        dropped = self._kept.discard(lambda _, phrase: phrase.forgotten_by(user_id))
        if self._files is not None:
            dropped = max(dropped, await self._files.forget(user_id))
            self.version += 1  # what was read from the disk meanwhile goes, too
            self._kept.discard(lambda _, phrase: phrase.forgotten_by(user_id))
        return dropped

    async def lengths_of(self, user_id: int) -> list[float]:
        """Return how long each phrase is that is this person's alone, seconds."""
        packets = {
            key: len(phrase.lengths)
            for key, phrase in self._kept.items()
            if phrase.users == {user_id}
        }
        if self._files is not None:
            packets |= await self._files.of_user(user_id)
        return [FRAME_SECONDS * count for count in packets.values()]

    def clear(self) -> None:
        """Empty the memory."""
        self._kept.clear()

    def statistics(self) -> CacheStatistics:
        """Return what is in memory, and how often a phrase was found there or not."""
        return self._kept.statistics()


def _size(phrase: Phrase) -> int:
    return len(phrase.sound) + 2 * len(phrase.lengths) + _OVERHEAD
