import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord

from services.core.errors import VoiceConnectionError
from services.core.tasks import TaskOwner
from services.voice.close_codes import CLOSE_REASONS, PUT_OUT
from services.voice.sessions import (
    VocalChannel,
    VoiceSession,
    VoiceSessions,
    refusal,
    take_the_stage,
    why_not,
)

log = logging.getLogger(__name__)

VERDICT_SECONDS = 0.5
"""After the end of a connection, the time in which Discord tells whether its channel is gone."""

FOLLOWS = 3
"""Moves in a row after somebody who does not stay; then the bot remains where it is."""

Tell = Callable[[int, str], Awaitable[bool]]
"""Post a sentence into a channel; return whether it was possible. Never raises."""


@dataclass(frozen=True, slots=True)
class Summons:
    """Remember who brought the bot into voice, and in which text channel."""

    user_id: int
    channel_id: int


class Presence:
    """Keep the bot where its listeners are, and say why where it was sent away.

    `leave_after` is how long the bot stays alone, seconds (0: for ever); with `follow` it goes
    with the person who summoned it, when nobody else is left behind. `auto_join` says of a guild
    whether the bot comes where it is addressed from; once sent away it waits to be brought.
    """

    def __init__(
        self,
        *,
        sessions: VoiceSessions,
        auto_join: Callable[[int], bool],
        leave_after: float,
        follow: bool,
        tell: Tell,
    ) -> None:
        self._sessions = sessions
        self._auto_join = auto_join
        self._leave_after = leave_after
        self._follow = follow
        self._tell = tell
        self._summons: dict[int, Summons] = {}  # one a guild; ends with the guild
        self._coming: dict[int, int] = {}  # the guilds in which the bot is on its way to a channel
        self._sent_away: set[int] = set()
        self._timers: dict[int, asyncio.Task[None]] = {}
        self._following: dict[int, asyncio.Task[None]] = {}
        self._tasks = TaskOwner("presence")
        self._closed = False
        sessions.watchers.append(self)

    async def aclose(self) -> None:
        """Stop following, waiting and telling; idempotent."""
        self._closed = True
        if self in self._sessions.watchers:
            self._sessions.watchers.remove(self)
        await self._tasks.aclose()

    def summoned(self, guild_id: int, user_id: int, channel_id: int) -> None:
        """Note that somebody brought the bot into voice from a text channel."""
        self._summons[guild_id] = Summons(user_id, channel_id)
        self._sent_away.discard(guild_id)

    def sent_away(self, guild_id: int) -> None:
        """Note that somebody sent the bot out: it does not come by itself any more."""
        self._sent_away.add(guild_id)

    def summon(self, member: discord.Member, channel_id: int) -> bool:
        """Come where somebody is who addressed the bot, and tell whether it does; never waits."""
        guild_id, place = member.guild.id, member.voice.channel if member.voice else None
        if self._closed or place is None or self._sessions.get(guild_id) is not None:
            return False
        free = guild_id not in self._coming and not self._sessions.changing(guild_id)
        if free and self._would_come(guild_id, place):
            coming = self._come(place, Summons(member.id, channel_id))
            self._coming[guild_id] = place.id
            self._tasks.start(coming, name=f"come {guild_id}")
        return self._coming.get(guild_id) == place.id

    async def forget(self, guild_id: int) -> None:
        """Forget a guild that the bot is no longer in, and its voice channel."""
        await self._sessions.leave(guild_id)
        self._summons.pop(guild_id, None)
        self._sent_away.discard(guild_id)
        self._cancel_timer(guild_id)

    def opened(self, session: VoiceSession) -> None:
        """Begin to look after a session."""
        self.consider(session.guild_id)

    def ended(self, session: VoiceSession, code: int | None) -> None:
        """Say why, where the bot did not leave by itself."""
        self._cancel_timer(session.guild_id)
        if code == PUT_OUT:
            self.sent_away(session.guild_id)
        if code is not None:
            summons = self._summons.pop(session.guild_id, None)
            explaining = self._explain(session, code, summons)
            self._tasks.start(explaining, name=f"explain {session.guild_id}")

    def consider(self, guild_id: int) -> None:
        """Start to wait where the bot is alone, stop where it is not (any more)."""
        session = self._sessions.get(guild_id)
        if session is None or not _is_alone(session):
            self._cancel_timer(guild_id)
        elif self._leave_after > 0 and guild_id not in self._timers and not self._closed:
            self._timers[guild_id] = self._tasks.start(
                self._leave_alone(guild_id), name=f"alone {guild_id}"
            )

    def moved(self, guild_id: int, user_id: int, *, left: int | None) -> None:
        """Take that somebody left a channel, entered one, or moved."""
        session, summons = self._sessions.get(guild_id), self._summons.get(guild_id)
        if (
            self._follow
            and not self._closed
            and session is not None
            and summons is not None
            and (summons.user_id, session.channel_id) == (user_id, left)
            and guild_id not in self._following
            and self._new_place(guild_id, user_id) is not None
        ):
            task = self._tasks.start(self._go_after(guild_id, user_id), name=f"follow {guild_id}")
            self._following[guild_id] = task
            task.add_done_callback(lambda _: self._following.pop(guild_id, None))
        self.consider(guild_id)

    async def arrived(self, guild_id: int) -> None:
        """Ask to speak on a stage that the bot was dragged to; say so where it has to wait."""
        session = self._sessions.get(guild_id)
        if session is None:
            return
        session.output.changed()
        if self._sessions.changing(guild_id):  # it goes there itself, and asks as it arrives
            return
        channel = session.client.channel
        await self._tell_notice(channel, await take_the_stage(channel))

    async def check_permissions(self, guild_id: int) -> None:
        """Leave, and say so, where the bot may not be or be heard any more."""
        session = self._sessions.get(guild_id)
        if session is None:
            return
        channel = session.client.channel
        reason = refusal(channel)
        if reason and await self._sessions.leave_if(guild_id, _is_refused):
            summons = self._summons.pop(guild_id, None)
            await self._say(summons, channel, f"I left voice. {reason}")

    def _would_come(self, guild_id: int, place: VocalChannel) -> bool:
        wanted = self._auto_join(guild_id) and guild_id not in self._sent_away
        return wanted and not why_not(place)

    async def _come(self, place: VocalChannel, summons: Summons) -> None:
        guild_id = place.guild.id
        try:
            session = await self._sessions.join(place)
        except VoiceConnectionError as error:
            log.info("Can't come in guild %s: %s", guild_id, error)
            return
        finally:
            del self._coming[guild_id]
        self._summons[guild_id] = summons
        self.moved(guild_id, summons.user_id, left=place.id)  # they may have walked on meanwhile
        await self._tell_notice(place, session.notice)

    async def _leave_alone(self, guild_id: int) -> None:
        await asyncio.sleep(self._leave_after)
        self._timers.pop(guild_id, None)  # from here on nobody cancels
        if await self._sessions.leave_if(guild_id, _is_alone):
            log.info("Alone in voice in guild %s for %.0f s", guild_id, self._leave_after)
        else:
            self.consider(guild_id)

    def _cancel_timer(self, guild_id: int) -> None:
        timer = self._timers.pop(guild_id, None)
        if timer is not None:
            timer.cancel()

    async def _go_after(self, guild_id: int, user_id: int) -> None:
        for _ in range(FOLLOWS):
            place = self._new_place(guild_id, user_id)
            if place is None:
                return
            try:
                session = await self._sessions.join(place)
            except VoiceConnectionError as error:
                log.info("Can't follow in guild %s: %s", guild_id, error)
                return
            await self._tell_notice(place, session.notice)

    def _new_place(self, guild_id: int, user_id: int) -> VocalChannel | None:
        """Return where somebody is whom the bot may follow without leaving others behind."""
        session = self._sessions.get(guild_id)
        if session is None or people_in(session.client.channel):
            return None
        member = session.client.guild.get_member(user_id)
        place = member.voice.channel if member is not None and member.voice else None
        return None if place is None or place.id == session.channel_id else place

    async def _explain(self, session: VoiceSession, code: int, summons: Summons | None) -> None:
        await asyncio.sleep(VERDICT_SECONDS)
        channel = session.client.channel
        if _is_deleted(channel):
            self._sent_away.discard(session.guild_id)
        await self._say(summons, channel, _why(channel, code))

    async def _tell_notice(self, channel: VocalChannel, notice: str) -> None:
        """Say what keeps the bot from speaking where it is, if anything does."""
        if notice:
            await self._say(self._summons.get(channel.guild.id), channel, notice)

    async def _say(self, summons: Summons | None, channel: VocalChannel, sentence: str) -> None:
        """Say it once: where the bot was summoned, else in the voice channel's own chat."""
        places = [summons.channel_id] if summons is not None else []
        for place in dict.fromkeys([*places, channel.id]):
            if await self._tell(place, sentence):
                return
        log.info("Nowhere to say in guild %s: %s", channel.guild.id, sentence)


def people_in(channel: VocalChannel) -> set[int]:
    """Return the ids of the people in a voice channel; bots are none."""
    members = {user_id: channel.guild.get_member(user_id) for user_id in channel.voice_states}
    return {user_id for user_id, member in members.items() if member is None or not member.bot}


def _is_alone(session: VoiceSession) -> bool:
    return not people_in(session.client.channel)


def _is_refused(session: VoiceSession) -> bool:
    return bool(refusal(session.client.channel))


def _is_deleted(channel: VocalChannel) -> bool:
    return channel.guild.get_channel(channel.id) is None


def _why(channel: VocalChannel, code: int) -> str:
    if _is_deleted(channel):
        return f"The voice channel {channel.name} was deleted, so I stopped speaking there."
    if code != PUT_OUT:
        reason = CLOSE_REASONS.get(code, "the connection was lost and did not come back")
        return f"I'm no longer in {channel.name}: {reason}. /join tries again."
    reason = refusal(channel)
    if reason:
        return f"I was disconnected from voice. {reason}"
    return f"I was disconnected from {channel.name} by somebody. /join brings me back."
