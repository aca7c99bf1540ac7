from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace
from typing import Final

from services.core.types import VoiceStyle
from services.tts.phrase_users import EVERYBODY, add_users

LONGEST: Final = 60
"""Characters of a phrase that is worth making ahead."""

MAX_STYLES: Final = 4
"""Voices used lately in which phrases are made."""

MAX_TEXTS: Final = 200
"""Texts remembered; one more forgets the one that was not said for longest."""


class PhrasesAhead:
    """Know which phrases will probably be wanted: the bot's own, and those that several people had.

    `sentences` gives the bot's own sentences in a language; `style` is the usual voice.
    """

    def __init__(self, *, sentences: Callable[[str], Sequence[str]], style: VoiceStyle) -> None:
        self._sentences = sentences
        self._styles: OrderedDict[VoiceStyle, None] = OrderedDict({style: None})
        self._texts: OrderedDict[tuple[str, str], set[int]] = OrderedDict()

    def note(self, text: str, voice: VoiceStyle, *, users: Set[int]) -> None:
        """Learn from what is being said, and for whom."""
        style = replace(voice, hurried=False)
        self._styles[style] = None
        self._styles.move_to_end(style)
        if len(self._styles) > MAX_STYLES:
            self._styles.popitem(last=False)
        if len(text) <= LONGEST and users:
            known = self._texts.setdefault((voice.language, text), set())
            self._texts.move_to_end((voice.language, text))
            add_users(known, users)
            if len(self._texts) > MAX_TEXTS:
                self._texts.popitem(last=False)

    def wanted(self) -> Iterator[tuple[str, VoiceStyle, set[int]]]:
        """Yield phrases with their voices and whose they are, those first that are wanted most."""
        for style in reversed(list(self._styles)):
            for text in self._sentences(style.language):
                yield text, style, {EVERYBODY}
            for (language, text), users in reversed(list(self._texts.items())):
                if language == style.language and len(users - {EVERYBODY}) > 1:
                    yield text, style, users

    def forget(self, user_id: int) -> None:
        """Forget the texts that only this person had."""
        for users in self._texts.values():
            users.discard(user_id)
        for key in [key for key, users in self._texts.items() if not users]:
            del self._texts[key]
