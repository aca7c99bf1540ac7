from collections.abc import Mapping
from enum import IntFlag


class Intent(IntFlag):
    """Name the gateway's intents with Discord's own bits."""

    GUILDS = 1 << 0
    MEMBERS = 1 << 1
    VOICE_STATES = 1 << 7
    PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_REACTIONS = 1 << 10
    GUILD_TYPING = 1 << 11
    DM_MESSAGES = 1 << 12
    DM_REACTIONS = 1 << 13
    DM_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    PRIVILEGED = MEMBERS | PRESENCES | MESSAGE_CONTENT
    ALL = (1 << 30) - 1


APPLICATION_FLAGS = {
    Intent.PRESENCES: 1 << 13,
    Intent.MEMBERS: 1 << 15,
    Intent.MESSAGE_CONTENT: 1 << 19,
}
"""The flags of an application that may use a privileged intent in fewer than a hundred servers."""

GUILD_EVENTS = {
    "GUILD_CREATE": Intent.GUILDS,
    "GUILD_DELETE": Intent.GUILDS,
    "CHANNEL_CREATE": Intent.GUILDS,
    "CHANNEL_DELETE": Intent.GUILDS,
    "CHANNEL_UPDATE": Intent.GUILDS,
    "THREAD_CREATE": Intent.GUILDS,
    "THREAD_DELETE": Intent.GUILDS,
    "GUILD_MEMBER_ADD": Intent.MEMBERS,
    "GUILD_MEMBER_REMOVE": Intent.MEMBERS,
    "VOICE_STATE_UPDATE": Intent.VOICE_STATES,
    "VOICE_CHANNEL_STATUS_UPDATE": Intent.GUILDS,
    "MESSAGE_CREATE": Intent.GUILD_MESSAGES,
    "MESSAGE_UPDATE": Intent.GUILD_MESSAGES,
    "MESSAGE_DELETE": Intent.GUILD_MESSAGES,
    "MESSAGE_DELETE_BULK": Intent.GUILD_MESSAGES,
    "MESSAGE_REACTION_ADD": Intent.GUILD_REACTIONS,
    "MESSAGE_REACTION_REMOVE": Intent.GUILD_REACTIONS,
    "TYPING_START": Intent.GUILD_TYPING,
}
"""The intent that each event of a guild needs; in a DM those of messages have their own."""

DIRECT_EVENTS = {
    Intent.GUILD_MESSAGES: Intent.DM_MESSAGES,
    Intent.GUILD_REACTIONS: Intent.DM_REACTIONS,
    Intent.GUILD_TYPING: Intent.DM_TYPING,
}


def needed_intent(event: str, *, direct: bool) -> Intent:
    """Return the intent that an event needs; none is needed for interactions."""
    needed = GUILD_EVENTS.get(event, Intent(0))
    return DIRECT_EVENTS.get(needed, needed) if direct else needed


def application_flags(intents: Intent) -> int:
    """Return the flags that tell an application's bot which privileged intents it may ask for."""
    return sum(flag for intent, flag in APPLICATION_FLAGS.items() if intents & intent)


def parse_intents(given: object) -> Intent:
    """Read the intents an application keeps: the privileged ones by name, or as a bit set.

    `["members"]` keeps only that privileged intent; `{"message_content": false}` withdraws one;
    a number is a bit set of all intents. Raises ValueError.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return Intent(given) & Intent.ALL
    if isinstance(given, Mapping):
        withdrawn = [_privileged(name) for name, kept in given.items() if not kept]
        return Intent.ALL & ~_union(withdrawn)
    if isinstance(given, list):
        return Intent.ALL & ~(Intent.PRIVILEGED & ~_union([_privileged(name) for name in given]))
    raise ValueError("Give the privileged intents to keep as a list of names.")


def _privileged(name: object) -> Intent:
    plain = str(name).upper().removeprefix("GUILD_")
    if plain not in ("MEMBERS", "PRESENCES", "MESSAGE_CONTENT"):
        raise ValueError(f"{name!r:.60} is not members, presences or message_content.")
    return Intent[plain]


def _union(intents: list[Intent]) -> Intent:
    union = Intent(0)
    for intent in intents:
        union |= intent
    return union
