"""What stands between "<" and ">": mentions, emoji, timestamps, reasoning, HTML."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.speech_marks import Kind, Mark, link_in_words, name_in_words
from services.speech_phrases import ENGLISH, Phrases

Names = Mapping[int, str] | Mapping[str, str]
"""Display names by the id of a mentioned member, role or channel."""

_THOUGHTS = ("think", "thinking", "thought", "reasoning", "reflection", "scratchpad")
_THOUGHT = re.compile(rf"<({'|'.join(_THOUGHTS)})>", re.IGNORECASE)
_THOUGHT_ENDS = {name: re.compile(f"</{name}>", re.IGNORECASE) for name in _THOUGHTS}
_COMMENT_END = re.compile("-->")
LONGEST_END = max(len(f"</{name}>") for name in _THOUGHTS)
"""Characters of the longest closing tag."""

_ATTRIBUTES = r"(?:\s{1,9}[\w:@-]+=(?:\"[^\"<>\n]*\"|'[^'<>\n]*'|[^\s\"'<>=]+))*"
_COMPACT = re.compile(r"<([@#:/a-zA-Z][^\s<>]{0,300})>")
_TAG = re.compile(rf"</?([a-zA-Z][\w:-]{{0,30}}){_ATTRIBUTES}\s{{0,9}}/?>")
_COMMAND = re.compile(r"</([\w-]{1,32}(?: [\w-]{1,32}){0,2}):\d{1,20}>")
_BEGUN = re.compile(
    r"<(?:[@#:/a-zA-Z][^\s<>]{0,300}"
    rf"|/?[a-zA-Z][\w:-]{{0,30}}{_ATTRIBUTES}"
    r"(?:\s{1,9}(?:[\w:@-]+(?:=(?:\"[^\"<>\n]*|'[^'<>\n]*|[^\s\"'<>=]*))?)?)?\s{0,9}/?"
    r"|/[\w-]{1,32}(?: [\w-]{0,32}){0,2}(?::\d{0,20})?"
    r"|!-?|\|\w{0,30}\|?)?\Z"
)
_CONTROL = re.compile(r"<\|\w{1,30}\|>")
"""What ends a turn for a model, and slips into its answers: "<|im_end|>"."""
_MENTION = re.compile(r"(@[!&]?|#)(\d{1,20})")
_EMOJI = re.compile(r"a?:(\w{1,64}):\d{1,20}")
_TIMESTAMP = re.compile(r"t:(-?\d{1,13})(?::([tTdDfFRsS]))?")
_ADDRESS = re.compile(r"(?:mailto:)?([\w.%+-]{1,64}@[\w.-]{1,255})")
_GUIDE = re.compile(r"id:\w+")
_LINE_TAGS = frozenset(
    (
        *("br", "p", "li", "ul", "ol", "div", "tr", "td", "th", "dt", "dd", "hr", "pre", "details"),
        *("summary", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"),
    )
)


def read_tag(
    text: str, at: int, end: int, phrases: Phrases, names: Names, *, final: bool
) -> Mark | None:
    """Read what "<" opens; "<" itself where it opens nothing. None: wait."""
    if text.startswith("<!--", at, end):
        return Mark(at + 4, until=_COMMENT_END)
    if not final and _BEGUN.match(text, at, end):
        return None
    if thought := _THOUGHT.match(text, at, end):
        return Mark(thought.end(), kind=Kind.ASIDE, until=_THOUGHT_ENDS[thought[1].lower()])
    if control := _CONTROL.match(text, at, end):
        return Mark(control.end(), kind=Kind.ASIDE)
    if command := _COMMAND.match(text, at, end):
        return Mark(command.end(), name_in_words(command[1]))
    compact = _COMPACT.match(text, at, end)
    if compact and (mark := _read_compact(compact, phrases, names)):
        return mark
    if tag := _TAG.match(text, at, end):
        breaks = tag[1].lower() in _LINE_TAGS
        return Mark(tag.end(), kind=Kind.BLOCK if breaks else Kind.INLINE)
    return Mark(at + 1, "<")


def _read_compact(tag: re.Match[str], phrases: Phrases, names: Names) -> Mark | None:
    body, end = tag[1], tag.end()
    if mention := _MENTION.fullmatch(body):
        return Mark(end, _name(mention[1], mention[2], phrases, names))
    if emoji := _EMOJI.fullmatch(body):
        return Mark(end, name_in_words(emoji[1]), Kind.ASIDE)
    if timestamp := _TIMESTAMP.fullmatch(body):
        moment = _moment(int(timestamp[1]), timestamp[2] or "f", english=phrases is ENGLISH)
        return Mark(end, moment, Kind.INLINE if moment else Kind.ASIDE)
    if _GUIDE.fullmatch(body):
        return Mark(end, phrases.channel)
    if body.lower().startswith(("https://", "http://")):
        return Mark(end, link_in_words(body, phrases))
    if address := _ADDRESS.fullmatch(body):
        return Mark(end, address[1])
    return None


def _name(sign: str, identity: str, phrases: Phrases, names: Names) -> str:
    known: Mapping[Any, str] = names
    name = known.get(int(identity)) or known.get(identity)
    if name and (words := name_in_words(name.lstrip("@#"))):
        return words
    unknown = {"#": phrases.channel, "@&": phrases.role}
    return unknown.get(sign, phrases.person)


def _moment(seconds: int, style: str, *, english: bool) -> str:
    """Return a timestamp as date, time or both, UTC: how long ago it was is not known here."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    date = f"{moment.day} {moment:%B %Y}" if english else f"{moment:%Y-%m-%d}"
    time = f"{moment:%H:%M} UTC"
    if style in "tT":
        return time
    return date if style in "dDR" else f"{date}, {time}"
