import re
from dataclasses import dataclass

MESSAGE_LIMIT = 2000
"""The most characters of one Discord message (Discord's documentation of Create Message)."""

WORD_LIMIT = 30
"""Longer runs without a space are taken for a script that has none, characters."""

_FENCE = re.compile(r"```(?:[\w+#.-]{1,20}(?=\n))?", re.ASCII)
_CLOSE = "\n```"
_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"[.!?…]\s"), re.compile(r"\s"))


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one message's content and where in the text it ends.

    `fence` is the opening of the code block that goes on after `end`, or "". `full` says that the
    text goes on in a further message. Blank content is "".
    """

    content: str
    end: int
    fence: str
    full: bool


def cut_page(text: str, *, start: int, fence: str, limit: int = MESSAGE_LIMIT) -> Page:
    """Return the message that shows `text` from `start` on, as much as fits into it.

    `fence` is the opening of the code block that `start` lies in, or "". A code block is left whole
    where it can be; else it is closed here and opened again on the next page. A word is broken only
    where there is no better place.
    """
    if not fence:
        start = len(text) - len(text[start:].lstrip())
    lead = fence + "\n" if fence else ""
    room = limit - len(lead) - len(_CLOSE)
    rest = text[start:]
    full = len(rest) > room and (len(rest) > limit - len(lead) or bool(_open_block(rest, fence)[0]))
    body = rest[: _place_to_cut(rest[:room], fence)] if full else rest
    opened, place = _open_block(body, fence)
    if opened and _is_bare(body, opened, place) and (place > 0 or not full):
        body, opened = body[:place], ""
    return Page(_content(lead, body, opened), start + len(body), opened, full)


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be shown: white space, or a code block just opened."""
    page = cut_page(text, start=0, fence="")
    return not (page.content or page.full)


def settled(text: str) -> str:
    """Return a growing text without its last word, which may not be complete."""
    words = text.rstrip()
    last = max((match.end() for match in re.finditer(r"\s", words[-WORD_LIMIT:])), default=0)
    return words[: max(len(words) - WORD_LIMIT, 0) + last] if last else words


def closed(text: str) -> str:
    """Return a text with its last code block closed, ready for words after it."""
    return text.rstrip() + (_CLOSE if _open_block(text, "")[0] else "")


def pages(text: str, *, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Return a whole text as the contents of as many messages as it needs."""
    found: list[str] = []
    page = Page("", 0, "", full=True)
    while page.full:
        page = cut_page(text, start=page.end, fence=page.fence, limit=limit)
        found += [page.content] if page.content else []
    return found


def _content(lead: str, body: str, opened: str) -> str:
    if not body.strip() or (lead and body.strip() == "```"):
        return ""
    return lead + body.rstrip() + (_CLOSE if opened else "")


def _open_block(body: str, fence: str) -> tuple[str, int]:
    """Return the opening of the block that `body` ends in and its place (-1: before the body)."""
    opened, place = fence, -1
    for match in _FENCE.finditer(body):
        opened, place = ("", -1) if opened else (match.group(), match.start())
    return opened, place


def _is_bare(body: str, opened: str, place: int) -> bool:
    return place >= 0 and not body[place + len(opened) :].strip()


def _place_to_cut(window: str, fence: str) -> int:
    """Return the best place to end a page within `window`, at least 1."""
    opened, place = _open_block(window, fence)
    if opened and place >= len(window) // 4:
        return place
    blocks = [] if opened else _blocks(window, fence)
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(window, len(window) // 2)]
        outside = [end for end in ends if not any(a < end < b for a, b in blocks)]
        if outside:
            return outside[-1]
    return len(window.rstrip("`")) or len(window)


def _blocks(window: str, fence: str) -> list[tuple[int, int]]:
    """Return where the code blocks of a window begin and end."""
    places = [match.span() for match in _FENCE.finditer(window)]
    edges = ([0] if fence else []) + [
        end if (index + bool(fence)) % 2 else start for index, (start, end) in enumerate(places)
    ]
    return list(zip(edges[::2], edges[1::2], strict=False))
