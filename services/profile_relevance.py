import re

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MANY = re.compile("[\u3040-\u30ff\u3400-\u9fff]{2,}")

STEM = 5
"""Letters by which two words count as one: teacher, teaching; Katze, Katzen."""
SHORTEST = 4
"""Letters of a word that says what a text is about; shorter ones stand everywhere."""

EMPTY = frozenset(
    word
    for words in (
        "about called from have know like likes lives name that their there they this",
        "what when where which with your",
    )
    for word in words.split()
)
"""Longer words that stand everywhere as well, and those that notes about people are made of."""

PERSONAL = frozenset(
    word
    for words in (
        "i me my mine myself our we us",  # English
        "ich mich mir mein meine meinen meinem meiner meins wir uns unser",  # German
        "je moi mon ma mes nous notre nos",  # French
        "yo mí mis nosotros nuestro",  # Spanish
        "io mio mia miei mie noi nostro",  # Italian
        "eu meu minha meus minhas mim nós",  # Portuguese
        "ik mij mijn wij ons onze",  # Dutch
        "я мне меня мой моя моё мои мы нас",  # Russian
        "나 내 저 제 나는 저는 내가 제가",  # Korean
    )
    for word in words.split()
)
"""Words by which people speak of themselves."""

PERSONAL_SIGNS = re.compile("[我咱俺僕]|私(?!立|的)|ぼく|わたし")
"""The same where words are not set apart."""


def concerns(question: str, profile: str) -> bool:
    """Tell whether what is known about a person may matter to what they say; coarse.

    It may when they speak of themselves, or when both texts share a word that is not too short.
    """
    words = {word.lower() for word in _WORD.findall(question)}
    if words & PERSONAL or PERSONAL_SIGNS.search(question):
        return True
    return bool(_topics(question) & _topics(profile))


def _topics(text: str) -> set[str]:
    """Return the beginnings of a text's longer words; without spaces, all pairs."""
    lowered = text.lower()
    words = {word[:STEM] for word in _WORD.findall(lowered) if _is_topic(word)}
    runs = _MANY.findall(lowered)
    return words | {run[at : at + 2] for run in runs for at in range(len(run) - 1)}


def _is_topic(word: str) -> bool:
    return len(word) >= (2 if _CJK.match(word) else SHORTEST) and word not in EMPTY
