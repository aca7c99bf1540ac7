"""The built-in talker: rules instead of a model, the same answer to the same words, and honest.

It exists so that a first try needs no key, and so that every way a reply can look is reachable:
several messages, code, lists, a table, links, emoji, hidden thoughts.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from sandbox.openai import images, samples
from sandbox.openai.story import STORY

MAX_COUNT = 1000
MAX_ECHO = 4000
QUOTED = 80
"""How much of a question the default answer repeats, characters."""

SPEAKER = re.compile(r"\A\s*(?!(?:echo|say|repeat|count|think)\b)[\w .'-]{1,32}:\s+(?=\S)", re.I)
MENTION = re.compile(r"<@!?\d+>\s*")

Answer = Callable[[re.Match[str]], str]


def answer(messages: Sequence[dict[str, Any]]) -> str:
    """Answer the last message that a user wrote."""
    asked = last_user_text(messages)
    if seen := images.sizes(_last_user_content(messages)):
        return _images(seen)
    for pattern, reply in RULES:
        if match := pattern.search(asked):
            return reply(match)
    return _default(asked)


def last_user_text(messages: Sequence[dict[str, Any]]) -> str:
    """Return what was last asked, without the speaker's name or mentions before it."""
    text = SPEAKER.sub("", content_text(_last_user_content(messages)).strip(), count=1)
    return MENTION.sub("", text).strip()


def _last_user_content(messages: Sequence[dict[str, Any]]) -> Any:
    users = (each.get("content") for each in reversed(messages) if each.get("role") == "user")
    return next(users, None)


def content_text(content: Any) -> str:
    """Return the text of a message's content: a string, or OpenAI's list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def _always(text: str) -> Answer:
    return lambda _match: text


def _echo(match: re.Match[str]) -> str:
    return match[1][:MAX_ECHO]


def _count(match: re.Match[str]) -> str:
    last = max(1, min(int(match[1] or 10), MAX_COUNT))
    return ", ".join(str(number) for number in range(1, last + 1)) + "."


def _images(seen: Sequence[tuple[str, int]]) -> str:
    told = ", ".join(f"{kind} of {size} bytes" for kind, size in seen)
    noun = "image" if len(seen) == 1 else "images"
    return f"You sent me {len(seen)} {noun} ({told}). I have rules and no eyes to see more."


def _default(asked: str) -> str:
    words = " ".join(asked.split())
    if not words:
        return "You sent me no words. Write something, or ask me for help."
    quoted = words if len(words) <= QUOTED else words[:QUOTED].rsplit(" ", 1)[0] + " …"
    return DEFAULTS[crc32(words.encode(errors="surrogatepass")) % len(DEFAULTS)].format(quoted)


DEFAULTS = (
    "You said “{}”. I am only the sandbox's built-in talker, so I know little about that. "
    "Ask me for help to see what I can do.",
    "“{}” sounds worth a real answer. I work by a handful of rules and have none for it. "
    "A real model, once it is connected, will know more.",
    "Thank you for asking about “{}”. I have no knowledge of the world, only a few rules. "
    "Still, you can see that question and answer find their way.",
)


def _rule(pattern: str, reply: Answer) -> tuple[re.Pattern[str], Answer]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), reply


RULES: tuple[tuple[re.Pattern[str], Answer], ...] = (
    _rule(r"^(?:please )?(?:echo|say|repeat)\b[:,]?\s+(\S.*)$", _echo),
    _rule(r"\bcount\b(?:\s+(?:up\s+)?to\s+(\d{1,9}))?", _count),
    _rule(r"\bstory\b", _always(STORY)),
    _rule(r"\b(?:code|program|function)\b", _always(samples.CODE)),
    _rule(r"\btable\b", _always(samples.TABLE)),
    _rule(r"\blists?\b", _always(samples.LISTS)),
    _rule(r"\b(?:links?|urls?)\b", _always(samples.LINKS)),
    _rule(r"\bemojis?\b", _always(samples.EMOJI)),
    _rule(r"\bthink\b", _always(samples.THOUGHT)),
    _rule(r"\bjoke\b", _always(samples.JOKE)),
    _rule(
        r"\b(?:who|what) are you\b|\byour name\b|\bare you (?:a|an|real)\b", _always(samples.WHO)
    ),
    _rule(r"\bhelp\b|\bwhat can you do\b", _always(samples.HELP)),
    _rule(r"\bhow are you\b", _always(samples.WELL)),
    _rule(r"\bwhat (?:time|day|date)\b|\bwhat's the (?:time|date)\b", _always(samples.NO_CLOCK)),
    _rule(r"\b(?:thanks|thank you|thx)\b", _always(samples.WELCOME)),
    _rule(r"\b(?:bye|goodbye|good night|see you)\b", _always(samples.BYE)),
    _rule(r"\b(?:hello|hi|hey|good (?:morning|evening))\b", _always(samples.HELLO)),
)
"""What the talker knows; the first rule that matches answers."""
