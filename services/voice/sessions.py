import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Protocol
from weakref import WeakValueDictionary

import aiohttp
import discord

from services.core.errors import VoiceConnectionError, VoiceError
from services.core.types import Author
from services.voice.client import DiscordVoiceClient
from services.voice.close_codes import FINAL_CODES, PUT_OUT, closed
from services.voice.output import GuildOutput, NoSender, VoiceClock
from services.voice.utterance import Utterance

log = logging.getLogger(__name__)

VocalChannel = discord.VoiceChannel | discord.StageChannel

RECONNECT_PATIENCE = 15.0
"""Seconds that speech waits for a lost connection before it ends as interrupted."""

IN_AUDIENCE = (
    "I'm in the audience of this stage and can't be heard until a moderator lets me speak."
)
ASKED_TO_SPEAK = "I'm in the audience of this stage and have asked to speak."

ARRIVAL_PATIENCE = 5.0
"""Seconds that speech waits for the connection of a channel that is being entered."""

LEAVE_TIMEOUT = 3.0
"""Seconds that leaving may take before we stop waiting for Discord's word."""

ENTERED_AT_ONCE = 8
"""Channels that are entered again at the same time after Discord forgot us."""


class VoiceSession:
    """Stand for the bot's presence in one guild's voice channel.

    `notice` says what kept it from speaking when it came where it is; empty where nothing did.
    What is said outlives a session that is `replaced`.
    """

    def __init__(self, client: DiscordVoiceClient, output: GuildOutput) -> None:
        self.client = client
        self.output = output
        self.notice = ""
        self.replaced = False

    def fall_silent(self) -> None:
        """Stop all that is said, unless another session goes on with it."""
        if not self.replaced:
            self.output.clear()

    @property
    def guild_id(self) -> int:
        """Return the guild's id."""
        return self.client.guild.id

    @property
    def channel_id(self) -> int:
        """Return the id of the channel where the bot is now."""
        return self.client.channel.id

    @property
    def channel_name(self) -> str:
        """Return the name of the channel where the bot is now."""
        return self.client.channel.name

    @property
    def listeners(self) -> frozenset[int]:
        """Return the ids of those who are in the channel beside the bot."""
        channel = self.client.channel
        return frozenset(channel.voice_states) - {channel.guild.me.id}

    @property
    def names(self) -> dict[int, str]:
        """Return the display names of those in the channel, by id."""
        return {member.id: member.display_name for member in self.client.channel.members}

    @property
    def connected(self) -> bool:
        """Tell whether the connection stands."""
        return self.client.connected

    @property
    def dave_active(self) -> bool:
        """Tell whether what the bot says is end-to-end encrypted."""
        return self.client.dave_active

    @property
    def latency(self) -> float:
        """Return the voice websocket's round trip, seconds; inf before it was measured."""
        return self.client.latency


class SessionWatcher(Protocol):
    """Hear of the sessions that begin and end; called in the event loop, never waits."""

    def opened(self, session: VoiceSession) -> None:
        """Take a session that has just begun."""
        ...

    def ended(self, session: VoiceSession, code: int | None) -> None:
        """Take a session that is over; `code` is the close code, None where the bot left."""
        ...


class VoiceSessions:
    """Join and leave voice channels; at most one session a guild.

    A session whose connection ends for good (kick, channel deleted) is dropped and falls silent.
    `farewell` is awaited before the bot leaves a channel, when its speech has ended.
    """

    def __init__(self, *, clock: VoiceClock, connect_timeout: float, attempts: int) -> None:
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._attempts = attempts
        self._sessions: dict[int, VoiceSession] = {}
        self._coming: dict[int, GuildOutput] = {}
        self.watchers: list[SessionWatcher] = []
        self.farewell: Callable[[VoiceSession], Awaitable[None]] | None = None
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def get(self, guild_id: int) -> VoiceSession | None:
        """Return the guild's session."""
        return self._sessions.get(guild_id)

    def changing(self, guild_id: int) -> bool:
        """Tell whether the bot is just entering, leaving or changing a guild's channel."""
        lock = self._locks.get(guild_id)
        return lock is not None and lock.locked()

    def open_utterance(
        self,
        guild_id: int,
        on_first_frame: Callable[[float], None] | None,
        *,
        in_line: bool,
        asker: Author | None = None,
    ) -> Utterance | None:
        """Return a new utterance (see GuildOutput); None without a session.

        While the bot enters a channel the utterance waits for the connection, and on a stage for
        being let speak. Raises BusyError, VoiceError where it has waited for that long enough.
        """
        session = self.get(guild_id)
        output = session.output if session else self._coming.get(guild_id)
        if output is None:
            return None
        if session and (session.client.suppressed or 0.0) > RECONNECT_PATIENCE:
            raise VoiceError(f"suppressed in guild {guild_id}", user_message=IN_AUDIENCE)
        return output.open_utterance(on_first_frame, in_line=in_line, asker=asker)

    def stop(self, guild_id: int) -> int:
        """Stop all that is spoken in a guild and return how many utterances that were."""
        session = self.get(guild_id)
        output = session.output if session else self._coming.get(guild_id)
        return output.clear() if output else 0

    def silence(self, asker_id: int) -> None:
        """Stop all that is spoken for one person, in every guild."""
        outputs = [*(session.output for session in self._sessions.values()), *self._coming.values()]
        for utterance in chain.from_iterable(output.in_order() for output in outputs):
            if utterance.asker is not None and utterance.asker.id == asker_id:
                utterance.clear()

    async def join(self, channel: VocalChannel) -> VoiceSession:
        """Enter a channel, or move there; one at a time in a guild. Raises VoiceConnectionError."""
        async with self._lock(channel.guild.id):
            session = self.get(channel.guild.id)
            if session and session.connected:
                if session.channel_id != channel.id:
                    check_access(channel)
                    await self._move(session, channel)
                if session.connected and session.channel_id == channel.id:
                    unheard = session.client.suppressed is not None
                    session.notice = await take_the_stage(channel) if unheard else ""
                    return session
            check_access(channel)
            await self._leave(channel.guild)
            return await self._connect(channel)

    async def leave(self, guild_id: int) -> bool:
        """Leave a guild's channel; return whether the bot was in one."""
        return await self.leave_if(guild_id, lambda _: True)

    async def leave_if(self, guild_id: int, unwanted: Callable[[VoiceSession], bool]) -> bool:
        """Leave where `unwanted` says so once no other change is under way; return whether."""
        async with self._lock(guild_id):
            session = self.get(guild_id)
            if session is None or not unwanted(session):
                return False
            await self._leave(session.client.guild)
            return True

    async def restore(self, find_channel: Callable[[int], object]) -> None:
        """Enter again where Discord forgot us, as it does when the gateway's session begins anew.

        What was being said goes on where it stopped. `find_channel` returns a channel by id, or
        None.
        """
        doors = asyncio.Semaphore(ENTERED_AT_ONCE)

        async def restore(session: VoiceSession) -> None:
            async with doors, self._lock(session.guild_id):
                await self._enter_again(session, find_channel(session.channel_id))

        forgotten = [kept for kept in self._sessions.values() if kept.client.forgotten]
        await asyncio.gather(*map(restore, forgotten))

    async def aclose(self) -> None:
        """Leave every channel, within about three seconds."""
        leaving = [self.leave(guild_id) for guild_id in self._sessions]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_TIMEOUT):
                await asyncio.gather(*leaving)

    def _lock(self, guild_id: int) -> asyncio.Lock:
        return self._locks.setdefault(guild_id, asyncio.Lock())

    async def _enter_again(self, session: VoiceSession, channel: object) -> None:
        """Replace a session that Discord forgot, or end it; nothing where somebody was faster."""
        if self.get(session.guild_id) is not session:
            return
        guild = session.client.guild
        if not isinstance(channel, VocalChannel) or why_not(channel):
            log.warning("The voice channel of guild %s can't be entered again", guild.id)
            await self._leave(guild)
            return
        session.replaced = True
        await self._leave(guild)
        try:
            await self._connect(channel, session.output)
        except VoiceConnectionError as error:
            log.warning("Voice in guild %s is not restored: %s", guild.id, error)

    async def _move(self, session: VoiceSession, channel: VocalChannel) -> None:
        try:
            await session.client.move_to(channel, timeout=self._connect_timeout)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise VoiceConnectionError(f"Discord was not told of a move: {error!r}") from error

    async def _connect(
        self, channel: VocalChannel, output: GuildOutput | None = None
    ) -> VoiceSession:
        """Connect to a channel, and say there what `output` has to say."""
        guild_id = channel.guild.id
        output = output or GuildOutput(NoSender(), clock=self._clock, patience=ARRIVAL_PATIENCE)
        self._coming[guild_id] = output
        try:
            return await self._try_to_connect(channel, output)
        except BaseException:
            output.give_up()
            raise
        finally:
            del self._coming[guild_id]

    async def _try_to_connect(self, channel: VocalChannel, output: GuildOutput) -> VoiceSession:
        error = VoiceConnectionError(f"no attempt to join {channel.id}")
        for attempt in range(1, self._attempts + 1):
            try:
                return await self._connect_once(channel, output)
            except VoiceConnectionError as failure:
                log.info("Voice attempt %s in guild %s: %s", attempt, channel.guild.id, failure)
                error = failure
                await self._leave(channel.guild)
            if error.code in FINAL_CODES or error.code == PUT_OUT:
                break
        raise error

    async def _connect_once(self, channel: VocalChannel, output: GuildOutput) -> VoiceSession:
        try:
            client = await channel.connect(
                cls=DiscordVoiceClient, timeout=self._connect_timeout, reconnect=True
            )
        except TimeoutError as error:
            raise VoiceConnectionError(
                f"no voice connection within {self._connect_timeout} s",
                user_message="Discord's voice server did not answer. Please try again.",
            ) from error
        except discord.ConnectionClosed as error:
            raise closed(error.code) from error
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise VoiceConnectionError(f"voice connection failed: {error!r}") from error
        notice = await take_the_stage(channel)
        await output.attach(client, patience=RECONNECT_PATIENCE)
        if client.forgotten:  # its end came before anybody listened for it
            await _end(client)
            raise VoiceConnectionError("the connection is gone at once", code=client.end_code)
        session = self._open_session(client, output)
        session.notice = notice
        return session

    def _open_session(self, client: DiscordVoiceClient, output: GuildOutput) -> VoiceSession:
        session = VoiceSession(client, output)
        self._sessions[session.guild_id] = session
        client.on_gone = lambda: self._drop(session)
        for watcher in self.watchers:
            watcher.opened(session)
        return session

    def _drop(self, session: VoiceSession) -> None:
        session.fall_silent()
        if self._sessions.get(session.guild_id) is session:
            del self._sessions[session.guild_id]
            for watcher in self.watchers:
                watcher.ended(session, session.client.end_code)

    async def _leave(self, guild: discord.Guild) -> None:
        """End what connection there is, even one that never became a session."""
        session = self.get(guild.id)
        if session is not None:
            session.fall_silent()
            if self.farewell is not None:
                await self.farewell(session)
        client = guild.voice_client or (session.client if session else None)
        if client is not None:
            await _end(client)


async def _end(client: discord.VoiceProtocol) -> None:
    try:
        async with asyncio.timeout(LEAVE_TIMEOUT):
            await client.disconnect(force=True)
    except TimeoutError:
        log.info("Discord did not confirm that we left a voice channel")
    finally:
        client.cleanup()


def check_access(channel: VocalChannel) -> None:
    """Raise VoiceConnectionError, in words, where the bot may not enter, speak, or find room."""
    reason = why_not(channel)
    if reason:
        raise VoiceConnectionError(f"channel {channel.id}: {reason}", user_message=reason)


def why_not(channel: VocalChannel) -> str:
    """Return in words why the bot can't enter a channel; empty where it can."""
    return refusal(channel) or _crowd(channel)


def refusal(channel: VocalChannel) -> str:
    """Return in words why the bot may not be or be heard in a channel; empty where it may."""
    allowed, name = channel.permissions_for(channel.guild.me), channel.name
    if not allowed.view_channel:
        return f"I may not enter {name}: I lack the permission View Channel there."
    if not allowed.connect:
        return f"I may not enter {name}: I lack the permission Connect there."
    if channel == channel.guild.afk_channel:
        return f"{name} is this server's AFK channel, where nobody can be heard."
    if not allowed.speak and not isinstance(channel, discord.StageChannel):
        return f"I may not speak in {name}: I lack the permission Speak there."
    return ""


def _crowd(channel: VocalChannel) -> str:
    others = channel.voice_states.keys() - {channel.guild.me.id}
    limit = channel.user_limit
    full = 0 < limit <= len(others)
    if not full or channel.permissions_for(channel.guild.me).move_members:
        return ""
    return f"{channel.name} is full: {len(others)} of {limit} places are taken."


async def take_the_stage(channel: VocalChannel) -> str:
    """Become a speaker, or ask to; return in words what came of it, empty where it may speak."""
    if not isinstance(channel, discord.StageChannel):
        return ""
    allowed, me = channel.permissions_for(channel.guild.me), channel.guild.me
    try:
        if allowed.mute_members:
            await me.edit(suppress=False)
            return ""
        if allowed.request_to_speak:
            await me.request_to_speak()
            return ASKED_TO_SPEAK
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("The bot stays in the audience of stage %s: %s", channel.id, error)
    return IN_AUDIENCE
