from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import discord
import pytest
from discord import app_commands

from cogs.access import REFUSALS, AccessRefusedError, Gate, places_of
from cogs.errors import explain
from services.access import Access
from services.preferences import GuildPreferences

GUILD, ROLE, CHANNEL, THREAD, USER = 5, 10, 100, 101, 1


def gate(**lists: set[int]) -> Gate:
    made: dict[str, Any] = {name: frozenset(ids) for name, ids in lists.items()}
    choices = {GUILD: GuildPreferences(**made)}
    return Gate(choices=lambda guild_id: choices.get(guild_id, GuildPreferences()))


def member() -> Any:
    return MagicMock(spec=discord.Member, id=USER, roles=[SimpleNamespace(id=ROLE)])


def message(**changes: Any) -> Any:
    fields = {
        "guild": SimpleNamespace(id=GUILD),
        "author": member(),
        "channel": SimpleNamespace(id=CHANNEL),
    }
    return SimpleNamespace(**fields | changes)


def interaction(command: Any = None, **changes: Any) -> Any:
    fields = {
        "guild_id": GUILD,
        "user": member(),
        "channel": SimpleNamespace(id=CHANNEL),
        "channel_id": CHANNEL,
        "type": discord.InteractionType.application_command,
        "command": command or app_commands.Command(name="ask", description="x", callback=nothing),
    }
    return SimpleNamespace(**fields | changes)


async def nothing(interaction: discord.Interaction) -> None:
    """Do nothing."""


def test_a_message_is_judged_by_its_author_their_roles_and_its_place() -> None:
    assert gate(denied_users={USER}).judge(message()) is Access.WRONG_PERSON
    assert gate(denied_roles={ROLE}).judge(message()) is Access.WRONG_PERSON
    assert gate(denied_channels={CHANNEL}).judge(message()) is Access.WRONG_PLACE
    assert gate(denied_channels={THREAD}).judge(message()) is Access.GRANTED


def test_a_thread_counts_as_its_channel() -> None:
    thread = SimpleNamespace(id=THREAD, parent_id=CHANNEL)
    assert places_of(thread) == {THREAD, CHANNEL}
    assert gate(denied_channels={CHANNEL}).judge(message(channel=thread)) is Access.WRONG_PLACE
    assert gate(free_channels={CHANNEL}).is_free(message(channel=thread))


def test_direct_messages_know_no_lists() -> None:
    direct = message(guild=None, author=SimpleNamespace(id=USER))
    assert gate(denied_users={USER}).judge(direct) is Access.GRANTED
    assert not gate(free_channels={CHANNEL}).is_free(direct)
    gate(denied_users={USER}).check(interaction(guild_id=None))


@pytest.mark.parametrize(
    ("lists", "access"),
    [
        ({"denied_users": {USER}}, Access.WRONG_PERSON),
        ({"allowed_roles": {99}}, Access.WRONG_PERSON),
        ({"denied_channels": {CHANNEL}}, Access.WRONG_PLACE),
    ],
)
def test_a_forbidden_command_is_refused_in_words(
    lists: dict[str, set[int]], access: Access
) -> None:
    with pytest.raises(AccessRefusedError) as refusal:
        gate(**lists).check(interaction())
    assert explain(refusal.value) == REFUSALS[access]
    assert gate(**lists).refusal(interaction()) == REFUSALS[access]


def test_whoever_is_allowed_meets_no_gate() -> None:
    gate(allowed_users={USER}, allowed_channels={CHANNEL}).check(interaction())
    assert gate().refusal(interaction()) == ""


def test_moderators_commands_and_privacy_are_never_forbidden() -> None:
    manage = discord.Permissions(manage_guild=True)
    group = app_commands.Group(name="settings", description="x", default_permissions=manage)
    inner: Any = app_commands.Command(name="show", description="x", callback=nothing, parent=group)
    group.add_command(inner)
    privacy = app_commands.Group(name="privacy", description="x")
    forget: Any = app_commands.Command(
        name="forget", description="x", callback=nothing, parent=privacy
    )
    closed = gate(denied_users={USER})
    closed.check(interaction(inner))
    closed.check(interaction(forget))
    closed.check(interaction(type=discord.InteractionType.autocomplete))


def test_a_command_that_is_unknown_is_refused_like_any_other() -> None:
    unknown = interaction()
    unknown.command = None
    with pytest.raises(AccessRefusedError):
        gate(denied_users={USER}).check(unknown)
