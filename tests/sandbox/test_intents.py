import discord
import pytest

from sandbox.intents import Intent, application_flags, needed_intent, parse_intents


def test_privileged_intents_can_be_kept_or_withdrawn_by_name() -> None:
    assert parse_intents([]) & Intent.PRIVILEGED == 0
    assert parse_intents(["guild_members"]) & Intent.PRIVILEGED == Intent.MEMBERS
    kept = parse_intents({"message_content": False, "members": True})
    assert kept & Intent.PRIVILEGED == Intent.MEMBERS | Intent.PRESENCES
    assert parse_intents(1 << 15) == Intent.MESSAGE_CONTENT
    for nonsense in ("members", None, ["guilds"], True):
        with pytest.raises(ValueError, match=r"\.$"):
            parse_intents(nonsense)


def test_events_of_direct_messages_need_intents_of_their_own() -> None:
    assert needed_intent("MESSAGE_CREATE", direct=False) == Intent.GUILD_MESSAGES
    assert needed_intent("MESSAGE_CREATE", direct=True) == Intent.DM_MESSAGES
    assert needed_intent("INTERACTION_CREATE", direct=False) == 0


def test_an_application_shows_which_privileged_intents_it_has() -> None:
    flags = discord.ApplicationFlags._from_value(application_flags(Intent.MESSAGE_CONTENT))
    assert flags.gateway_message_content_limited
    assert not flags.gateway_guild_members_limited
    assert application_flags(parse_intents([])) == 0
