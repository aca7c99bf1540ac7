# ruff: noqa: RUF001  (other scripts' words and punctuation are this module's matter)
"""Whether a terminator ends its sentence: pure rules that read a bounded stretch around it."""

import re

from services.abbreviations import (
    ABBREVIATIONS,
    EXCLAMATORY_NAMES,
    LABEL_NOUNS,
    ORDINAL_CONTEXTS,
    ORDINAL_NOUNS,
    STARTERS,
    TIME_WORDS,
    Rule,
)

WAIT = -1
"""The decision needs a character that has not come yet."""
NO = 0
"""The sentence goes on."""

NEWLINES = "\n\r\x0b\x0c\x85\u2028\u2029"
WIDE_STOPS = "。｡！？．"
TERMINATORS = ".!?…؟।॥۔။።։;\u037e" + WIDE_STOPS
"""Characters that may end a sentence; ";" only after a Greek letter."""

_CLOSERS = frozenset(")]}\"'”’»›*_~|`」』）】〉》")
_CLOSERS_AFTER_LATIN = _CLOSERS | frozenset("“‘«")
_OPENERS = "\"'“‘«„‚([{*_~¿¡"
_MARKUP = ' \t*_#>-•([{"“'
_CLOSERS_READ = 8
_SPACES_READ = 16
_WORD_READ = 14
_TAIL_READ = 32
_NEXT_WORD = re.compile(rf"[^\W\d_]{{1,{_WORD_READ}}}")
_INNER_BREAK = re.compile(r"[(\[{\"“‘«„—–*_~]")
_HAS_WORD = re.compile(r"[^\W_]")
_NEEDS_WORD = frozenset(
    {
        Rule.BEFORE_STARTER,
        Rule.UNLESS_TIME_WORD,
        Rule.UNLESS_ORDINAL,
        Rule.UNLESS_LOWER_OR_LETTER,
    }
)


def find_end(text: str, start: int, at: int, *, quoted: bool, final: bool) -> int:
    """Return where the sentence text[start:] ends by the terminator at `at`, or NO, or WAIT.

    Ordinary words are decided by the character after the terminator (an ideographic full stop
    outside quotes at once); after an abbreviation the first character of the next word decides,
    or that whole word. `quoted` says that a quotation is open, `final` that no more text comes.
    """
    mark = text[at]
    if mark in "。｡" and not quoted:
        return at + 1
    after = _skip_closers(text, at + 1, wide=mark in WIDE_STOPS)
    if after >= len(text):
        return NO if final else WAIT
    following = text[after]
    if following in TERMINATORS or following in NEWLINES:
        return NO
    if mark in WIDE_STOPS:
        return NO if after > at + 1 and following in "とっ，、,：" else after
    if not following.isspace():
        starts = following in "¿¡[" or following >= "\u2190"
        return after if starts and mark != "…" else NO
    if not _HAS_WORD.search(text, max(start, at - _TAIL_READ), at):
        return NO
    rule = _rule(text, start, at)
    if rule is Rule.ENDS and (quoted or after > at + 1):
        rule = Rule.UNLESS_LOWER
    if rule is Rule.ENDS:
        return after
    return NO if rule is Rule.NEVER else _look_ahead(text, after, rule, final=final)


def _skip_closers(text: str, at: int, *, wide: bool) -> int:
    closers = _CLOSERS if wide else _CLOSERS_AFTER_LATIN
    stop = min(len(text), at + _CLOSERS_READ)
    while at < stop and text[at] in closers:
        at += 1
    return at


def _look_ahead(text: str, end: int, rule: Rule, *, final: bool) -> int:
    at = end
    stop = min(len(text), end + _SPACES_READ)
    while at < stop and text[at].isspace() and text[at] not in NEWLINES:
        at += 1
    if at < len(text) and text[at] in "»›":
        end = at = at + 1
        while at < len(text) and at < end + _SPACES_READ and text[at].isspace():
            at += 1
    while at < len(text) and at < end + 2 * _SPACES_READ and text[at] in _OPENERS:
        at += 1
    if at >= len(text):
        return NO if final else WAIT
    if text[at] in TERMINATORS or text[at] in NEWLINES:
        return NO
    return _decide(text, at, end, rule, final=final)


def _decide(text: str, at: int, end: int, rule: Rule, *, final: bool) -> int:
    first = text[at]
    if rule is Rule.UNLESS_DIGIT:
        return NO if first.isdigit() else end
    if first.islower():
        return NO
    if first.isdigit():
        return NO if rule is not Rule.UNLESS_LOWER else end
    if rule not in _NEEDS_WORD:
        return end
    word = _NEXT_WORD.match(text, at)
    if word is None:
        return end
    if word.end() == len(text) and len(word[0]) < _WORD_READ and not final:
        return WAIT
    return end if _ends_before(word[0], rule) else NO


def _ends_before(word: str, rule: Rule) -> bool:
    if rule is Rule.BEFORE_STARTER:
        return word in STARTERS or not word[0].isupper()
    if rule is Rule.UNLESS_TIME_WORD:
        return word not in TIME_WORDS
    if rule is Rule.UNLESS_ORDINAL:
        return word not in ORDINAL_NOUNS
    return len(word) > 1 or word in {"I", "A"}


def _rule(text: str, start: int, at: int) -> Rule:
    mark = text[at]
    if mark == "…":
        return Rule.UNLESS_LOWER
    if mark == "." and text[at - 1] in ".…":
        return Rule.NEVER if text.startswith("[...", max(start, at - 3)) else Rule.UNLESS_LOWER
    if mark not in ".!":
        return Rule.ENDS
    words = text[max(start, at - _TAIL_READ) : at].split() or [""]
    word = words[-1]
    if mark == "!":
        return Rule.UNLESS_LOWER if word.lower() in EXCLAMATORY_NAMES else Rule.ENDS
    if text[at - 1].isspace():
        return _rule_of_spaced_dot(words)
    if not word.isalpha():
        word = _INNER_BREAK.split(word)[-1]
    if (rule := ABBREVIATIONS.get(word)) is not None:
        return rule
    before = words[-2] if len(words) > 1 else ""
    opens = at - start < _TAIL_READ and text[start:at].lstrip(_MARKUP) == word
    return _rule_of_word(word, before, opens=opens)


def _rule_of_spaced_dot(words: list[str]) -> Rule:
    """Judge ". . .": three dots go on, four or one alone may end."""
    dots = len(words) - len("".join(f"{word} " for word in words).rstrip(" .").split())
    return Rule.NEVER if dots in {1, 2} else Rule.UNLESS_LOWER


def _rule_of_word(word: str, before: str, *, opens: bool) -> Rule:
    if word.isdecimal():
        if len(word) > 2:
            return Rule.ENDS
        marker = opens or before.endswith(":") or before.lower() in ORDINAL_CONTEXTS
        return Rule.NEVER if marker else Rule.UNLESS_ORDINAL
    if len(word) == 1 and (word.isupper() or word.islower()):
        return _rule_of_letter(word, before, opens=opens)
    if "." in word:
        return _rule_of_dotted(word)
    return Rule.ENDS


def _rule_of_letter(letter: str, before: str, *, opens: bool) -> Rule:
    if opens:
        return Rule.NEVER
    if letter.islower():
        return Rule.UNLESS_LOWER_OR_LETTER
    if before.lower() in LABEL_NOUNS or (letter == "I" and before.islower()):
        return Rule.UNLESS_LOWER
    return Rule.BEFORE_STARTER if letter == "I" else Rule.NEVER


def _rule_of_dotted(word: str) -> Rule:
    letters = [part.strip("-") for part in word.split(".")]
    if not all(len(part) == 1 and part.isalpha() for part in letters):
        return Rule.ENDS
    return Rule.BEFORE_STARTER if word[0].isupper() else Rule.UNLESS_LOWER
