from types import SimpleNamespace
from typing import Any

import discord
import pytest

from cogs.places import is_public, place_of
from services.core.types import Place

GUILD, EVERYONE = 5, 5
MUTED, MEMBER = 6, 7
READER = discord.Permissions(view_channel=True, read_message_history=True, connect=True)

TEXT, VOICE, STAGE, FORUM = 0, 2, 13, 15
PUBLIC_THREAD, PRIVATE_THREAD = 11, 12


def overwrite(target: int, *, deny: str = "", allow: str = "") -> dict[str, Any]:
    def bits(names: str) -> str:
        return str(discord.Permissions(**dict.fromkeys(names.split(), True)).value)

    kind = 1 if target == MEMBER else 0
    return {"id": str(target), "type": kind, "allow": bits(allow), "deny": bits(deny)}


def guild_with(kind: int, *overwrites: dict[str, Any], **more: Any) -> discord.Guild:
    """Return a guild with one channel (10), a public thread (11) and a private one (12) in it."""
    channel = {"id": "10", "type": kind, "name": "x", "position": 0, "bitrate": 64000}
    channel |= {"user_limit": 0, "permission_overwrites": list(overwrites), **more}
    roles = [
        {"id": str(each), "name": "r", "permissions": str(READER.value), "position": each - 5}
        for each in (EVERYONE, MUTED)
    ]
    threads = [_thread(PUBLIC_THREAD), _thread(PRIVATE_THREAD)]
    data = {"id": str(GUILD), "name": "g", "owner_id": "1", "roles": roles}
    state: Any = SimpleNamespace(
        shard_count=None,
        self_id=99,
        cache_guild_expressions=False,
        member_cache_flags=discord.MemberCacheFlags.none(),
    )
    everything: Any = data | {"channels": [channel], "threads": threads}
    return discord.Guild(data=everything, state=state)


def _thread(kind: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"archived": False, "auto_archive_duration": 60, "locked": False}
    metadata["archive_timestamp"] = "2026-01-01T00:00:00+00:00"
    found = {"id": str(kind), "type": kind, "parent_id": "10", "owner_id": "1", "name": "t"}
    return found | {"message_count": 0, "member_count": 1, "thread_metadata": metadata}


@pytest.mark.parametrize("kind", [TEXT, VOICE, STAGE, FORUM])
def test_what_everyone_may_read_is_public_and_its_threads_with_it(kind: int) -> None:
    guild = guild_with(kind)
    assert place_of(guild, 10) == Place(10, GUILD, public=True)
    assert place_of(guild, PUBLIC_THREAD) == Place(10, GUILD, public=True)
    assert place_of(guild, PRIVATE_THREAD) == Place(PRIVATE_THREAD, GUILD)


@pytest.mark.parametrize(
    "closed",
    [
        overwrite(EVERYONE, deny="view_channel"),
        overwrite(EVERYONE, deny="read_message_history"),
        overwrite(MUTED, deny="view_channel"),
        overwrite(MUTED, deny="read_message_history"),
        overwrite(MEMBER, deny="view_channel"),
    ],
)
def test_a_channel_that_anybody_is_shut_out_of_is_private(closed: dict[str, Any]) -> None:
    guild = guild_with(TEXT, closed)
    assert place_of(guild, 10) == place_of(guild, PUBLIC_THREAD) == Place(10, GUILD)


def test_other_exceptions_close_nothing() -> None:
    exceptions = overwrite(EVERYONE, deny="send_messages"), overwrite(MUTED, allow="view_channel")
    assert place_of(guild_with(TEXT, *exceptions), 10).public
    assert place_of(guild_with(TEXT, overwrite(EVERYONE, deny="connect")), 10).public


@pytest.mark.parametrize("kind", [VOICE, STAGE])
def test_the_chat_of_a_voice_channel_is_for_those_who_may_enter(kind: int) -> None:
    assert not place_of(guild_with(kind, overwrite(EVERYONE, deny="connect")), 10).public
    assert not place_of(guild_with(kind, overwrite(MUTED, deny="connect")), 10).public


def test_a_channel_for_adults_is_not_for_everyone() -> None:
    assert not place_of(guild_with(TEXT, nsfw=True), 10).public


def test_what_is_not_known_is_private() -> None:
    assert place_of(guild_with(TEXT), 77) == Place(77, GUILD)
    assert place_of(None, 77) == Place(77, None)


def test_a_channel_is_public_as_long_as_the_bot_sees_it() -> None:
    guild = guild_with(TEXT)
    client: Any = SimpleNamespace(get_guild={GUILD: guild}.get)
    assert is_public(client, GUILD, 10)
    assert not is_public(client, GUILD, 11 + 1)
    assert not is_public(client, 6, 10)
