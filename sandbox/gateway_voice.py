from sandbox.gateway_session import Session
from sandbox.model import Channel, Guild, Json
from sandbox.permissions import Permission, may
from sandbox.ports import Voice
from sandbox.violations import Violations
from sandbox.world import World


class VoiceEntry:
    """Let the bot into voice channels and out of them, as its opcode 4 asks."""

    def __init__(self, *, world: World, voice: Voice, violations: Violations) -> None:
        self._world = world
        self._voice = voice
        self._violations = violations

    def change(self, session: Session, wish: Json) -> None:
        """Enter, move, mute or leave; what the bot may not do is left undone, as on Discord."""
        guild = self._world.guild(wish["guild_id"])
        if wish.get("channel_id") is None:
            self.leave(guild)
            return
        channel = self._world.channel(wish["channel_id"])
        if self._admits(guild, channel):
            self._enter(session, guild, channel, wish)

    def leave(self, guild: Guild) -> None:
        """Take the bot out of a guild's voice channels."""
        if self._world.leave_voice(guild, self._world.bot):
            self._voice.revoke(guild_id=guild.id, user_id=self._world.bot.id)

    def leave_all(self) -> None:
        """Take the bot out of all voice channels: its session is over."""
        for guild in self._world.guilds.values():
            self.leave(guild)

    def _admits(self, guild: Guild, channel: Channel) -> bool:
        allowed = may(channel, self._world.bot, Permission.CONNECT)
        if channel.guild is guild and channel.kind == "voice" and allowed:
            return True
        self._violations.record("permission", f"The bot may not connect to {channel.name}.")
        return False

    def _enter(self, session: Session, guild: Guild, channel: Channel, wish: Json) -> None:
        bot = self._world.bot
        before = self._world.voice_state(guild, bot)
        self._world.set_voice(
            channel,
            bot,
            session_id=session.id,
            self_mute=bool(wish.get("self_mute")),
            self_deaf=bool(wish.get("self_deaf")),
        )
        if before and before.channel is channel:
            return
        grant = self._voice.grant(
            guild_id=guild.id, channel_id=channel.id, user_id=bot.id, session_id=session.id
        )
        payload = {"guild_id": str(guild.id), "token": grant.token, "endpoint": grant.endpoint}
        session.push("VOICE_SERVER_UPDATE", payload)
