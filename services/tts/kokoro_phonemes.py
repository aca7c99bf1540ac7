# ruff: noqa: RUF001 - phonemes look like letters
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from services.core.phonemes import parted, without_phonemes
from services.tts.kokoro_files import letter_of
from services.tts.worker_backend import RefusedError

MAX_PHONEMES: Final = 510
"""The model's context of 512 without its two pads."""

_ESPEAK_LANGUAGES: Final = {"e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
_TAGGER: Final = "en_core_web_sm"

_SPLITS: Final = (re.compile(r"[.!?…](?=\s)"), re.compile(r"[,:;—](?=\s)"), re.compile(r"\s"))
"""Where a long run of phonemes is cut: behind a sentence, a clause, a word."""

_PRONOUNS: Final = ("i", "you", "he", "she", "it", "we", "they", "me", "him", "us", "them")

_WORD_TAGS: Final = {
    **dict.fromkeys(("a", "an", "the", "this", "that", "these", "those", "every", "no"), "DT"),
    **dict.fromkeys(("my", "your", "his", "its", "our", "their"), "PRP$"),
    **dict.fromkeys(
        ("i", "you", "he", "she", "it", "we", "they", "me", "him", "us", "them"), "PRP"
    ),
    **dict.fromkeys(("can", "could", "will", "would", "shall", "should", "may", "might"), "MD"),
    **dict.fromkeys(("must", "'ll", "'d"), "MD"),
    **dict.fromkeys(("in", "of", "on", "at", "for", "with", "from", "vs", "vs.", "than"), "IN"),
    **dict.fromkeys(("have", "has", "had", "'ve", "having"), "VBP"),
    **dict.fromkeys(("be", "am", "is", "are", "was", "were", "been"), "VBP"),
    "to": "TO",
    "by": "IN",
}
_MARK_TAGS: Final = {
    **dict.fromkeys(".!?", "."),
    **dict.fromkeys((":", ";", "-", "\u2013", "—", "…", "..."), ":"),
    **dict.fromkeys("([{", "-LRB-"),
    **dict.fromkeys(")]}", "-RRB-"),
    **dict.fromkeys("$£€", "$"),
    **dict.fromkeys(("“", "``"), "``"),
    **dict.fromkeys(("”", '"', "''"), "''"),
    ",": ",",
    "#": "#",
}
_SIGNS: Final = (
    *((sign, "") for sign in "\u0361\u035c\u0329\u032f\u0303.|‿ʰ "),
    *(("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"), ("tʃ", "ʧ"), ("dʒ", "ʤ")),
    *(("r", "ɹ"), ("g", "ɡ"), ("ɐ", "ə"), ("x", "k"), ("ç", "k"), ("ɬ", "l"), ("ɫ", "l")),
)
_BRITISH_SIGNS: Final = (
    ("əʊ", "Q"),
    ("oʊ", "Q"),
    ("ɚ", "ə"),
    ("ɝː", "ɜː"),
    ("ɝ", "ɜː"),
    ("ɾ", "t"),
    ("ʔ", "t"),
)
_AMERICAN_SIGNS: Final = (
    *(("oʊ", "O"), ("əʊ", "O"), ("ɚ", "əɹ"), ("ɝ", "ɜɹ"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ")),
    *(("ɒ", "ɑ"), ("ː", ""), ("ɾ", "T"), ("ʔ", "t")),
)

_AFTER: Final = {"DT": "NN", "PRP$": "NN", "TO": "VB", "MD": "VB", "PRP": "VBP", "IN": "NN"}
_UNKNOWN: Final = "XX"


class Phonemes:
    """Turn text into Kokoro's phonemes, one converter per language, made on first use.

    Nothing is downloaded: without spaCy's English model a small tagger by rules stands in for it.
    """

    def __init__(self) -> None:
        self._converters: dict[str, Callable[[str], str]] = {}  # one per letter of LANGUAGES

    def of(self, text: str, language: str, voice: str) -> list[str]:
        """Return a text's phonemes in runs of at most 510. Raises RefusedError."""
        letter = letter_of(language, voice)
        if letter is None:
            raise RefusedError("Kokoro does not speak this language")
        try:
            if letter not in self._converters:
                self._converters[letter] = _converter(letter)
            phonemes = self._converters[letter](text)
        except RuntimeError as error:  # from the worker's model it would mean a lack of memory
            raise RefusedError(f"the pronunciation of {language!r} does not work here") from error
        return list(runs(phonemes.strip()))


def runs(phonemes: str) -> Iterator[str]:
    """Cut phonemes into runs that the model can take, at the best places there are."""
    while len(phonemes) > MAX_PHONEMES:
        end = MAX_PHONEMES
        for split in _SPLITS:
            places = [match.end() for match in split.finditer(phonemes, 0, MAX_PHONEMES)]
            if places:
                end = places[-1]
                break
        yield phonemes[:end].strip()
        phonemes = phonemes[end:].strip()
    if phonemes:
        yield phonemes


def tag(words: list[str]) -> list[str]:
    """Tag words as far as pronunciation needs it: numbers, marks, and what follows "the", "to"."""
    tags: list[str] = []
    for word in words:
        known = _WORD_TAGS.get(word.lower()) or _MARK_TAGS.get(word)
        if known is None and any(character.isdigit() for character in word):
            known = "CD"
        tags.append(known or (_AFTER.get(tags[-1], _UNKNOWN) if tags else _UNKNOWN))
    return tags


def _converter(letter: str) -> Callable[[str], str]:
    if letter in "ab":
        speak, british = english(british=letter == "b"), letter == "b"
        return lambda text: str(speak(text, preprocess=partial(given, british=british))[0])
    if letter in _ESPEAK_LANGUAGES:
        convert = import_module("misaki.espeak").EspeakG2P(language=_ESPEAK_LANGUAGES[letter])
    else:
        convert = _asian(letter)
    return lambda text: str(convert(without_phonemes(text))[0])


def given(text: str, *, british: bool) -> tuple[str, list[str], dict[int, str]]:
    """Return a text, its parts, and the phonemes of some, as misaki's `preprocess` does.

    misaki's own one reads "[word](/phonemes/)", which anybody might write.
    """
    text = text.lstrip()
    words: list[str] = []
    features: dict[int, str] = {}
    for part, phonemes in parted(text):
        if phonemes:
            features[len(words)] = f"/{to_misaki(phonemes, british=british)}"
            words.append(part)
        else:
            words += part.split()
    return without_phonemes(text), words, features


def to_misaki(phonemes: str, *, british: bool) -> str:
    """Return IPA in the signs that Kokoro has learnt (misaki's EN_PHONES.md)."""
    for sign, own in (*_SIGNS, *(_BRITISH_SIGNS if british else _AMERICAN_SIGNS)):
        phonemes = phonemes.replace(sign, own)
    return phonemes


def _asian(letter: str) -> Any:
    module, name = {"j": ("misaki.ja", "JAG2P"), "z": ("misaki.zh", "ZHG2P")}[letter]
    try:
        return getattr(import_module(module), name)()
    except ImportError as error:
        extra = module.removeprefix("misaki.")
        raise RefusedError(f"this language needs the package misaki[{extra}]") from error


def english(*, british: bool) -> Any:
    """Return misaki's converter for English, with spaCy's model or with the tagger by rules."""
    import spacy
    from misaki import en, espeak

    fallback = espeak.EspeakFallback(british=british)
    if spacy.util.is_package(_TAGGER):
        return en.G2P(british=british, fallback=fallback, unk="")
    convert = en.G2P.__new__(en.G2P)  # its constructor would download the model
    convert.version, convert.british, convert.unk = None, british, ""
    convert.lexicon, convert.fallback = en.Lexicon(british), fallback
    convert.nlp = _tagged(spacy.blank("en"))
    return convert


def _tagged(tokenize: Callable[[str], Any]) -> Callable[[str], Any]:
    def analyse(text: str) -> Any:
        document = tokenize(text)
        for token, name in zip(document, tag([token.text for token in document]), strict=True):
            token.tag_ = name
        return document

    return analyse


def has_misaki() -> bool:
    """Tell whether Kokoro's own pronunciation is installed."""
    return find_spec("misaki") is not None and find_spec("spacy") is not None
