"""Who may use the bot where, by the lists that a guild's moderators keep."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Literal

from services.core.errors import BotError
from services.preferences import GuildPreferences

MAX_LISTED = 50
"""Entries of one list; enough for people to keep an overview."""

Action = Literal["add", "remove", "clear"]


class Access(Enum):
    """Tell whether somebody may use the bot somewhere, and if not, whether place or person."""

    GRANTED = "granted"
    WRONG_PLACE = "wrong place"
    WRONG_PERSON = "wrong person"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Hold who wants something of the bot and where; a thread is in its parent channel as well."""

    user_id: int
    role_ids: frozenset[int]
    channel_ids: frozenset[int]


def judge(choices: GuildPreferences, visitor: Visitor) -> Access:
    """Decide by the lists: what is denied is denied; a list of what is allowed forbids the rest."""
    places = visitor.channel_ids
    if _denied(places, choices.denied_channels) or _left_out(places, choices.allowed_channels):
        return Access.WRONG_PLACE
    person, roles = {visitor.user_id}, visitor.role_ids
    if _denied(person, choices.denied_users) or _denied(roles, choices.denied_roles):
        return Access.WRONG_PERSON
    chosen = choices.allowed_users | choices.allowed_roles  # ids are unique over all kinds
    if _left_out(person | roles, chosen):
        return Access.WRONG_PERSON
    return Access.GRANTED


def is_free_chat(choices: GuildPreferences, channel_ids: Collection[int]) -> bool:
    """Tell whether everything that people write in a channel or thread is for the bot."""
    return not choices.free_channels.isdisjoint(channel_ids)


def edit_lists(
    choices: GuildPreferences, lists: str, action: Action, ids: Mapping[str, Collection[int]]
) -> GuildPreferences:
    """Add ids to, or remove them from, the lists `{lists}_{kind}`, or empty all of those.

    Raises BotError when a list would grow too long.
    """
    names = [field.name for field in fields(choices) if field.name.startswith(f"{lists}_")]
    if action == "clear":
        return replace(choices, **{name: frozenset[int]() for name in names})  # type: ignore[arg-type]
    changed: dict[str, frozenset[int]] = {}
    for kind, given in ids.items():
        name = f"{lists}_{kind}"
        now: frozenset[int] = getattr(choices, name)
        changed[name] = now | set(given) if action == "add" else now - set(given)
        if len(changed[name]) > max(MAX_LISTED, len(now)):
            raise BotError(
                user_message=f"That list is full: {MAX_LISTED} entries. Remove some first."
            )
    return replace(choices, **changed)  # type: ignore[arg-type]


def _denied(ids: Collection[int], denied: frozenset[int]) -> bool:
    return not denied.isdisjoint(ids)


def _left_out(ids: Collection[int], allowed: frozenset[int]) -> bool:
    return bool(allowed) and allowed.isdisjoint(ids)
