"""In which language a short text is written, where that is clear."""

# ruff: noqa: RUF001 - letters of many languages look alike

import re
from typing import Final

from services.language_words import LETTERS, WORDS

ENOUGH: Final = 1.2
"""Evidence that a language needs, and from two words at least; a frequent word that it alone has
counts 1."""

LEAD: Final = 1.5
"""How many times the evidence of the current language it needs."""

LEAD_OF_OTHERS: Final = 1.05
"""How many times that of any other language."""

SHARE: Final = 0.2
"""Evidence that it needs for each word of the text: names and terms are foreign everywhere."""

MAX_CHARACTERS: Final = 400
"""What is looked at; more would not make it clearer."""

_SCRIPTS: Final = (
    ("ko", "\uac00-\ud7af\u1100-\u11ff"), ("ja", "\u3040-\u30ff"), ("cmn", "\u3400-\u9fff"),
    ("ru", "\u0400-\u04ff"), ("el", "\u0370-\u03ff"), ("ar", "\u0600-\u06ff"),
    ("he", "\u0590-\u05ff"), ("th", "\u0e00-\u0e7f"), ("hi", "\u0900-\u097f"),
    ("bn", "\u0980-\u09ff"), ("pa", "\u0a00-\u0a7f"), ("gu", "\u0a80-\u0aff"),
    ("ta", "\u0b80-\u0bff"), ("te", "\u0c00-\u0c7f"), ("kn", "\u0c80-\u0cff"),
    ("ml", "\u0d00-\u0d7f"), ("ka", "\u10a0-\u10ff"), ("hy", "\u0530-\u058f"),
    ("am", "\u1200-\u137f"),
)  # fmt: skip
_SCRIPT_OF: Final = tuple((language, re.compile(f"[{range_}]")) for language, range_ in _SCRIPTS)
_RELATIVES: Final = {
    "ru": ("uk", "be", "bg", "sr", "mk", "kk", "ky", "tt", "ba", "cv"), "ar": ("fa", "ur", "ug"),
    "hi": ("mr", "ne", "kok"), "cmn": ("zh", "yue", "hak", "ja"), "ja": (), "he": ("yi",),
}  # fmt: skip
"""Languages that share a script with the one that it usually stands for."""

_SIBLINGS: Final = {"da": "nb", "nb": "da"}
"""Languages so near that either voice will do where neither is the current one."""

_TELLING: Final = (
    ("uk", re.compile(r"[іїєґ]|\b(?:та|це|цей|ця|що|як|ось|або|але|дуже|добре)\b")),
    ("be", re.compile("ў")),
    ("fa", re.compile("[پچژگ]")),
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def detect(text: str, *, current: str) -> str | None:
    """Return the language of a text where it is clearly another than `current`, else None.

    Languages are tags of two or three letters; `current` may name a region ("en-gb").
    """
    base = current.lower().replace("_", "-").partition("-")[0]
    text = text[:MAX_CHARACTERS].lower()
    found = _by_script(text, base) or _by_words(text, base)
    return None if found == base else found


def _by_script(text: str, base: str) -> str | None:
    letters = sum(character.isalpha() for character in text)
    counts = {language: len(script.findall(text)) for language, script in _SCRIPT_OF}
    language, most = max(counts.items(), key=lambda count: count[1])
    if counts["ja"] and counts["ja"] + counts["cmn"] > letters / 2:
        language, most = "ja", counts["ja"] + counts["cmn"]
    if most < 2 or most <= letters / 2:
        return None
    for telling, sign in _TELLING:
        if telling in _RELATIVES.get(language, ()) and sign.search(text):
            return telling
    return base if base in _RELATIVES.get(language, ()) else language


def _by_words(text: str, base: str) -> str | None:
    words = _WORD.findall(text.replace("’", "'"))
    evidence = [found for word in dict.fromkeys(words) if (found := _evidence(word))]
    total: dict[str, float] = {}
    for found in evidence:
        for language, weight in found.items():
            total[language] = total.get(language, 0.0) + weight
    if not total:
        return None
    language = max(sorted(total), key=lambda each: total[each])
    most = total.pop(language)
    current = LEAD * total.pop(base, 0.0)
    total.pop(_SIBLINGS.get(language, ""), None)
    others = LEAD_OF_OTHERS * max(total.values(), default=0.0)
    needed = max(ENOUGH, SHARE * len(words), current, others)
    witnesses = sum(language in found for found in evidence)
    return language if most >= needed and witnesses > 1 else None


def _evidence(word: str) -> dict[str, float]:
    """Return how much a word speaks for which languages; of its letters the best counts."""
    evidence = dict(WORDS.get(word, {}))
    for language in {each for letter in set(word) & LETTERS.keys() for each in LETTERS[letter]}:
        best = max(LETTERS[letter].get(language, 0.0) for letter in set(word) & LETTERS.keys())
        evidence[language] = evidence.get(language, 0.0) + best
    return evidence


class ReplyLanguage:
    """Follow the language of one reply, piece by piece; it stays until another is clear."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._unsure = ""

    def hear(self, text: str) -> str:
        """Take the next piece and return the language to say it in."""
        self._unsure = f"{self._unsure} {text}"[-MAX_CHARACTERS:]
        for evidence in (text, self._unsure):
            if found := detect(evidence, current=self.language):
                self.language = found
                self._unsure = ""
                break
        return self.language
