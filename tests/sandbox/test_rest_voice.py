from typing import Any

import pytest

from sandbox.model import Channel, ChannelKind, Guild, Overwrite
from sandbox.permissions import Permission
from sandbox.server import Sandbox
from tests.sandbox.probe import Control

NOW = "2026-01-01T00:00:00"


def enter(sandbox: Sandbox, kind: ChannelKind, *, deny: int = 0, allow: int = 0) -> Channel:
    """Put the bot into a new channel, where it may more or less than elsewhere."""
    world = sandbox.world
    guild = next(iter(world.guilds.values()))
    overwrites = [Overwrite(world.bot.id, True, allow, deny)]
    channel = world.add_channel(guild, "Hall", kind, overwrites)
    world.set_voice(channel, world.bot, session_id="s")
    return channel


def guild_of(channel: Channel) -> Guild:
    assert channel.guild
    return channel.guild


async def change(api: Control, channel: Channel, **body: Any) -> tuple[int, int]:
    path = f"/guilds/{guild_of(channel).id}/voice-states/@me"
    status, answer = await api.call("PATCH", path, json={"channel_id": str(channel.id), **body})
    return status, answer["code"] if answer else 0


async def test_a_newcomer_on_a_stage_is_not_heard_and_asks(sandbox: Sandbox, api: Control) -> None:
    hall = enter(sandbox, "stage")
    state = guild_of(hall).voice_states[sandbox.world.bot.id]
    assert state.suppress
    assert await change(api, hall, suppress=False) == (403, 50013)
    assert await change(api, hall, request_to_speak_timestamp=NOW) == (204, 0)
    assert state.suppress
    assert state.requested
    assert [each["rule"] for each in sandbox.violations.as_json()["violations"]] == ["permission"]


async def test_who_may_mute_members_takes_the_stage(sandbox: Sandbox, api: Control) -> None:
    hall = enter(sandbox, "stage", allow=Permission.MUTE_MEMBERS, deny=Permission.REQUEST_TO_SPEAK)
    assert await change(api, hall, request_to_speak_timestamp=NOW) == (403, 50013)
    assert await change(api, hall, suppress=False, request_to_speak_timestamp=None) == (204, 0)
    assert not guild_of(hall).voice_states[sandbox.world.bot.id].suppress


async def test_there_is_no_stage_elsewhere(sandbox: Sandbox, api: Control) -> None:
    room = enter(sandbox, "voice")
    assert await change(api, room, suppress=False) == (400, 50024)
    sandbox.world.leave_voice(guild_of(room), sandbox.world.bot)
    assert await change(api, room, suppress=False) == (400, 10065)


async def test_who_may_not_speak_is_suppressed_as_soon_as_that_changes(sandbox: Sandbox) -> None:
    room = enter(sandbox, "voice", deny=Permission.SPEAK)
    state = guild_of(room).voice_states[sandbox.world.bot.id]
    assert state.suppress
    sandbox.world.permit(room, [])
    assert not state.suppress


@pytest.mark.parametrize(
    ("kind", "deny", "status", "expected"),
    [
        ("voice", 0, "thinking", (204, 0)),
        ("voice", 0, "x" * 501, (400, 50035)),
        ("voice", Permission.SET_VOICE_CHANNEL_STATUS, "thinking", (403, 50013)),
        ("stage", 0, "thinking", (400, 50024)),
    ],
)
async def test_the_status_of_a_channel(
    sandbox: Sandbox,
    api: Control,
    control: Control,
    kind: ChannelKind,
    deny: int,
    status: str,
    expected: tuple[int, int],
) -> None:
    room = enter(sandbox, kind, deny=deny)
    path = f"/channels/{room.id}/voice-status"
    code, answer = await api.call("PUT", path, json={"status": status})
    assert (code, answer["code"] if answer else 0) == expected
    shown = (await control.get(f"/voice/{room.id}/statuses"))["statuses"]
    assert [each["status"] for each in shown] == ([status] if code == 204 else [])


async def test_who_is_not_there_needs_more_to_set_a_status(sandbox: Sandbox, api: Control) -> None:
    room = enter(sandbox, "voice")
    sandbox.world.leave_voice(guild_of(room), sandbox.world.bot)
    status, _ = await api.call("PUT", f"/channels/{room.id}/voice-status", json={"status": None})
    assert status == 403


async def test_a_moderator_brings_somebody_on_the_stage(sandbox: Sandbox, control: Control) -> None:
    hall = enter(sandbox, "stage")
    state = guild_of(hall).voice_states[sandbox.world.bot.id]
    body = {"user": "admin", "target": "bot"}
    await control.post(f"/voice/{hall.id}/stage", body)
    assert not state.suppress
    await control.post(f"/voice/{hall.id}/stage", {**body, "audience": True})
    assert state.suppress
    room = enter(sandbox, "voice")
    assert (await control.refused("POST", f"/voice/{room.id}/stage", body))[0] == 400
