import asyncio
import json
import secrets
import zlib
from collections import deque

from aiohttp import ClientConnectionResetError, web

from sandbox.accounts import Account
from sandbox.intents import Intent, needed_intent
from sandbox.messages import message_event_payload
from sandbox.model import Change, Guild, Json, Member
from sandbox.payloads import guild_create_payload
from sandbox.permissions import Permission, may

MAX_REPLAY = 1000
"""Events kept for a RESUME; a client that missed more has to identify anew."""

MAX_WAITING = 4000
"""Frames that wait for a slow client; beyond it the connection is dropped and may resume."""

INVALID_SESSION = 9
"""The opcode after which a client identifies anew."""

RESUMABLE = 4000
"""The close code after which a client resumes."""

NEED_VIEW = ("MESSAGE_", "TYPING_")
"""Events that only those who see the channel get."""


class Connection:
    """Write to one gateway websocket in order, as text or as one zlib stream.

    `own_url` is the gateway's address where the client came by this server's own, else empty.
    """

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool, own_url: str) -> None:
        self.socket = socket
        self.own_url = own_url
        self.dropped = False
        self.silent_until = 0.0
        self._outgoing: deque[str | int] = deque()
        self._wake = asyncio.Event()
        self._compressor = zlib.compressobj() if compressed else None

    @property
    def silent(self) -> bool:
        """Tell whether the connection plays dead."""
        return asyncio.get_running_loop().time() < self.silent_until

    def send(self, text: str) -> None:
        """Queue one frame; never waits. A zombie says nothing."""
        if self.silent:
            return
        self._outgoing.append(text)
        self._wake.set()
        if len(self._outgoing) > MAX_WAITING:
            self.close(RESUMABLE)

    def send_op(self, op: int, data: object) -> None:
        """Queue one frame that is no event."""
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """Close from this side after what is queued; the session stays resumable."""
        self.dropped = True
        self._outgoing.append(code)
        self._wake.set()

    async def write(self) -> None:
        """Send what is queued until the connection is closed."""
        try:
            while True:
                while self._outgoing:
                    item = self._outgoing.popleft()
                    if isinstance(item, int):
                        await self.socket.close(code=item)
                        return
                    await self._send(item)
                self._wake.clear()
                await self._wake.wait()
        except ClientConnectionResetError:
            return

    async def _send(self, text: str) -> None:
        if self._compressor is None:
            await self.socket.send_str(text)
            return
        data = self._compressor.compress(text.encode())
        await self.socket.send_bytes(data + self._compressor.flush(zlib.Z_SYNC_FLUSH))


class Session:
    """Number the events for one bot, keep them for a RESUME, and leave out what it may not know."""

    def __init__(self, *, account: Account, intents: Intent, connection: Connection) -> None:
        self.id = secrets.token_hex(16)
        self.sequence = 0
        self.account = account
        self.connection: Connection | None = connection
        self._asked = intents
        self._sent: deque[tuple[int, str]] = deque(maxlen=MAX_REPLAY)

    @property
    def intents(self) -> Intent:
        """Return the intents in force: asked for, and still granted to the application."""
        return self._asked & self.account.intents

    def push(self, name: str, payload: Json) -> None:
        """Send one event, or keep it until the client resumes."""
        self.sequence += 1
        text = json.dumps({"op": 0, "t": name, "s": self.sequence, "d": payload})
        self._sent.append((self.sequence, text))
        if self.connection:
            self.connection.send(text)

    def deliver(self, change: Change) -> None:
        """Send a change as far as this bot may know of it."""
        if self._may_know(change):
            self.push(change.name, self._payload(change))

    def can_replay(self, sequence: int) -> bool:
        """Tell whether everything after an event is still kept."""
        first = self._sent[0][0] if self._sent else self.sequence + 1
        return first - 1 <= sequence <= self.sequence

    def resume(self, connection: Connection, sequence: int) -> None:
        """Send again all that came after an event."""
        self.connection = connection
        for number, text in self._sent:
            if number > sequence:
                connection.send(text)
        self.push("RESUMED", {})

    def members(self, guild: Guild) -> list[Member]:
        """Return the members of a guild that come with it: all, or those in voice and the bot."""
        if self.intents & Intent.MEMBERS:
            return list(guild.members.values())
        shown = {self.account.user.id, *guild.voice_states}
        return [member for member in guild.members.values() if member.user.id in shown]

    def guild_payload(self, guild: Guild) -> Json:
        """Describe a guild as far as this bot may know it."""
        return guild_create_payload(guild, members=self.members(guild))

    def _may_know(self, change: Change) -> bool:
        if change.to is not None:
            return change.to is self.account.user
        direct = change.channel is not None and change.channel.guild is None
        needed = needed_intent(change.name, direct=direct)
        if needed & self.intents != needed:
            return False
        if change.channel and change.name.startswith(NEED_VIEW):
            return may(change.channel, self.account.user, Permission.VIEW_CHANNEL)
        return True

    def _payload(self, change: Change) -> Json:
        if change.name == "GUILD_CREATE" and change.guild:
            return self.guild_payload(change.guild)
        if change.message:
            all_content = bool(self.intents & Intent.MESSAGE_CONTENT)
            reader = self.account.user
            return message_event_payload(change.message, reader=reader, all_content=all_content)
        return change.payload
