import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from services.core.errors import BotError

MAX_ENTRIES: Final = 500
"""Words of one guild's book; further ones are refused."""

LONGEST_WORD: Final = 50
LONGEST_SAYING: Final = 100
"""Characters of an entry."""

FULL: Final = f"The book is full: it holds {MAX_ENTRIES} words. Remove one first."
NO_WORD: Final = "That is no word: name some letters or figures, on one line."
NO_SAYING: Final = "That can't be said: write it as it sounds, or phonemes in IPA between slashes."

_SAYING: Final = re.compile(r"(?:(?P<words>[^/]+?)(?:\s+|\Z))?(?:/(?P<phonemes>[^/]+)/)?")
_NO_LETTERS: Final = str.maketrans("", "", "ˈˌːˑ")
_IPA_MARKS: Final = "ˈˌːˑ.|‿ "


class Saying(NamedTuple):
    """Hold how a word is said: in other words, in phonemes (IPA), or both; "" is as written."""

    words: str
    phonemes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PronunciationBook:
    """Hold what a guild's moderators wrote down: words, and how each is said."""

    entries: Mapping[str, str] = field(default_factory=dict)

    def with_entry(self, word: str, saying: str) -> Self:
        """Return the book with an entry more, or with another saying. Raises BotError."""
        word, saying = _tidy(word), _tidy(saying)
        if not word or len(word) > LONGEST_WORD or not any(map(str.isalnum, word)):
            raise BotError(user_message=NO_WORD)
        parse_saying(saying)
        kept = {**self.entries, word: saying}
        if len(kept) > MAX_ENTRIES:
            raise BotError(user_message=FULL)
        return type(self)(entries=kept)

    def find(self, word: str) -> str | None:
        """Return the word as it stands in the book; capitals matter only where both are there."""
        word = _tidy(word)
        alike = [entry for entry in self.entries if entry.casefold() == word.casefold()]
        return word if word in alike else next(iter(alike), None)

    def without(self, word: str) -> Self:
        """Return the book without a word. Raises BotError where it is not in there."""
        found = self.find(word)
        if found is None:
            raise BotError(user_message="That word is not in the book; `/pronounce list` shows it.")
        return type(self)(
            entries={each: self.entries[each] for each in self.entries if each != found}
        )


def parse_saying(saying: str) -> Saying:
    """Read words, phonemes between slashes, or both: "day-ta /deita/". Raises BotError."""
    match = _SAYING.fullmatch(saying)
    if match is None or not saying or len(saying) > LONGEST_SAYING:
        raise BotError(user_message=NO_SAYING)
    words, phonemes = match["words"] or "", (match["phonemes"] or "").strip()
    sayable = any(map(str.isalnum, (words or phonemes).translate(_NO_LETTERS)))
    if not sayable or not all(_is_phoneme(sign) for sign in phonemes):
        raise BotError(user_message=NO_SAYING)
    return Saying(words, phonemes)


def _is_phoneme(sign: str) -> bool:
    return sign in _IPA_MARKS or unicodedata.category(sign)[0] in "LM"


def _tidy(text: str) -> str:
    """Return a text in one line without what can't be seen."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(unicodedata.normalize("NFC", shown).split())
