"""Read what Discord says about its limit of edits, without any HTTP library.

bot.py feeds it from aiohttp: `TraceConfig.on_request_end` → `read_edit_limit(method, path,
headers, status=…)` → `ChannelPacers.observe(limit)`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_POST = re.compile(r"/channels/(?P<channel>\d+)/messages$")
_EDIT = re.compile(r"/channels/(?P<channel>\d+)/messages/(?P<message>\d+)$")


@dataclass(frozen=True, slots=True)
class EditLimit:
    """Hold the answer to one edit: the channel's window of `limit` edits ends in `reset_after` s.

    `done` says that the message `message_id` was edited.
    """

    rate_key: str
    message_id: int
    limit: int
    remaining: int
    reset_after: float
    done: bool


def channel_rate_key(channel_id: int) -> str:
    """Name the budget of edits of a channel, a thread or a direct message."""
    return f"channel-{channel_id}"


def read_spent_channel(
    method: str, path: str, headers: Mapping[str, str], *, status: int
) -> int | None:
    """Return the channel in which a post was made that uses up the window; None otherwise."""
    match = _POST.search(path) if method == "POST" and 200 <= status < 300 else None
    spent = headers.get("X-RateLimit-Remaining") == "0"
    return int(match["channel"]) if match and spent else None


def read_edit_limit(
    method: str, path: str, headers: Mapping[str, str], *, status: int
) -> EditLimit | None:
    """Return the limit that the answer to an edit tells; None for other requests.

    `headers` finds names whatever their case (aiohttp's do) or has them as Discord writes them.
    """
    match = _EDIT.search(path) if method == "PATCH" else None
    if match is None:
        return None
    try:
        return EditLimit(
            rate_key=channel_rate_key(int(match["channel"])),
            message_id=int(match["message"]),
            limit=int(headers["X-RateLimit-Limit"]),
            remaining=int(headers["X-RateLimit-Remaining"]),
            reset_after=float(headers["X-RateLimit-Reset-After"]),
            done=200 <= status < 300,
        )
    except (KeyError, ValueError):
        return None
