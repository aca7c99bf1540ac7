import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from sandbox.events import EventBus
from sandbox.intents import Intent
from sandbox.messages import Messages
from sandbox.model import (
    Change,
    Channel,
    ChannelKind,
    Guild,
    Json,
    Member,
    Overwrite,
    Role,
    Snowflakes,
    UnknownError,
    User,
    VoiceState,
)
from sandbox.payloads import (
    channel_payload,
    member_payload,
    voice_state_payload,
)
from sandbox.permissions import EVERYONE, Permission
from sandbox.shapes import change_shape

MAX_GUILDS = 500
MAX_CHANNELS = 500
MAX_USERS = 1000
"""The most guilds, channels in one guild (and DMs), and users; more are refused."""

BOT_ROLE = Permission.MENTION_EVERYONE | Permission.EMBED_LINKS | Permission.ATTACH_FILES
"""What the bot's own role adds to what everyone may do; it is no administrator."""

Named = TypeVar("Named", Guild, User)


class World:
    """Hold the servers, channels and people, and tell of every change.

    Every change of state happens here or in `messages`; listeners hear of it at once, in order.
    """

    def __init__(self, *, bus: EventBus) -> None:
        self.ids = Snowflakes()
        self.bot_token = f"sandbox.{secrets.token_urlsafe(24)}"
        self.guilds: dict[int, Guild] = {}
        self.direct: dict[int, Channel] = {}
        self.users: dict[int, User] = {}
        self.messages = Messages(ids=self.ids, announce=self.announce)
        self.intents = Intent.ALL
        self.listeners: list[Callable[[Change], None]] = []
        self._bus = bus
        self.bot = self.add_user("Sandbox Bot", bot=True)
        for name in ("ana", "ben", "admin"):
            self.add_user(name)
        for name in ("Sandbox", "Workshop"):
            self.add_guild(name)
        self._first_ids = {*self.guilds, *self.users}
        self._first_channels = {key: dict(guild.channels) for key, guild in self.guilds.items()}

    def announce(self, change: Change) -> None:
        """Tell listeners of a change, and everyone on the bus unless it has one receiver."""
        for listener in self.listeners:
            listener(change)
        if change.to is None:
            self._bus.publish(change.name.lower(), **change_shape(change))

    @property
    def may_read_content(self) -> bool:
        """Tell whether the application still has the Message Content intent."""
        return bool(self.intents & Intent.MESSAGE_CONTENT)

    def guild(self, reference: object) -> Guild:
        """Return a guild by id or name. Raises UnknownError."""
        return _find("server", reference, self.guilds.values())

    def channel(self, reference: object) -> Channel:
        """Return a channel by id. Raises UnknownError."""
        channel_id = int(str(reference)) if str(reference).isdecimal() else 0
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        if channel_id not in self.direct:
            raise UnknownError("channel", reference)
        return self.direct[channel_id]

    def user(self, reference: object) -> User:
        """Return a user by name or id; "bot" is the bot. Raises UnknownError."""
        if reference == "bot":
            return self.bot
        return _find("user", reference, self.users.values())

    def person(self, reference: object) -> User:
        """Return a user who is no bot. Raises UnknownError."""
        user = self.user(reference)
        if user.bot:
            raise UnknownError("person", reference)
        return user

    def voice_state(self, guild: Guild, user: User) -> VoiceState | None:
        """Return where a user is in a guild's voice channels."""
        return guild.voice_states.get(user.id)

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """Create an account that joins every guild. Raises ValueError."""
        _refuse_more(len(self.users), MAX_USERS, "users")
        if any(user.name == name for user in self.users.values()):
            raise ValueError(f"There is already a user {name!r:.80}.")
        user = User(self.ids.next(), name, bot)
        self.users[user.id] = user
        for guild in self.guilds.values():
            self._join(guild, user)
        return user

    def add_guild(self, name: str) -> Guild:
        """Create a guild with a text and a voice channel, which everyone joins."""
        _refuse_more(len(self.guilds), MAX_GUILDS, "servers")
        owner = next(user for user in self.users.values() if user.name == "admin")
        guild = Guild(self.ids.next(), name, owner.id)
        everyone = Role(guild.id, "@everyone", int(EVERYONE))
        administrators = Role(self.ids.next(), "admin", int(Permission.ADMINISTRATOR), 2)
        bots = Role(self.ids.next(), "bot", int(BOT_ROLE), 1)
        guild.roles = {role.id: role for role in (everyone, bots, administrators)}
        self.guilds[guild.id] = guild
        for user in self.users.values():
            guild.members[user.id] = self._member(guild, user)
        self._open(guild, "general", "text", [])
        self._open(guild, "Lounge", "voice", [])
        self.announce(Change("GUILD_CREATE", {"id": str(guild.id), "name": name}, guild=guild))
        return guild

    def add_channel(
        self, guild: Guild, name: str, kind: ChannelKind, overwrites: list[Overwrite]
    ) -> Channel:
        """Create a channel in a guild."""
        _refuse_more(len(guild.channels), MAX_CHANNELS, "channels")
        channel = self._open(guild, name, kind, overwrites)
        self.announce(
            Change("CHANNEL_CREATE", channel_payload(channel), guild=guild, channel=channel)
        )
        return channel

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel of a guild; whoever is in its voice leaves first. Raises ValueError."""
        guild = _guild_of(channel)
        for state in list(guild.voice_states.values()):
            if state.channel is channel:
                self.leave_voice(guild, state.user)
        payload = channel_payload(channel)
        del guild.channels[channel.id]
        self.announce(Change("CHANNEL_DELETE", payload, guild=guild, channel=channel))

    def permit(self, channel: Channel, overwrites: list[Overwrite]) -> None:
        """Replace what a channel of a guild allows and denies. Raises ValueError."""
        guild = _guild_of(channel)
        channel.overwrites = overwrites
        self.announce(
            Change("CHANNEL_UPDATE", channel_payload(channel), guild=guild, channel=channel)
        )

    def open_direct(self, user: User) -> Channel:
        """Return the DM channel between the bot and a user, opened when there is none."""
        for channel in self.direct.values():
            if channel.recipient is user:
                return channel
        _refuse_more(len(self.direct), MAX_CHANNELS, "direct channels")
        channel = Channel(self.ids.next(), user.name, "dm", bot=self.bot, recipient=user)
        self.direct[channel.id] = channel
        return channel

    def set_voice(
        self,
        channel: Channel,
        user: User,
        *,
        session_id: str,
        self_mute: bool = False,
        self_deaf: bool = False,
    ) -> VoiceState:
        """Put a member into a voice channel, out of any other one of that guild."""
        if channel.guild is None or channel.kind != "voice":
            raise ValueError(f"{channel.name} is not a voice channel.")
        state = VoiceState(user, channel, session_id, self_mute, self_deaf)
        channel.guild.voice_states[user.id] = state
        self._announce_voice(state)
        return state

    def leave_voice(self, guild: Guild, user: User) -> VoiceState | None:
        """Take a member out of a guild's voice channels and return where they were."""
        state = guild.voice_states.pop(user.id, None)
        if state:
            self._announce_voice(state, left=True)
        return state

    def reset(self) -> None:
        """Return to the first two guilds and first users, silent and without messages."""
        for guild in list(self.guilds.values()):
            for state in list(guild.voice_states.values()):
                self.leave_voice(guild, state.user)
            self._restore(guild)
        self.users = {key: user for key, user in self.users.items() if key in self._first_ids}
        self.direct.clear()
        self.intents = Intent.ALL
        self._bus.publish("reset")

    def _restore(self, guild: Guild) -> None:
        if guild.id not in self._first_ids:
            del self.guilds[guild.id]
            self.announce(Change("GUILD_DELETE", {"id": str(guild.id)}, guild=guild))
            return
        self._restore_channels(guild)
        for member in list(guild.members.values()):
            if member.user.id not in self._first_ids:
                del guild.members[member.user.id]
                self._announce_member("GUILD_MEMBER_REMOVE", guild, member)

    def _restore_channels(self, guild: Guild) -> None:
        first = self._first_channels[guild.id]
        for channel in list(guild.channels.values()):
            if channel.id not in first:
                self.remove_channel(channel)
        for channel in first.values():
            channel.messages.clear()
            missing, guild.channels[channel.id] = channel.id not in guild.channels, channel
            if missing:
                payload = channel_payload(channel)
                self.announce(Change("CHANNEL_CREATE", payload, guild=guild, channel=channel))
            if channel.overwrites:
                self.permit(channel, [])
        guild.channels = dict(first)

    def _join(self, guild: Guild, user: User) -> None:
        member = guild.members[user.id] = self._member(guild, user)
        self._announce_member("GUILD_MEMBER_ADD", guild, member)

    def _member(self, guild: Guild, user: User) -> Member:
        name = "bot" if user.bot else user.name
        roles = [role.id for role in guild.roles.values() if role.name == name]
        return Member(user, roles, datetime.now(UTC).isoformat())

    def _open(
        self, guild: Guild, name: str, kind: ChannelKind, overwrites: list[Overwrite]
    ) -> Channel:
        channel = Channel(self.ids.next(), name, kind, guild, overwrites=overwrites)
        guild.channels[channel.id] = channel
        return channel

    def _announce_member(self, name: str, guild: Guild, member: Member) -> None:
        payload: Json = {"guild_id": str(guild.id), **member_payload(member)}
        self.announce(Change(name, payload, guild=guild))

    def _announce_voice(self, state: VoiceState, *, left: bool = False) -> None:
        payload = voice_state_payload(state, left=left)
        guild = state.channel.guild
        self.announce(Change("VOICE_STATE_UPDATE", payload, guild=guild, channel=state.channel))


def _find(kind: str, reference: object, among: Iterable[Named]) -> Named:
    wanted = str(reference)
    for each in among:
        if wanted in (str(each.id), each.name):
            return each
    raise UnknownError(kind, reference)


def _guild_of(channel: Channel) -> Guild:
    if channel.guild is None:
        raise ValueError("A direct channel is no part of a server.")
    return channel.guild


def _refuse_more(count: int, most: int, things: str) -> None:
    if count >= most:
        raise ValueError(f"This world holds at most {most} {things}.")
