import asyncio
from collections.abc import Callable

from sandbox.gateway_session import Session
from sandbox.model import Change, Channel, Guild, Json, User
from sandbox.permissions import Permission, may
from sandbox.ports import Voice
from sandbox.violations import Violations
from sandbox.world import World


class VoiceEntry:
    """Let bots into voice channels and out of them, as their opcode 4 asks.

    `own_endpoint` returns where voice is for bots that came by this server's own address, empty
    where that is no other place than for the rest.
    """

    def __init__(
        self,
        *,
        world: World,
        voice: Voice,
        violations: Violations,
        own_endpoint: Callable[[], str],
    ) -> None:
        self._world = world
        self._voice = voice
        self._violations = violations
        self._own_endpoint = own_endpoint
        world.listeners.append(self._tell_who_is_heard)

    def change(self, session: Session, wish: Json) -> None:
        """Enter, move, mute or leave; what the bot may not do is left undone, as on Discord."""
        guild = self._world.guild(wish["guild_id"])
        bot = session.account.user
        if wish.get("channel_id") is None:
            self.leave(guild, bot)
            return
        channel = self._world.channel(wish["channel_id"])
        if self._admits(bot, guild, channel):
            self._enter(session, guild, channel, wish)

    def leave(self, guild: Guild, bot: User) -> None:
        """Take a bot out of a guild's voice channels."""
        if self._world.leave_voice(guild, bot):
            self._voice.revoke(guild_id=guild.id, user_id=bot.id)

    def leave_all(self, bot: User) -> None:
        """Take a bot out of all voice channels: its session is over."""
        for guild in self._world.guilds.values():
            self.leave(guild, bot)

    def move(self, session: Session, guild: Guild, channel: Channel) -> None:
        """Put a bot that is in voice into another channel, as a moderator does."""
        state = self._world.voice_state(guild, session.account.user)
        if state is not None and state.channel is not channel:
            wish = {"self_mute": state.self_mute, "self_deaf": state.self_deaf}
            self._enter(session, guild, channel, wish)

    async def change_server(self, session: Session, guild: Guild, *, gap: float) -> None:
        """Take a bot's voice server away, and name another one after `gap` seconds."""
        bot = session.account.user
        if gap > 0:
            payload = {"guild_id": str(guild.id), "token": "gone", "endpoint": None}
            session.push("VOICE_SERVER_UPDATE", payload)
            await asyncio.sleep(gap)
        state = self._world.voice_state(guild, bot)
        if state is not None and state.session_id == session.id:
            self._voice.change_server(guild_id=guild.id, user_id=bot.id)
            self._assign(session, guild, state.channel)

    def _tell_who_is_heard(self, change: Change) -> None:
        if change.name == "VOICE_STATE_UPDATE" and change.guild:
            self._voice.suppress(
                guild_id=change.guild.id,
                user_id=int(change.payload["user_id"]),
                suppressed=bool(change.payload["suppress"]),
            )

    def _admits(self, bot: User, guild: Guild, channel: Channel) -> bool:
        allowed = may(channel, bot, Permission.CONNECT)
        if channel.guild is guild and channel.is_vocal and allowed:
            return True
        self._violations.record("permission", f"{bot.name} may not connect to {channel.name}.")
        return False

    def _enter(self, session: Session, guild: Guild, channel: Channel, wish: Json) -> None:
        bot = session.account.user
        before = self._world.voice_state(guild, bot)
        self._world.set_voice(
            channel,
            bot,
            session_id=session.id,
            self_mute=bool(wish.get("self_mute")),
            self_deaf=bool(wish.get("self_deaf")),
        )
        if before is None or before.channel is not channel:
            self._assign(session, guild, channel)

    def _assign(self, session: Session, guild: Guild, channel: Channel) -> None:
        """Name the voice server to a bot; its connection to another one is closed with 4014."""
        grant = self._voice.grant(
            guild_id=guild.id,
            channel_id=channel.id,
            user_id=session.account.user.id,
            session_id=session.id,
        )
        by_own_address = session.connection is not None and session.connection.own_url
        endpoint = (by_own_address and self._own_endpoint()) or grant.endpoint
        payload = {"guild_id": str(guild.id), "token": grant.token, "endpoint": endpoint}
        session.push("VOICE_SERVER_UPDATE", payload)
