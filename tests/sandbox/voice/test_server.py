import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import davey
import discord
import numpy as np
import pytest
import pytest_asyncio

from sandbox.voice.opus import OpusDecoder
from sandbox.voice.rtp import SILENCE
from sandbox.voice.rules import TRANSITION_GRACE
from tests.sandbox.voice.harness import (
    ANA,
    BEN,
    BOT,
    CHANNEL,
    GUILD,
    OTHER_CHANNEL,
    World,
    read,
    tone,
    until,
    voice_world,
    wav,
)
from tests.sandbox.voice.speakers import Ear, FastVoice, packets, play

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with voice_world(tmp_path) as world:
        yield world


async def heard(
    world: World, count: int, *, channel: int = CHANNEL, since: float = 0.0
) -> list[dict[str, Any]]:
    """Wait for frames and return them."""

    def frames() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = world.server.frames(channel, since=since)["frames"]
        return told

    await until(lambda: len(frames()) >= count)
    return frames()


async def transitions(world: World, count: int) -> None:
    await until(lambda: world.kinds().count("dave_transition") >= count)


async def forget_dave(voice: discord.VoiceClient) -> None:
    """Make discord.py send clear frames, once it has taken what it was told before."""
    await until(lambda: not voice._connection.dave_pending_transitions)
    voice._connection.dave_protocol_version = 0


async def say(world: World, user_id: int = ANA, *, seconds: float = 0.1, **changes: Any) -> Any:
    knobs: dict[str, Any] = {"mode": "ptt", "loss": 0.0, "jitter_ms": 0.0, "clear_fraction": 0.0}
    knobs |= changes
    sound = wav(tone(seconds))
    return await world.server.say(channel_id=CHANNEL, user_id=user_id, wav=sound, **knobs)


async def test_a_bot_alone_is_heard_in_the_clear(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await play(voice, packets(0.1))
    frames = await heard(world, 10)
    assert [frame["encrypted"] for frame in frames] == [False] * 10
    assert [frame["silence"] for frame in frames] == [False] * 5 + [True] * 5
    assert all(frame["decoded"] for frame in frames)
    assert world.rules() == []


@pytest.mark.parametrize("cls", [discord.VoiceClient, FastVoice])
async def test_a_human_that_joins_hears_the_bot_encrypted(
    world: World, cls: type[discord.VoiceClient]
) -> None:
    voice = await world.account().connect(CHANNEL, cls=cls)
    await world.join(ANA)
    await transitions(world, 1)
    await play(voice, packets(0.1))
    frames = await heard(world, 10)
    assert all(frame["encrypted"] != frame["silence"] for frame in frames)
    assert all(frame["decoded"] for frame in frames)
    assert np.abs(read(world.server.recording(CHANNEL))).max() > 6000
    kinds = world.kinds()
    assert kinds.count("voice_join") == 2
    assert kinds.index("voice_speaking") < kinds.index("voice_first_frame")
    assert world.rules() == []


async def test_a_listener_gets_the_sounding_frames_as_they_arrive(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    taken: list[tuple[int, bytes]] = []
    with world.server.listen(CHANNEL, lambda ssrc, opus: taken.append((ssrc, opus))):
        sent = packets(0.1)
        await play(voice, sent)
        await until(lambda: "voice_last_frame" in world.kinds())
    await play(voice, packets(0.02))
    assert [opus for _, opus in taken] == [packet for packet in sent if packet != SILENCE]
    last = next(event["t"] for event in world.events if event["kind"] == "voice_last_frame")
    assert last == (await heard(world, 10))[4]["t"]


async def test_a_bot_that_joins_humans_is_heard_by_all(world: World) -> None:
    await world.join(ANA)
    await world.join(BEN)
    await transitions(world, 1)
    voice = await world.account().connect(CHANNEL)
    await transitions(world, 2)
    await play(voice, packets(0.1))
    assert all(frame["decoded"] for frame in await heard(world, 10))
    assert world.rules() == []


async def test_humans_come_and_go_while_the_bot_speaks(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    code = voice.voice_privacy_code
    talk = asyncio.create_task(play(voice, packets(0.5)))
    await world.join(BEN)
    await transitions(world, 2)
    assert voice.voice_privacy_code != code
    await world.server.human_leave(channel_id=CHANNEL, user_id=ANA)
    await transitions(world, 3)
    await talk
    frames = await heard(world, 30)
    assert all(frame["encrypted"] or frame["silence"] for frame in frames)
    assert all(frame["decoded"] for frame in frames)
    assert world.rules() == []


async def test_a_bot_that_is_left_alone_speaks_clear_again(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    await world.server.human_leave(channel_id=CHANNEL, user_id=ANA)
    await until(lambda: not voice._connection.can_encrypt)
    await play(voice, packets(0.06), end=False)
    assert not any(frame["encrypted"] for frame in await heard(world, 3))
    await world.join(BEN)
    await transitions(world, 2)
    since = await play(voice, packets(0.06), end=False)
    frames = await heard(world, 3, since=since)
    assert all(frame["encrypted"] and frame["decoded"] for frame in frames)
    assert world.rules() == []


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # VoiceClient's own, at each move
async def test_a_moved_bot_is_heard_in_the_other_channel(world: World) -> None:
    account = world.account()
    voice = await account.connect(CHANNEL)
    await world.join(ANA)
    await world.join(BEN, OTHER_CHANNEL)
    await transitions(world, 1)
    await say(world, seconds=0.02)  # its socket reader sleeps up to 30 s unless a packet comes
    token = voice.token
    await voice.move_to(cast("Any", account.get_channel(OTHER_CHANNEL)), timeout=5.0)
    await transitions(world, 2)
    assert voice.token != token
    await play(voice, packets(0.06), end=False)
    frames = await heard(world, 3, channel=OTHER_CHANNEL)
    assert all(frame["encrypted"] and frame["decoded"] for frame in frames)
    assert world.server.frames(CHANNEL, since=0.0)["frames"] == []
    assert world.rules() == []


async def test_two_guilds_speak_at_once(world: World) -> None:
    voices = []
    for guild, channel in ((GUILD, CHANNEL), (GUILD + 1, OTHER_CHANNEL)):
        await world.join(ANA + guild, channel, guild)
        voices.append(await world.account(BOT, guild).connect(channel))
    await transitions(world, 2)
    await asyncio.gather(*(play(voice, packets(0.1)) for voice in voices))
    for channel in (CHANNEL, OTHER_CHANNEL):
        assert all(frame["decoded"] for frame in await heard(world, 10, channel=channel))
    assert world.rules() == []


async def test_breaches_of_the_rules_are_recorded(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    await play(voice, packets(0.06), end=False)
    voice._incr_nonce = 0
    voice.send_audio_packet(SILENCE, encode=False)
    voice.send_audio_packet(b"\xff", encode=False)
    spoiled = voice._get_voice_packet(SILENCE)
    voice._connection.send_packet(spoiled[:-6] + b"xx" + spoiled[-4:])
    await heard(world, 5)
    await until(lambda: len(world.rules()) >= 4)
    reused, _, *others = world.rules()
    assert reused == "nonce_reuse"
    assert sorted(others) == ["opus_invalid", "rtp_decrypt"]


async def test_a_clear_frame_under_dave_is_a_breach(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    await forget_dave(voice)
    await play(voice, packets(0.4), end=False)
    await heard(world, 20)
    assert "clear_frame" in world.rules()


async def test_a_frame_with_wrong_keys_is_a_breach(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    session = cast("davey.DaveSession", voice._connection.dave_session)
    frame = session.encrypt_opus(packets(0.02)[0])
    await forget_dave(voice)
    await asyncio.sleep(TRANSITION_GRACE)
    await play(voice, [frame[:-14] + b"xx" + frame[-12:]], end=False)
    (told,) = await heard(world, 1)
    assert told["encrypted"]
    assert told["decoded"] is False
    assert world.rules() == ["dave_decrypt"]


@pytest.mark.parametrize("cls", [discord.VoiceClient, FastVoice])
async def test_a_bot_hears_what_a_human_says(world: World, cls: type[discord.VoiceClient]) -> None:
    voice = await world.account().connect(CHANNEL, cls=cls)
    await world.join(ANA)
    await transitions(world, 1)
    ear = Ear(voice, ANA)
    told = await say(world, seconds=0.2)
    assert told == {"seconds": pytest.approx(0.2), "frames": 10, "lost": 0}
    await until(lambda: len(ear.opus) == 15)
    assert ear.opus[10:] == [SILENCE] * 5
    assert ear.clear == 0
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(opus) for opus in ear.opus[:10]]).astype(float)
    assert np.abs(np.fft.rfft(sound[:4800])).argmax() * 10 == 440


async def test_the_network_of_a_human_may_be_bad(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    ear = Ear(voice, ANA)
    told = await say(world, loss=1.0)
    assert told["lost"] == told["frames"] == 5
    await until(lambda: ear.opus == [SILENCE] * 5)
    await say(world, clear_fraction=1.0, jitter_ms=30.0)
    await until(lambda: len(ear.sequences) == 15)
    assert ear.clear == 5
    assert sorted(ear.sequences) == list(range(6, 21))


async def test_bad_speech_is_refused_in_words(world: World) -> None:
    with pytest.raises(ValueError, match="must join"):
        await say(world)
    await world.join(ANA)
    with pytest.raises(ValueError, match="must join"):
        await say(world, BEN)
    with pytest.raises(ValueError, match="mode"):
        await say(world, mode="loud")
    with pytest.raises(ValueError, match="Loss"):
        await say(world, loss=2.0)
    with pytest.raises(ValueError, match="WAV"):
        await world.server.say(
            channel_id=CHANNEL,
            user_id=ANA,
            wav=b"no sound",
            mode="ptt",
            loss=0.0,
            jitter_ms=0.0,
            clear_fraction=0.0,
        )


async def test_a_recording_lies_on_the_wall_clock(world: World) -> None:
    voice = await world.account().connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    await play(voice, packets(0.02))
    await play(voice, packets(0.5))
    arrivals = [frame["t"] for frame in await heard(world, 36)]
    sound = read(world.server.recording(CHANNEL)).astype(float)
    start = round((arrivals[6] - arrivals[0]) * 48_000)
    spectrum = np.abs(np.fft.rfft(sound[start + 2400 : start + 2400 + 19_200]))
    assert spectrum.argmax() * 2.5 == 440
    assert len(sound) >= start + 0.5 * 48_000


async def test_bots_hear_each_other(world: World) -> None:
    speaker = await world.account(BOT).connect(CHANNEL)
    listener = await world.account(BOT + 100).connect(CHANNEL, cls=FastVoice)
    await transitions(world, 1)
    assert speaker.voice_privacy_code == listener.voice_privacy_code
    ear = Ear(listener, BOT)
    frames = packets(0.1)
    await play(speaker, frames)
    await until(lambda: len(ear.opus) == 10)
    assert ear.opus == frames + [SILENCE] * 5
    assert [frame["decoded"] for frame in await heard(world, 10)] == [None] * 5 + [True] * 5
    assert world.rules() == []


async def test_a_reset_forgets_everything(world: World) -> None:
    account = world.account()
    voice = await account.connect(CHANNEL)
    await world.join(ANA)
    await transitions(world, 1)
    await play(voice, packets(0.04))
    await heard(world, 7)
    await world.server.reset()
    assert world.server.frames(CHANNEL, since=0.0)["frames"] == []
    with pytest.raises(ValueError, match="must join"):
        await say(world)
