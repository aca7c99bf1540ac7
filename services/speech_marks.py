"""What each mark of Discord's markdown and of language models means to the ear.

Every reader takes text[at:end], which begins with its mark, and returns the Mark or None: wait.
It may ask to wait only while it can't know; `final` says that nothing will come any more.
"""

import html
import re
import string
from enum import Enum, auto
from typing import NamedTuple

from services.sentence_boundary import NEWLINES
from services.speech_phrases import Phrases

MAX_WITHHELD = 1000
"""Characters withheld for one undecided mark; then it counts as plain text."""

INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffd\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff"
)
PICTURES = (
    "\xa9\xae\u20e3\u2122\u231a-\u23ff\u2500-\u266c\u2670-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
)
ARROWS = "\u2190-\u21ff\u27f0-\u27ff\u2900-\u297f"


class Kind(Enum):
    """Say how a mark's words stand among the others."""

    INLINE = auto()
    ASIDE = auto()
    PAUSE = auto()
    BLOCK = auto()


class Mark(NamedTuple):
    """Hold where a mark ends, what is said for it, and up to what the text after it is dropped."""

    end: int
    words: str = ""
    kind: Kind = Kind.INLINE
    until: re.Pattern[str] | None = None


END_OF_LINE = re.compile(rf"(?=[{NEWLINES}])")
_END_OF_WORD = re.compile(r"(?=[\s<>])")
_LINE_MARK = re.compile(r"(?:>{1,3}|#{1,6}|-#|[-*+])(?=\s|\Z)|[•‣]|\[[ xX]?\](?=\s|\Z)|-{3,}")
_LINE_MARK_BEGUN = re.compile(r"(?:>{1,3}|#{1,6}|-+#?|[*+]|\[[ xX]?\]?)\Z")
_CITATION = re.compile(r"\[\^?\d{1,3}\](?!\()")
_CITATION_BEGUN = re.compile(r"\[\^?\d{0,3}\]?\Z")
_LAST_CITATION = re.compile(
    rf"\[\d{{1,3}}\](?=\[\d{{1,3}}\](?!\()|[.!?](?:\s|\Z)|[^\S{NEWLINES}]*(?:[{NEWLINES}]|\Z))"
)
_LAST_CITATION_BEGUN = re.compile(rf"\[\d{{1,3}}\](?:\[\d{{0,3}}\]?|[.!?]|[^\S{NEWLINES}]*)\Z")
_TARGET = r"(?:<[^<>\n]*>|(?:[^\s()<>]|\([^\s()]*\))*)"
_LINK_END = re.compile(
    rf"\]\({_TARGET}(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)|\]\[[^\[\]\n]{{0,99}}\]"
)
_LINK_END_BEGUN = re.compile(
    r"\](?:\((?:<[^<>\n]*|(?:<[^<>\n]*>|(?:[^\s()<>]|\([^\s()]*\))*)"
    r"(?:\([^\s()]*|\s+(?:\"[^\"\n]*\"?|'[^'\n]*'?)?[ \t]*)?)|\[[^\[\]\n]{0,99})?\Z"
)
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"`\u3001\u3002\u300c\u300d\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]+",
    re.IGNORECASE,
)
_URL_BEGUN = re.compile(r"(?:h(?:t(?:t(?:ps?(?::/?/?)?)?)?)?|w(?:ww?\.?)?)\Z", re.IGNORECASE)
_URL_TAIL = ".,;:!?'*_~|]}»”\u2019…"
_HOST = re.compile(r"(?:https?://)?(?:[^/?#@]*@)?(?:www\.)?([\w.-]*[^\W_])", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31}\d{0,2});")
_ENTITY_BEGUN = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,7}|[a-zA-Z]{0,31}\d{0,2})\Z")
_SHORTCODE = re.compile(r":[a-zA-Z][\w+-]{1,31}:")
_SHORTCODE_BEGUN = re.compile(r":(?:[a-zA-Z][\w+-]{0,31})?\Z")
_UNSAID_IN_HOSTS = re.compile(rf"[{INVISIBLE}{PICTURES}]+")
_UNSAID = re.compile(rf"[{INVISIBLE}{PICTURES}_*~`|<>\[\]]+")


def read_line_start(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read a heading, quote, bullet, check box or rule; an empty Mark if there is none."""
    if not final and _LINE_MARK_BEGUN.match(text, at, end):
        return None
    mark = _LINE_MARK.match(text, at, end)
    return Mark(mark.end() if mark else at)


def read_table_row(text: str, at: int, end: int, phrases: Phrases, *, final: bool) -> Mark | None:
    """Read a line that begins with "|": a table if the next one does too; else an empty Mark."""
    line = END_OF_LINE.search(text, at, end)
    following = line.end() + 1 if line else end
    while following < end and text[following] in " \t":
        following += 1
    if following < end:
        is_table = text[following] == "|"
        return Mark(following, phrases.table, Kind.BLOCK, END_OF_LINE) if is_table else Mark(at)
    return Mark(at) if final else None


def read_asterisks(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read "*", "_", "~", "=" or "#", alone or in a run: emphasis, a rule, or arithmetic."""
    mark = text[at]
    after = at + 1
    while after < end and text[after] == mark:
        after += 1
    if after == end and not final:
        return None
    size = after - at
    if size > 2:
        return Mark(after, kind=Kind.ASIDE)
    if mark in "=#" or (mark == "~" and size == 1):
        return Mark(after, text[at:after])
    before = text[at - 1] if at else " "
    following = text[after] if after < end else " "
    if mark == "_":
        return Mark(after, " " if before.isalnum() and following.isalnum() else "")
    alone = before.isspace() and following.isspace()
    figures = before.isdigit() and following.isdigit()
    if figures and size == 2 and mark == "*":
        return Mark(after, "^")
    product = alone or figures
    return Mark(after, mark if product and size == 1 and mark == "*" else "")


def read_bar(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read "||" (a spoiler, which is skipped) or "|" (a pause)."""
    if at + 1 >= end and not final:
        return None
    if not text.startswith("||", at, end):
        return Mark(at + 1, kind=Kind.PAUSE)
    close = text.find("||", at + 2, end)
    blank = text.find("\n\n", at + 2, close if close >= 0 else end)
    if close >= 0 and blank < 0:
        return Mark(close + 2, kind=Kind.ASIDE)
    return Mark(at + 2) if final or blank >= 0 else None


def read_bracket(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read "[": a footnote's number behind a word or a sentence is dropped, else the bracket."""
    attached = at > 0 and not text[at - 1].isspace()
    if not final and _CITATION_BEGUN.match(text, at, end):
        return None
    citation = _CITATION.match(text, at, end)
    if citation and (attached or "^" in citation[0]):
        return Mark(citation.end())
    if citation and at:
        if not final and _LAST_CITATION_BEGUN.match(text, at, end):
            return None
        if _LAST_CITATION.match(text, at, end):
            return Mark(citation.end(), kind=Kind.ASIDE)
    return Mark(at + 1, kind=Kind.ASIDE if attached and text[at - 1].isalnum() else Kind.INLINE)


def read_link_end(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read "]" and the link's target behind it, if there is one."""
    if not final and _LINK_END_BEGUN.match(text, at, end):
        return None
    link = _LINK_END.match(text, at, end)
    return Mark(link.end() if link else at + 1)


def read_picture(text: str, at: int, end: int, phrases: Phrases, *, final: bool) -> Mark | None:
    """Read the "!" of "![text](address)"; a picture without text is named."""
    if "![]".startswith(text[at:end]) and end - at < 3 and not final:
        return None
    if text.startswith("![]", at, end):
        return Mark(at + 2, phrases.image)
    return Mark(at + 1, "" if text.startswith("![", at, end) else "!")


def read_url(text: str, at: int, end: int, phrases: Phrases, *, final: bool) -> Mark | None:
    """Read an address: its host is said. A word that only begins like one gives its letter."""
    url = _URL.match(text, at, end)
    if url is None:
        begun = not final and _URL_BEGUN.match(text, at, end)
        return None if begun else Mark(at + 1, text[at])
    if url.end() == end and not final:
        return None
    address = _without_tail(url[0])
    words = link_in_words(address, phrases)
    if not words:
        return Mark(at + 1, text[at])
    endless = url.end() == end == at + MAX_WITHHELD
    return Mark(end, words, until=_END_OF_WORD) if endless else Mark(at + len(address), words)


def read_entity(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read "&amp;" and the like."""
    if not final and _ENTITY_BEGUN.match(text, at, end):
        return None
    entity = _ENTITY.match(text, at, end)
    if entity is None:
        return Mark(at + 1, "&")
    return Mark(entity.end(), _UNSAID.sub("", html.unescape(entity[0])) or " ")


def read_shortcode(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read ":smile:", which is dropped as the emoji would be."""
    if not final and _SHORTCODE_BEGUN.match(text, at, end):
        return None
    code = _SHORTCODE.match(text, at, end)
    return Mark(code.end(), kind=Kind.ASIDE) if code else Mark(at + 1, ":")


def read_at_sign(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read the "@" of "@everyone", which is not said."""
    if at + 1 >= end:
        return Mark(at + 1, "@") if final else None
    return Mark(at + 1, "" if text[at + 1].isalnum() else "@")


def read_backslash(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    r"""Read "\\*" and the like: a mark that is meant literally is not said either."""
    if at + 1 >= end:
        return Mark(at + 1) if final else None
    escaped = text[at + 1]
    if escaped not in string.punctuation:
        return Mark(at + 1, kind=Kind.ASIDE)
    if escaped in ",;":
        return Mark(at + 2, " ")  # a formula's narrow spaces
    silent = escaped in "*_~`|[]()\\"
    return Mark(at + 2, "" if silent else escaped, Kind.ASIDE if silent else Kind.INLINE)


def link_in_words(address: str, phrases: Phrases) -> str:
    """Return what is said for an address; "" without a host."""
    host = _HOST.match(_UNSAID_IN_HOSTS.sub("", address))
    return phrases.link.format(host=host[1].lower()) if host else ""


def name_in_words(name: str) -> str:
    """Return a display name or an emoji's name as words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _UNSAID.sub(" ", name))
    return " ".join(parted.split())


def _without_tail(url: str) -> str:
    while url and (url[-1] in _URL_TAIL or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url
