"""The bot's voice through the real discord.py against the sandbox: UDP, ciphers, DAVE."""

import asyncio
import io
import secrets
import threading
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord
import numpy as np
import pytest
import pytest_asyncio
from discord.gateway import DiscordVoiceWebSocket

from sandbox.server import Sandbox
from services.core.types import AudioChunk
from services.voice.connection import VoiceConnection
from services.voice.opus import OpusEncoder
from services.voice.output import VoiceClock
from services.voice.sessions import VoiceSession, VoiceSessions

pytestmark = pytest.mark.e2e


class Bot:
    """A bot that can speak, and the world it speaks in."""

    def __init__(self, sandbox: Sandbox, client: discord.Client, sessions: VoiceSessions) -> None:
        self.sandbox = sandbox
        self.client = client
        self.sessions = sessions
        self.guild = client.guilds[0]
        self.lounge = self.guild.voice_channels[0]

    @property
    def voice(self) -> object:
        return self.sandbox.voice

    async def bring(self, name: str, channel_id: int) -> None:
        """Let a person enter a voice channel."""
        world = self.sandbox.world
        user = world.person(name)
        world.set_voice(world.channel(channel_id), user, session_id=secrets.token_hex(8))
        await self.sandbox.voice.human_join(
            guild_id=self.guild.id, channel_id=channel_id, user_id=user.id
        )

    async def new_channel(self, name: str) -> discord.VoiceChannel:
        channel = self.sandbox.world.add_channel(
            self.sandbox.world.guild(self.guild.id), name, "voice", []
        )
        await until(lambda: self.guild.get_channel(channel.id) is not None)
        found = self.guild.get_channel(channel.id)
        assert isinstance(found, discord.VoiceChannel)
        return found

    async def heard(self, channel_id: int, frames: int) -> list[dict[str, object]]:
        """Return the frames of sound, once so many have come."""

        def sound() -> list[dict[str, object]]:
            all_frames = self.sandbox.voice.frames(channel_id, since=0.0)["frames"]
            return [frame for frame in all_frames if not frame["silence"]]

        await until(lambda: len(sound()) >= frames)
        return sound()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the other side has no event for it
            await asyncio.sleep(0.01)


class Client(discord.Client):
    """Identifies anew without discord.py's pause of five seconds."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing."""


@asynccontextmanager
async def online(sandbox: Sandbox) -> AsyncIterator[discord.Client]:
    client = Client(
        intents=discord.Intents(guilds=True, voice_states=True),
        connector=aiohttp.UnixConnector(sandbox.socket_path, limit=0),
        guild_ready_timeout=0.05,
    )
    await client.login(sandbox.bot_token)
    running = asyncio.create_task(client.connect())
    try:
        async with asyncio.timeout(10):
            await client.wait_until_ready()
        yield client
    finally:
        await client.close()
        await asyncio.wait([running])


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[Bot]:
    clock = VoiceClock()
    clock.start()
    async with Sandbox() as sandbox, online(sandbox) as client:
        sessions = VoiceSessions(clock=clock, connect_timeout=5.0, attempts=2)
        yield Bot(sandbox, client, sessions)
        await sessions.aclose()
        assert not sandbox.violations.as_json()["violations"]
    await clock.aclose()


def tone(seconds: float) -> AudioChunk:
    """Return encoded sound of 440 Hz."""
    time = np.arange(round(seconds * 24_000)) / 24_000
    pcm = np.asarray(8000 * np.sin(2 * np.pi * 440 * time), np.int16).tobytes()
    encoder = OpusEncoder()
    packets = encoder.encode(AudioChunk(pcm=pcm, sample_rate=24_000)) + encoder.finish(pause=0)
    return AudioChunk(packets=tuple(packets), text="A tone")


async def speak(session: VoiceSession, seconds: float) -> None:
    """Play a tone to its end."""
    utterance = session.output.open_utterance(None, in_line=False)
    await utterance.write(await asyncio.to_thread(tone, seconds))
    utterance.end()
    async with asyncio.timeout(10):
        assert not (await utterance.wait_for_playout()).interrupted


async def test_what_the_bot_says_is_heard_end_to_end_encrypted(bot: Bot) -> None:
    await bot.bring("ana", bot.lounge.id)
    session = await bot.sessions.join(bot.lounge)
    assert session.connected
    assert session.channel_name == "Lounge"
    assert await bot.sessions.join(bot.lounge) is session
    await speak(session, 0.6)
    frames = await bot.heard(bot.lounge.id, 30)
    assert len(frames) == 30
    assert all(frame["encrypted"] and frame["decoded"] for frame in frames)
    assert session.dave_active
    told = bot.sandbox.voice.frames(bot.lounge.id, since=0.0)["frames"]
    assert not any(frame["silence"] for frame in told[:30])
    with wave.open(io.BytesIO(bot.sandbox.voice.recording(bot.lounge.id))) as recording:
        sound = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
        rate = recording.getframerate()
    spectrum = np.abs(np.fft.rfft(sound[: rate // 2].astype(float)))
    assert np.argmax(spectrum) * rate / (rate // 2) == pytest.approx(440, abs=4)


async def test_a_bot_alone_speaks_without_waiting_for_keys(bot: Bot) -> None:
    session = await bot.sessions.join(bot.lounge)
    await speak(session, 0.2)
    assert not session.dave_active


async def test_speech_goes_on_after_the_connection_was_lost(bot: Bot) -> None:
    await bot.bring("ana", bot.lounge.id)
    session = await bot.sessions.join(bot.lounge)
    utterance = session.output.open_utterance(None, in_line=False)
    await utterance.write(await asyncio.to_thread(tone, 0.6))
    utterance.end()
    await bot.heard(bot.lounge.id, 8)
    assert bot.client.user
    bot.sandbox.voice.close_client(bot.guild.id, bot.client.user.id, 4009)
    async with asyncio.timeout(10):
        result = await utterance.wait_for_playout()
    assert not result.interrupted
    assert bot.sessions.get(bot.guild.id) is session
    frames = await bot.heard(bot.lounge.id, 26)
    assert 26 <= len(frames) <= 30


async def test_a_crashed_voice_server_is_taken_up_again_in_mid_speech(bot: Bot) -> None:
    await bot.bring("ana", bot.lounge.id)
    session = await bot.sessions.join(bot.lounge)
    utterance = session.output.open_utterance(None, in_line=False)
    await utterance.write(await asyncio.to_thread(tone, 1.0))
    utterance.end()
    await bot.heard(bot.lounge.id, 8)
    assert bot.client.user
    crashed = session.client.ws
    bot.sandbox.voice.close_client(bot.guild.id, bot.client.user.id, 4015)
    async with asyncio.timeout(10):
        assert not (await utterance.wait_for_playout()).interrupted
    assert bot.sessions.get(bot.guild.id) is session
    frames = await bot.heard(bot.lounge.id, 48)
    assert all(frame["decoded"] for frame in frames)
    assert crashed.ws.closed


async def test_a_lost_connection_is_sought_again_and_again(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = [OSError("no network"), TimeoutError(), aiohttp.ClientError()]
    connect = VoiceConnection._connect_websocket

    async def failing(connection: VoiceConnection, resume: bool) -> DiscordVoiceWebSocket:
        if failures:
            raise failures.pop(0)
        return await connect(connection, resume)

    session = await bot.sessions.join(bot.lounge)
    monkeypatch.setattr("services.voice.connection.RECONNECT_PAUSES", [0.01] * 4)
    monkeypatch.setattr(VoiceConnection, "_connect_websocket", failing)
    assert bot.client.user
    bot.sandbox.voice.close_client(bot.guild.id, bot.client.user.id, 4009)
    await until(lambda: not failures and session.connected)
    assert bot.sessions.get(bot.guild.id) is session
    await speak(session, 0.1)


@pytest.mark.parametrize("code", [4017, 4006], ids=["hopeless", "tried in vain"])
async def test_a_connection_that_is_over_ends_its_speech_and_join_works_again(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr("services.voice.connection.RECONNECT_PAUSES", [])
    session = await bot.sessions.join(bot.lounge)
    utterance = bot.sessions.open_utterance(bot.guild.id, None, in_line=False)
    assert utterance
    await utterance.write(await asyncio.to_thread(tone, 2.0))
    assert bot.client.user
    bot.sandbox.voice.close_client(bot.guild.id, bot.client.user.id, code)
    async with asyncio.timeout(5):
        assert (await utterance.wait_for_playout()).interrupted
    assert bot.sessions.get(bot.guild.id) is None
    again = await bot.sessions.join(bot.lounge)
    assert again is not session
    await speak(again, 0.1)


async def test_a_new_session_of_the_gateway_brings_the_bot_back(bot: Bot) -> None:
    await bot.bring("ana", bot.lounge.id)
    session = await bot.sessions.join(bot.lounge)
    ready = asyncio.ensure_future(bot.client.wait_for("ready"))
    bot.sandbox.faults.add({"target": "gateway", "kind": "invalid-session"})
    bot.sandbox.gateway.commit_faults()
    async with asyncio.timeout(5):
        await ready
    assert not session.connected
    await bot.sessions.restore(bot.client.get_channel)
    again = bot.sessions.get(bot.guild.id)
    assert again not in (None, session)
    assert again.channel_id == bot.lounge.id
    await speak(again, 0.2)
    assert len(await bot.heard(bot.lounge.id, 10)) == 10


async def test_a_move_keeps_the_session_and_speech_follows(bot: Bot) -> None:
    other = await bot.new_channel("Cellar")
    await bot.bring("ana", bot.lounge.id)
    await bot.bring("ben", other.id)
    session = await bot.sessions.join(bot.lounge)
    await speak(session, 0.1)
    assert await bot.sessions.join(other) is session
    assert session.channel_id == other.id
    await speak(session, 0.3)
    assert len(await bot.heard(other.id, 15)) == 15


async def test_leaving_and_joining_again(bot: Bot) -> None:
    session = await bot.sessions.join(bot.lounge)
    assert await bot.sessions.leave(bot.guild.id)
    assert not session.connected
    assert bot.sessions.get(bot.guild.id) is None
    assert not await bot.sessions.leave(bot.guild.id)
    again = await bot.sessions.join(bot.lounge)
    assert again is not session
    assert again.connected


async def test_what_a_connection_took_is_given_back(bot: Bot) -> None:
    held: list[tuple[int, int]] = []

    def holds() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    for ending in (4009, 0, 4015, 0, 4017, 0, 0):
        await bot.sessions.join(bot.lounge)
        if ending and bot.client.user:
            bot.sandbox.voice.close_client(bot.guild.id, bot.client.user.id, ending)
            await asyncio.sleep(0.3)
        await bot.sessions.leave(bot.guild.id)
        held.append(holds())
    threads, files = held[1]
    await until(lambda: holds()[0] <= threads and holds()[1] <= files)


async def test_joins_at_the_same_time_make_one_session(bot: Bot) -> None:
    first, second = await asyncio.gather(*(bot.sessions.join(bot.lounge) for _ in range(2)))
    assert first is second


async def test_a_kick_ends_the_session_and_its_speech_and_join_works_again(bot: Bot) -> None:
    session = await bot.sessions.join(bot.lounge)
    utterance = bot.sessions.open_utterance(bot.guild.id, None, in_line=False)
    assert utterance
    await utterance.write(await asyncio.to_thread(tone, 2.0))
    world = bot.sandbox.world
    world.leave_voice(world.guild(bot.guild.id), world.bot)
    bot.sandbox.voice.revoke(guild_id=bot.guild.id, user_id=world.bot.id)
    async with asyncio.timeout(5):
        assert (await utterance.wait_for_playout()).interrupted
    assert bot.sessions.get(bot.guild.id) is None
    assert (await bot.sessions.join(bot.lounge)) is not session
