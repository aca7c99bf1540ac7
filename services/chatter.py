"""What the bot says about itself rather than in answer; none of it is told to a model."""

import re
from functools import cache

from services.core.errors import BotError

NO_TEXT = "Yes? Write your question after my name."
NOT_TEXT = "I can read text files only, such as .txt, .md, .csv or code."
UNREADABLE = "I can't read that message. Please mention me in it."
CLOSED = "I'm restarting. Please ask again in a moment."

STOPPED = "*(stopped)*"
TOO_LONG = "*(My answer got too long, so I ended it here.)*"
NOT_SPOKEN = "*(I could not read all of this aloud.)*"

SMALL_TALK = frozenset({NO_TEXT, NOT_TEXT, UNREADABLE, CLOSED})

_SMALL_PRINT = re.compile(r"(?:(?:\n|\A)-# [^\n]*)+\Z")


def without_notes(shown: str) -> str:
    """Return a shown answer without what the bot said about it."""
    kept = _SMALL_PRINT.sub("", shown).strip()
    for note in (NOT_SPOKEN, TOO_LONG, STOPPED):
        kept = kept.removesuffix(note).rstrip()
    return kept


def answer_in(shown: str) -> str:
    """Return what a message of the bot answers, "" for small talk, a refusal or a failure."""
    answer = without_notes(shown)
    return "" if answer in _own_sentences() else answer


@cache
def _own_sentences() -> frozenset[str]:
    return SMALL_TALK | _sentences(BotError)


def _sentences(error: type[BotError]) -> frozenset[str]:
    """Return what a kind of error and those below it say to people."""
    below = (_sentences(each) for each in error.__subclasses__())
    return frozenset({error.user_message}).union(*below)
