import asyncio
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from services.core.errors import VoiceConnectionError, VoiceError
from services.core.types import Author
from services.voice.close_codes import PUT_OUT, closed
from services.voice.output import VoiceClock
from services.voice.sessions import VoiceSessions, check_access, take_the_stage
from tests.services.voice.fakes import speech
from tests.services.voice.rooms import ME, FakeChannel, FakeClient, guild


def sessions(attempts: int = 2) -> VoiceSessions:
    return VoiceSessions(clock=VoiceClock(), connect_timeout=5.0, attempts=attempts)


def closed_with(code: int) -> discord.ConnectionClosed:
    socket = cast("Any", SimpleNamespace(close_code=code))
    return discord.ConnectionClosed(socket, shard_id=None, code=code)


async def test_a_failed_attempt_is_made_again() -> None:
    channel = FakeChannel(guild())
    channel.failures = [TimeoutError()]
    session = await sessions().join(channel.real)
    assert (session.connected, session.channel_id, session.channel_name) == (True, 10, "Room 10")
    assert (session.guild_id, session.dave_active, session.latency) == (5, True, 0.02)
    assert channel.connects == 2


async def test_the_last_failure_is_told_in_words() -> None:
    channel = FakeChannel(guild())
    channel.failures = [closed_with(4006), closed_with(4006)]
    with pytest.raises(VoiceConnectionError) as failure:
        await sessions().join(channel.real)
    assert failure.value.code == 4006
    assert "no longer valid" in failure.value.user_message


async def test_missing_encryption_is_not_tried_twice() -> None:
    channel = FakeChannel(guild())
    channel.failures = [closed_with(4017), TimeoutError()]
    with pytest.raises(VoiceConnectionError, match="DAVE") as failure:
        await sessions(attempts=5).join(channel.real)
    assert failure.value.code == 4017
    assert channel.connects == 1


async def test_a_silent_server_and_a_broken_network_are_told_apart() -> None:
    channel = FakeChannel(guild())
    channel.failures = [TimeoutError(), ConnectionResetError()]
    for words in ("did not answer", "could not connect"):
        with pytest.raises(VoiceConnectionError) as failure:
            await sessions(attempts=1).join(channel.real)
        assert words in failure.value.user_message


async def test_joins_at_once_share_one_connection_and_another_channel_is_a_move() -> None:
    place = guild()
    first, second = FakeChannel(place, 10), FakeChannel(place, 11)
    voice = sessions()
    one, same = await asyncio.gather(voice.join(first.real), voice.join(first.real))
    assert one is same
    assert await voice.join(second.real) is one
    assert (one.channel_id, first.connects, second.connects) == (11, 1, 0)


async def test_what_keeps_the_bot_from_speaking_is_told_of_the_place_where_it_is_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def stage(channel: FakeChannel) -> str:
        return "I wait in the audience." if channel is hall else ""

    monkeypatch.setattr("services.voice.sessions.take_the_stage", stage)
    place = guild()
    lounge, hall = FakeChannel(place, 10), FakeChannel(place, 11)
    voice = sessions()

    async def told(channel: FakeChannel, *, suppressed: float | None) -> bool:
        if place.voice_client:
            place.voice_client.suppressed = suppressed
        return bool((await voice.join(channel.real)).notice)

    assert await told(hall, suppressed=None)
    assert not await told(lounge, suppressed=None)
    assert await told(hall, suppressed=1.0)
    assert not await told(hall, suppressed=None), "a moderator has let it speak"


async def test_a_move_that_fails_becomes_a_new_connection() -> None:
    place = guild()
    first, second = FakeChannel(place, 10), FakeChannel(place, 11)
    voice = sessions()
    session = await voice.join(first.real)
    place.voice_client.moves = False
    again = await voice.join(second.real)
    assert again is not session
    assert again.channel_id == 11
    assert voice.get(5) is again


async def test_a_lost_connection_is_replaced_by_join() -> None:
    channel = FakeChannel(guild())
    voice = sessions()
    session = await voice.join(channel.real)
    channel.guild.voice_client.connected = False
    assert await voice.join(channel.real) is not session


async def test_a_session_that_is_gone_takes_its_speech_with_it() -> None:
    channel = FakeChannel(guild())
    voice = sessions()
    await voice.join(channel.real)
    utterance = voice.open_utterance(5, None, in_line=False)
    assert utterance
    await utterance.write(speech(10))
    channel.guild.voice_client.cleanup()
    assert (await utterance.wait_for_playout()).interrupted
    assert voice.get(5) is None
    assert voice.open_utterance(5, None, in_line=False) is None


async def test_a_forgotten_session_is_entered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.voice.sessions.VocalChannel", FakeChannel)
    places = [guild(), guild(), guild()]
    places[1].id, places[2].id = 6, 7
    channels = {10 + index: FakeChannel(place, 10 + index) for index, place in enumerate(places)}
    voice = sessions(attempts=1)
    before = [await voice.join(channel.real) for channel in channels.values()]
    for place in places[1:]:  # as after discord.py has begun anew
        place.voice_client.connected = False
        place.voice_client = None
    del channels[12]
    await voice.restore(channels.get)
    assert voice.get(5) is before[0]
    assert voice.get(6) not in (None, before[1])
    assert voice.get(7) is None


def forget(channel: FakeChannel) -> None:
    """Leave the bot as it is after discord.py has begun a new session of the gateway."""
    channel.guild.voice_client.connected = False
    channel.guild.voice_client = None


async def test_what_was_said_in_a_forgotten_session_goes_on_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.voice.sessions.VocalChannel", FakeChannel)
    channel = FakeChannel(guild())
    voice = sessions()
    session = await voice.join(channel.real)
    utterance = voice.open_utterance(5, None, in_line=False)
    assert utterance
    await utterance.write(speech(10))
    forget(channel)
    await voice.restore(lambda _: channel)
    again = voice.get(5)
    assert again not in (None, session)
    assert channel.guild.voice_client.speaking
    assert not utterance.finished
    assert voice.stop(5) == 1


async def test_a_channel_that_can_not_be_entered_again_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.voice.sessions.VocalChannel", FakeChannel)
    channel = FakeChannel(guild())
    voice = sessions(attempts=1)
    await voice.join(channel.real)
    utterance = voice.open_utterance(5, None, in_line=False)
    assert utterance
    forget(channel)
    channel.failures = [TimeoutError()]
    await voice.restore(lambda _: channel)
    assert voice.get(5) is None
    assert (await utterance.wait_for_playout()).interrupted


async def test_a_forgotten_channel_that_may_not_be_entered_any_more_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.voice.sessions.VocalChannel", FakeChannel)
    channel = FakeChannel(guild())
    voice = sessions()
    await voice.join(channel.real)
    utterance = voice.open_utterance(5, None, in_line=False)
    assert utterance
    forget(channel)
    channel.user_limit, channel.voice_states = 1, {7: None}
    await voice.restore(lambda _: channel)
    assert voice.get(5) is None
    assert (await utterance.wait_for_playout()).interrupted


@pytest.mark.virtual_time
async def test_a_server_that_does_not_answer_keeps_no_other_from_being_restored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.voice.sessions.VocalChannel", FakeChannel)
    channels = {10 + number: FakeChannel(guild(), 10 + number) for number in range(12)}
    voice = sessions()
    for number, channel in enumerate(channels.values()):
        channel.guild.id = number
        await voice.join(channel.real)
        forget(channel)
    channels[10].takes = 20.0
    restoring = asyncio.create_task(voice.restore(channels.get))
    await asyncio.sleep(1)
    found = [voice.get(number) for number in range(12)]
    assert [session is not None and session.connected for session in found] == [False] + [True] * 11
    await restoring
    assert voice.get(0)


async def test_who_joins_again_before_the_bot_does_is_not_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.voice.sessions.VocalChannel", FakeChannel)
    place = guild()
    gone, other = FakeChannel(place, 10), FakeChannel(place, 11)
    voice = sessions()
    await voice.join(gone.real)
    forget(gone)
    voice.farewell = lambda _: asyncio.sleep(0)
    joining = asyncio.create_task(voice.join(other.real))
    await asyncio.sleep(0)
    await voice.restore(lambda _: None)
    assert voice.get(5) is await joining


@pytest.mark.parametrize(("code", "connects"), [(PUT_OUT, 1), (None, 2)])
async def test_a_connection_that_is_gone_before_it_is_used_makes_no_session(
    code: int | None, connects: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(client: FakeClient) -> None:
        if channel.connects == 1:
            client.end_code = code
            client.cleanup()

    monkeypatch.setattr(FakeClient, "announce_speaking", ends)
    channel = FakeChannel(guild())
    voice = sessions()
    joining = asyncio.create_task(voice.join(channel.real))
    await asyncio.sleep(0)
    assert voice.open_utterance(5, None, in_line=False)
    await asyncio.wait([joining])
    assert channel.connects == connects
    assert (joining.exception() is None) is (connects == 2)
    assert (voice.get(5) is None) is (connects == 1)


async def test_a_move_that_discord_can_not_be_told_of_leaves_the_bot_where_it_is() -> None:
    place = guild()
    first, second = FakeChannel(place, 10), FakeChannel(place, 11)
    voice = sessions()
    session = await voice.join(first.real)
    place.voice_client.move_to = AsyncMock(side_effect=ConnectionResetError("closing"))
    with pytest.raises(VoiceConnectionError):
        await voice.join(second.real)
    assert voice.get(5) is session
    assert (session.connected, session.channel_id) == (True, 10)


async def test_stop_counts_what_it_stopped() -> None:
    channel = FakeChannel(guild())
    voice = sessions()
    assert voice.stop(5) == 0
    await voice.join(channel.real)
    for _ in range(2):
        voice.open_utterance(5, None, in_line=False)
    assert voice.stop(5) == 2


async def test_one_person_is_silenced_and_nobody_else() -> None:
    voice = sessions()
    await voice.join(FakeChannel(guild()).real)
    people = {name: Author(id, name) for id, name in ((7, "ana"), (8, "ben"))}
    said = {
        name: voice.open_utterance(5, None, in_line=name == "ana", asker=asker)
        for name, asker in people.items()
    }
    voice.open_utterance(5, None, in_line=False)
    voice.silence(7)
    session = voice.get(5)
    assert session
    left = session.output.in_order()
    assert len(left) == 2
    assert said["ana"] not in left
    assert said["ben"] in left


async def test_closing_leaves_every_guild() -> None:
    places = [guild(), guild()]
    places[1].id = 6
    voice = sessions()
    for place in places:
        await voice.join(FakeChannel(place).real)
    await voice.aclose()
    assert [place.voice_client for place in places] == [None, None]
    assert voice.get(5) is voice.get(6) is None
    assert not await voice.leave(5)


@pytest.mark.virtual_time
async def test_closing_does_not_wait_for_a_discord_that_is_silent() -> None:
    channel = FakeChannel(guild())
    voice = sessions()
    await voice.join(channel.real)

    async def never(*, force: bool) -> None:
        await asyncio.sleep(3600)

    channel.guild.voice_client.disconnect = never
    await voice.aclose()
    assert asyncio.get_running_loop().time() <= 3.1
    assert voice.get(5) is None


def test_why_the_bot_cannot_enter_is_told_in_words() -> None:
    closed_room = FakeChannel(guild(), connect=False)
    hidden = FakeChannel(guild(), view_channel=False)
    silent = FakeChannel(guild(), speak=False)
    idle = FakeChannel(guild())
    idle.guild.afk_channel = idle
    full = FakeChannel(guild())
    full.user_limit, full.voice_states = 2, {7: None, 8: None}
    for channel, words in (
        (closed_room, "not enter Room 10: I lack the permission Connect"),
        (hidden, "View Channel"),
        (silent, "not speak in Room 10: I lack the permission Speak"),
        (idle, "AFK"),
        (full, "is full: 2 of 2"),
    ):
        with pytest.raises(VoiceConnectionError) as failure:
            check_access(channel.real)
        assert words in failure.value.user_message


def test_room_for_the_bot_is_room() -> None:
    channel = FakeChannel(guild())
    channel.user_limit, channel.voice_states = 2, {7: None, ME: None}
    check_access(channel.real)
    channel.voice_states = {7: None, 8: None}
    channel.allowed.move_members = True
    check_access(channel.real)


def test_an_unknown_close_code_is_named_by_its_number() -> None:
    assert "4999" in closed(4999).user_message


async def test_speech_opened_on_the_way_into_a_channel_is_heard_there() -> None:
    channel = FakeChannel(guild())
    voice = sessions()
    joining = asyncio.create_task(voice.join(channel.real))
    await asyncio.sleep(0)
    assert voice.changing(5)
    utterance = voice.open_utterance(5, None, in_line=False)
    assert utterance
    await utterance.write(speech(2))
    utterance.end()
    session = await joining
    assert session.output.speaking
    assert channel.guild.voice_client.speaking
    assert not voice.changing(5)
    assert voice.stop(5) == 1


@pytest.mark.parametrize("ending", ["stop", "failure"])
async def test_speech_opened_on_the_way_ends_with_the_attempt(ending: str) -> None:
    channel = FakeChannel(guild())
    channel.failures = [TimeoutError()]
    voice = sessions(attempts=1)
    joining = asyncio.create_task(voice.join(channel.real))
    await asyncio.sleep(0)
    utterance = voice.open_utterance(5, None, in_line=False)
    assert utterance
    if ending == "stop":
        assert voice.stop(5) == 1
        assert (await utterance.wait_for_playout()).interrupted
    await asyncio.wait([joining])
    assert isinstance(joining.exception(), VoiceConnectionError)
    assert (await utterance.wait_for_playout()).gave_up == (ending == "failure")
    assert voice.open_utterance(5, None, in_line=False) is None


async def test_who_is_let_speak_by_nobody_for_long_is_not_spoken_for() -> None:
    channel = FakeChannel(guild())
    voice = sessions()
    await voice.join(channel.real)
    for seconds in (None, 3.0):
        channel.guild.voice_client.suppressed = seconds
        assert voice.open_utterance(5, None, in_line=False)
    channel.guild.voice_client.suppressed = 60.0
    with pytest.raises(VoiceError) as failure:
        voice.open_utterance(5, None, in_line=False)
    assert "audience" in failure.value.user_message


@pytest.mark.parametrize(
    ("mute_members", "request_to_speak", "refusal", "words"),
    [
        (True, True, None, ""),
        (False, True, None, "have asked to speak"),
        (False, False, None, "until a moderator"),
        (True, True, OSError(), "until a moderator"),
    ],
)
async def test_the_way_on_a_stage(
    mute_members: bool, request_to_speak: bool, refusal: Exception | None, words: str
) -> None:
    hall = MagicMock(spec=discord.StageChannel)
    allowed = SimpleNamespace(mute_members=mute_members, request_to_speak=request_to_speak)
    hall.permissions_for.return_value = allowed
    hall.guild.me.edit = AsyncMock(side_effect=refusal)
    hall.guild.me.request_to_speak = AsyncMock()
    assert words in await take_the_stage(hall)
    assert hall.guild.me.edit.await_count == mute_members
    assert hall.guild.me.request_to_speak.await_count == (request_to_speak and not mute_members)
