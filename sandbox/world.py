import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from sandbox.accounts import Account
from sandbox.commands import Commands
from sandbox.events import EventBus
from sandbox.founding import enrol, found_guild
from sandbox.messages import Messages
from sandbox.model import (
    Change,
    Channel,
    ChannelKind,
    Edit,
    Guild,
    Json,
    Member,
    Overwrite,
    Snowflakes,
    UnknownError,
    User,
    VoiceState,
)
from sandbox.payloads import channel_payload, member_payload, voice_state_payload
from sandbox.permissions import Permission, may
from sandbox.shapes import change_shape

MAX_GUILDS = 500
MAX_CHANNELS = 500
MAX_USERS = 1000
"""The most guilds, channels in one guild (and DMs), and users; more are refused."""

Named = TypeVar("Named", Guild, User)


class World:
    """Hold the servers, channels and people, and tell of every change.

    Every change of state happens here or in `messages`; listeners hear of it at once, in order.
    """

    def __init__(self, *, bus: EventBus) -> None:
        self.ids = Snowflakes()
        self.guilds: dict[int, Guild] = {}
        self.direct: dict[int, Channel] = {}
        self.users: dict[int, User] = {}
        self.accounts: dict[int, Account] = {}
        self.messages = Messages(ids=self.ids, announce=self.announce)
        self.listeners: list[Callable[[Change], None]] = []
        self._bus = bus
        self.bot = self._add_bot("Sandbox Bot")
        for name in ("ana", "ben", "admin"):
            self.add_user(name)
        self.guest = self._add_bot("Guest Bot")
        for name in ("Sandbox", "Workshop"):
            self.add_guild(name)

    def announce(self, change: Change) -> None:
        """Tell listeners of a change, and everyone on the bus unless it has one receiver."""
        for listener in self.listeners:
            listener(change)
        if change.to is None:
            self._bus.publish(change.name.lower(), **change_shape(change))

    def authenticate(self, token: str) -> Account | None:
        """Return the bot that a token belongs to."""
        return next((each for each in self.accounts.values() if each.token == token), None)

    def account(self, reference: object) -> Account:
        """Return a bot's account by its name or id; "bot" is the bot. Raises UnknownError."""
        user = self.user(reference)
        if user.id not in self.accounts:
            raise UnknownError("bot", reference)
        return self.accounts[user.id]

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
        """Create a user who joins every guild. Raises ValueError."""
        _refuse_more(len(self.users), MAX_USERS, "users")
        if any(user.name == name for user in self.users.values()):
            raise ValueError(f"There is already a user {name!r:.80}.")
        user = User(self.ids.next(), name, bot)
        self.users[user.id] = user
        for guild in self.guilds.values():
            self._announce_member("GUILD_MEMBER_ADD", guild, enrol(guild, user))
        return user

    def remove_user(self, user: User) -> None:
        """Delete a user, out of every guild."""
        del self.users[user.id]
        for guild in self.guilds.values():
            if member := guild.members.pop(user.id, None):
                self._announce_member("GUILD_MEMBER_REMOVE", guild, member)

    def add_guild(self, name: str) -> Guild:
        """Create a guild with a text and a voice channel, which everyone joins."""
        _refuse_more(len(self.guilds), MAX_GUILDS, "servers")
        owner = next(user for user in self.users.values() if user.name == "admin")
        guild = found_guild(name, owner=owner, ids=self.ids)
        for user in self.users.values():
            enrol(guild, user)
        self._open(guild, "general", "text", [])
        self._open(guild, "Lounge", "voice", [])
        self.put_back_guild(guild)
        return guild

    def put_back_guild(self, guild: Guild) -> None:
        """Open a guild, again if it was removed."""
        self.guilds[guild.id] = guild
        payload = {"id": str(guild.id), "name": guild.name}
        self.announce(Change("GUILD_CREATE", payload, guild=guild))

    def remove_guild(self, guild: Guild) -> None:
        """Delete a guild; nobody is in its voice any more."""
        del self.guilds[guild.id]
        guild.voice_states.clear()
        self.announce(Change("GUILD_DELETE", {"id": str(guild.id)}, guild=guild))

    def add_channel(
        self, guild: Guild, name: str, kind: ChannelKind, overwrites: list[Overwrite]
    ) -> Channel:
        """Create a channel in a guild."""
        _refuse_more(len(guild.channels), MAX_CHANNELS, "channels")
        channel = self._open(guild, name, kind, overwrites)
        self._announce_channel("CHANNEL_CREATE", guild, channel)
        return channel

    def open_thread(self, parent: Channel, name: str) -> Channel:
        """Open a thread in a text channel. Raises ValueError."""
        guild = _guild_of(parent)
        if parent.kind != "text":
            raise ValueError("A thread stands in a text channel.")
        _refuse_more(len(guild.channels), MAX_CHANNELS, "channels")
        thread = Channel(self.ids.next(), name, "thread", guild, parent=parent)
        guild.channels[thread.id] = thread
        self._announce_channel("THREAD_CREATE", guild, thread)
        return thread

    def put_back(self, channel: Channel) -> None:
        """Open a channel again that was removed. Raises ValueError."""
        guild = _guild_of(channel)
        guild.channels[channel.id] = channel
        self._announce_channel("CHANNEL_CREATE", guild, channel)

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads; whoever is in its voice leaves. Raises ValueError."""
        guild = _guild_of(channel)
        for thread in [each for each in guild.channels.values() if each.parent is channel]:
            self.remove_channel(thread)
        for state in list(guild.voice_states.values()):
            if state.channel is channel:
                self.leave_voice(guild, state.user)
        payload = channel_payload(channel)
        del guild.channels[channel.id]
        name = "THREAD_DELETE" if channel.parent else "CHANNEL_DELETE"
        self.announce(Change(name, payload, guild=guild, channel=channel))

    def permit(self, channel: Channel, overwrites: list[Overwrite]) -> None:
        """Replace what a channel of a guild allows and denies. Raises ValueError."""
        guild = _guild_of(channel)
        if channel.parent is not None:
            raise ValueError("A thread has its channel's permissions.")
        channel.overwrites = overwrites
        self._announce_channel("CHANNEL_UPDATE", guild, channel)
        for state in guild.voice_states.values():
            suppress = _is_suppressed(channel, state.user)
            changes = channel.kind == "voice" and state.suppress != suppress
            if state.channel is channel and changes:
                state.suppress = suppress
                self._announce_voice(state)

    def open_direct(self, user: User, *, bot: User | None = None) -> Channel:
        """Return the DM channel between a bot (None: the bot) and a user, opened if need be."""
        bot = bot or self.bot
        for channel in self.direct.values():
            if channel.recipient is user and channel.bot is bot:
                return channel
        _refuse_more(len(self.direct), MAX_CHANNELS, "direct channels")
        channel = Channel(self.ids.next(), user.name, "dm", bot=bot, recipient=user)
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
        if channel.guild is None or not channel.is_vocal:
            raise ValueError(f"{channel.name} is not a voice channel.")
        before = self.voice_state(channel.guild, user)
        stays = before is not None and before.channel is channel
        suppress = before.suppress if before and stays else _is_suppressed(channel, user)
        state = VoiceState(user, channel, session_id, self_mute, self_deaf, suppress)
        state.requested = before.requested if before and stays else None
        channel.guild.voice_states[user.id] = state
        self._announce_voice(state)
        return state

    def set_stage_part(self, state: VoiceState, *, suppress: bool, requested: str | None) -> None:
        """Put somebody on a stage or into its audience; `requested` is since when they ask."""
        state.suppress, state.requested = suppress, requested if suppress else None
        self._announce_voice(state)

    def set_status(self, channel: Channel, status: str) -> None:
        """Write a line under a voice channel's name."""
        channel.statuses.append(Edit(time.monotonic(), status))
        guild = _guild_of(channel)
        payload = {"id": str(channel.id), "guild_id": str(guild.id), "status": status or None}
        self.announce(Change("VOICE_CHANNEL_STATUS_UPDATE", payload, guild=guild, channel=channel))

    def leave_voice(self, guild: Guild, user: User) -> VoiceState | None:
        """Take a member out of a guild's voice channels and return where they were."""
        state = guild.voice_states.pop(user.id, None)
        if state:
            self._announce_voice(state, left=True)
        return state

    def _add_bot(self, name: str) -> User:
        user = self.add_user(name, bot=True)
        commands = Commands(ids=self.ids, application_id=user.id)
        self.accounts[user.id] = Account(user, commands)
        return user

    def _open(
        self, guild: Guild, name: str, kind: ChannelKind, overwrites: list[Overwrite]
    ) -> Channel:
        channel = Channel(self.ids.next(), name, kind, guild, overwrites=overwrites)
        guild.channels[channel.id] = channel
        return channel

    def _announce_channel(self, name: str, guild: Guild, channel: Channel) -> None:
        self.announce(Change(name, channel_payload(channel), guild=guild, channel=channel))

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


def _is_suppressed(channel: Channel, user: User) -> bool:
    """Tell whether a newcomer is not heard: on a stage nobody is before being let."""
    return channel.kind == "stage" or not may(channel, user, Permission.SPEAK)


def _guild_of(channel: Channel) -> Guild:
    if channel.guild is None:
        raise ValueError("A direct channel is no part of a server.")
    return channel.guild


def _refuse_more(count: int, most: int, things: str) -> None:
    if count >= most:
        raise ValueError(f"This world holds at most {most} {things}.")
