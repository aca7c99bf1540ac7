import asyncio
import logging

import aiohttp
import discord

from services.core.tasks import TaskOwner
from services.voice.output import GuildOutput
from services.voice.sessions import VocalChannel, VoiceSession, VoiceSessions

log = logging.getLogger(__name__)

THINKING, SPEAKING, NOTHING = "💭 thinking…", "🔊 speaking", ""

FIRST_SECONDS = 0.5
"""Seconds before a change is shown: what is over by then is not worth it."""

CLEAR_SECONDS = 1.0
"""Longest time that leaving waits for the status to be taken away."""


class VoiceStatus:
    """Show under a voice channel's name whether the bot thinks or speaks there.

    A guild's status changes at most every `interval` seconds, to what is so by then; nothing
    waits for it but leaving, where something is shown. Without the permission it does nothing.
    """

    def __init__(self, *, sessions: VoiceSessions, interval: float) -> None:
        self._interval = interval
        self._shown: dict[int, tuple[VocalChannel, str]] = {}  # by guild, while not NOTHING
        self._writers: dict[int, asyncio.Task[None]] = {}
        self._tasks = TaskOwner("voice status")
        self._closed = False
        sessions.watchers.append(self)
        sessions.farewell = self.clear

    async def aclose(self) -> None:
        """Write no more changes; what is shown goes when the bot leaves. Idempotent."""
        self._closed = True
        await self._tasks.aclose()

    def opened(self, session: VoiceSession) -> None:
        """Begin to show what a session does."""
        session.output.changed = lambda: self._changed(session)

    def ended(self, session: VoiceSession, code: int | None) -> None:
        """Forget a session; from outside, its status goes where the bot may manage the channel."""
        channel, _ = self._shown.pop(session.guild_id, (None, NOTHING))
        self._stop_writer(session.guild_id)
        if channel is not None and not self._closed:
            self._tasks.start(_put(channel, NOTHING, present=False), name=f"take {channel.id}")

    async def clear(self, session: VoiceSession) -> None:
        """Take the status away before the bot leaves."""
        session.output.changed = _nothing
        self._stop_writer(session.guild_id)
        try:
            async with asyncio.timeout(CLEAR_SECONDS):
                await self._show(session, NOTHING)
        except TimeoutError:
            log.info("The voice status of guild %s stays as it is", session.guild_id)

    def _changed(self, session: VoiceSession) -> None:
        guild_id = session.guild_id
        if guild_id not in self._writers and not self._closed:
            writer = self._tasks.start(self._write(session), name=str(guild_id))
            self._writers[guild_id] = writer
            writer.add_done_callback(lambda done: self._written(session, done))

    async def _write(self, session: VoiceSession) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while self._outdated(session):
            await self._show(session, _state(session.output))
            await asyncio.sleep(self._interval)

    def _written(self, session: VoiceSession, done: asyncio.Task[None]) -> None:
        if self._writers.get(session.guild_id) is done:
            del self._writers[session.guild_id]

    def _stop_writer(self, guild_id: int) -> None:
        writer = self._writers.pop(guild_id, None)
        if writer is not None:
            writer.cancel()

    def _outdated(self, session: VoiceSession) -> bool:
        channel, status = self._shown.get(session.guild_id, (session.client.channel, NOTHING))
        return (channel.id, status) != (session.channel_id, _state(session.output))

    async def _show(self, session: VoiceSession, status: str) -> None:
        """Show a status where the bot is, and none where it was."""
        here = session.client.channel
        before, shown = self._shown.get(session.guild_id, (here, NOTHING))
        if before.id != here.id:
            await _put(before, NOTHING, present=False)
            shown = NOTHING
        self._shown.pop(session.guild_id, None)
        if status != NOTHING:
            self._shown[session.guild_id] = (here, status)
        if status != shown:
            await _put(here, status, present=True)


def _state(output: GuildOutput) -> str:
    if not output.speaking:
        return NOTHING
    return SPEAKING if output.audible else THINKING


async def _put(channel: VocalChannel, status: str, *, present: bool) -> None:
    allowed = channel.permissions_for(channel.guild.me)
    if isinstance(channel, discord.StageChannel) or not allowed.set_voice_channel_status:
        return
    if not (present or allowed.manage_channels):
        return
    try:
        await channel.edit(status=status or None)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("The status of voice channel %s is not changed: %s", channel.id, error)


def _nothing() -> None:
    """Hear of nothing any more."""
