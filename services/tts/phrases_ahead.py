import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Final

from services.core.types import VoiceStyle
from services.tts.phrase_users import EVERYBODY, add_users

LONGEST: Final = 60
"""Characters of a phrase that is worth making ahead."""

MAX_STYLES: Final = 4
"""Voices used lately in which phrases are made."""

MAX_TEXTS: Final = 200
"""Texts remembered; one more forgets the one that was not said for longest."""


@dataclass(slots=True)
class _Said:
    """Hold who had a text; the text itself only once it was more than one person."""

    language: str
    users: set[int] = field(default_factory=set)
    text: str = ""

    @property
    def is_shared(self) -> bool:
        return len(self.users - {EVERYBODY}) > 1


class PhrasesAhead:
    """Know which phrases will probably be wanted: the bot's own, and those that several people had.

    `sentences` gives the bot's own sentences in a language; `style` is the usual voice. A text is
    known by its digest alone until a second person has it.
    """

    def __init__(self, *, sentences: Callable[[str], Sequence[str]], style: VoiceStyle) -> None:
        self._sentences = sentences
        self._styles: OrderedDict[VoiceStyle, None] = OrderedDict({style: None})
        self._said: OrderedDict[bytes, _Said] = OrderedDict()

    def note(self, text: str, voice: VoiceStyle, *, users: Set[int]) -> None:
        """Learn from what is being said, and for whom."""
        style = replace(voice, hurried=False)
        self._styles[style] = None
        self._styles.move_to_end(style)
        if len(self._styles) > MAX_STYLES:
            self._styles.popitem(last=False)
        if len(text) <= LONGEST and users:
            self._note_text(text, voice.language, users)

    def wanted(self) -> Iterator[tuple[str, VoiceStyle, set[int]]]:
        """Yield phrases with their voices and whose they are, those first that are wanted most.

        What is forgotten meanwhile is left out.
        """
        for style in reversed(list(self._styles)):
            for text in self._sentences(style.language):
                yield text, style, {EVERYBODY}
            for said in reversed(list(self._said.values())):
                if said.is_shared and said.language == style.language:
                    yield said.text, style, set(said.users)

    def forget(self, user_id: int) -> None:
        """Forget that this person had any text, and texts that nobody else shares any more."""
        for said in self._said.values():
            said.users.discard(user_id)
            said.text = said.text if said.is_shared else ""
        for key in [key for key, said in self._said.items() if not said.users]:
            del self._said[key]

    def _note_text(self, text: str, language: str, users: Set[int]) -> None:
        key = hashlib.sha256(f"{language}\0{text}".encode()).digest()
        said = self._said.setdefault(key, _Said(language))
        self._said.move_to_end(key)
        add_users(said.users, users)
        said.text = text if said.is_shared else ""
        if len(self._said) > MAX_TEXTS:
            self._said.popitem(last=False)
