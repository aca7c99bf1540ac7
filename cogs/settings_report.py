"""A guild's choices as its moderators read them."""

import textwrap
from collections.abc import Iterable

from services.languages import name_of
from services.preferences import GuildPreferences

SWITCH_ON_CONTENT = (
    "switch on *Message Content Intent* at Discord's developer page "
    "(my application → Bot → Privileged Gateway Intents) and start me again"
)

LONGEST = 2000
"""Discord's limit for one message, characters."""

UNREAD = f"⚠️ I can't read messages that don't mention me: {SWITCH_ON_CONTENT}."


def describe(choices: GuildPreferences, *, reads_everything: bool) -> list[str]:
    """Return every choice as a line; people, roles and channels as mentions."""
    return [
        *describe_free_chat(choices, reads_everything=reads_everything),
        *describe_access(choices),
        f"**Language**: {name_of(choices.language) if choices.language else 'the default'}",
        f"**Voice**: {choices.voice or 'the default'}"
        + (f", speed {choices.speed:g}" if choices.speed else ""),
        f"**Join by myself**: {_switch(choices.auto_join)}",
        *describe_reading_aloud(choices, reads_everything=reads_everything),
        *describe_personas(choices),
    ]


def needs_content(choices: GuildPreferences) -> bool:
    """Tell whether a guild chose something for which the bot must read all messages."""
    return bool(choices.free_channels) or choices.read_chat_aloud


def describe_free_chat(choices: GuildPreferences, *, reads_everything: bool) -> list[str]:
    """Return where the bot answers everything, and what that still needs."""
    warning = [UNREAD] if choices.free_channels and not reads_everything else []
    return [f"**Free chat**: {_channels(choices.free_channels) or 'nowhere'}", *warning]


def describe_reading_aloud(choices: GuildPreferences, *, reads_everything: bool) -> list[str]:
    """Return whether the bot reads the chat of its voice channel aloud, and what that needs."""
    warning = [UNREAD] if choices.read_chat_aloud and not reads_everything else []
    return [f"**Read the chat aloud**: {_switch(choices.read_chat_aloud)}", *warning]


def describe_personas(choices: GuildPreferences) -> list[str]:
    """Return who the bot is in a guild, and who may choose that."""
    chosen = sorted(choices.channel_personas.items())
    channels = "".join(f", <#{channel}> {name}" for channel, name in chosen)
    return [
        f"**Persona**: {choices.persona or 'the default'}{channels}",
        f"**Personas of one's own**: {_switch(choices.own_personas)}",
    ]


def describe_access(choices: GuildPreferences) -> list[str]:
    """Return who may use the bot, and where."""
    lines = [
        f"**For**: {_people(choices.allowed_users, choices.allowed_roles) or 'everybody'}",
        f"**In**: {_channels(choices.allowed_channels) or 'all channels'}",
    ]
    if denied := _people(choices.denied_users, choices.denied_roles):
        lines.append(f"**Not for**: {denied}")
    if denied := _channels(choices.denied_channels):
        lines.append(f"**Not in**: {denied}")
    return lines


def pages(lines: Iterable[str]) -> list[str]:
    """Join lines to as few messages as Discord's limit allows; too long ones break at a space."""
    made: list[str] = []
    for line in lines:
        for part in textwrap.wrap(line, LONGEST, break_on_hyphens=False):
            if made and len(made[-1]) + 1 + len(part) <= LONGEST:
                made[-1] += f"\n{part}"
            else:
                made.append(part)
    return made


def _channels(ids: Iterable[int]) -> str:
    return " ".join(f"<#{each}>" for each in sorted(ids))


def _people(users: Iterable[int], roles: Iterable[int]) -> str:
    mentions = [f"<@&{each}>" for each in sorted(roles)] + [f"<@{each}>" for each in sorted(users)]
    return " ".join(mentions)


def _switch(chosen: bool | None) -> str:
    return {True: "on", False: "off", None: "the default"}[chosen]
