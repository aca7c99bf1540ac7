import asyncio

from sandbox.accounts import Account
from sandbox.addresses import RESUME_URL
from sandbox.events import EventBus
from sandbox.gateway_session import INVALID_SESSION, RESUMABLE, Connection, Session
from sandbox.gateway_voice import VoiceEntry
from sandbox.intents import Intent, application_flags
from sandbox.model import Change, Json, User
from sandbox.payloads import user_payload
from sandbox.world import World

GOING_AWAY = 1001
ENDING = (1000, GOING_AWAY)
"""The close codes with which a client ends its session."""


class GatewayError(Exception):
    """End a connection with a close code; `rule` names the breach to record, empty for none."""

    def __init__(self, code: int, detail: str, *, rule: str = "gateway_protocol") -> None:
        super().__init__(detail)
        self.code = code
        self.rule = rule


class GatewaySessions:
    """Keep the session of each bot: begin it, take it up again, lose its connection, end it.

    `online` is set while the world's own bot is connected. A bot has one session; a new one ends
    the one before.
    """

    def __init__(self, *, world: World, entry: VoiceEntry, bus: EventBus) -> None:
        self.online = asyncio.Event()
        self._world = world
        self._entry = entry
        self._bus = bus
        self._sessions: dict[int, Session] = {}

    def of(self, user: User) -> Session | None:
        """Return a bot's session, connected or not."""
        return self._sessions.get(user.id)

    def on(self, connection: Connection) -> Session | None:
        """Return the session that a connection serves."""
        sessions = self._sessions.values()
        return next((each for each in sessions if each.connection is connection), None)

    def deliver(self, change: Change) -> None:
        """Tell every bot of a change, as far as it may know of it."""
        for session in list(self._sessions.values()):
            session.deliver(change)

    def identify(self, connection: Connection, data: Json) -> None:
        """Begin a session with READY and the guilds. Raises GatewayError."""
        if self.on(connection):
            raise GatewayError(4005, "Already authenticated")
        account = self._authenticate(data)
        if list(data.get("shard") or (0, 1)) != [0, 1]:
            raise GatewayError(4010, "Invalid shard")
        intents = Intent(int(data["intents"])) & Intent.ALL
        if intents & Intent.PRIVILEGED & ~account.intents:
            raise GatewayError(4014, "Disallowed intents", rule="intents")
        self.end(account.user)
        session = Session(account=account, intents=intents, connection=connection)
        self._sessions[account.user.id] = session
        self._bus.publish("session_began", user_id=account.user.id)
        session.push("READY", self._ready(session))
        for guild in self._world.guilds.values() if intents & Intent.GUILDS else ():
            payload = {**session.guild_payload(guild), "unavailable": False}
            session.push("GUILD_CREATE", payload)
        self._tell(account.user, online=True)

    def resume(self, connection: Connection, data: Json) -> None:
        """Take a session up again, or let the client identify anew. Raises GatewayError."""
        account, sequence = self._authenticate(data), int(data["seq"])
        session = self.of(account.user)
        if session and session.id == data["session_id"] and sequence > session.sequence:
            raise GatewayError(4007, "Invalid seq")
        if not (session and session.id == data["session_id"] and session.can_replay(sequence)):
            connection.send_op(INVALID_SESSION, False)
            return
        if session.connection and session.connection is not connection:
            session.connection.close(RESUMABLE)
        session.resume(connection, sequence)
        self._tell(account.user, online=True)

    def lose(self, connection: Connection) -> None:
        """Note that a connection is gone; unless its client ended it, the session waits."""
        session = self.on(connection)
        if session is None:
            return
        session.connection = None
        self._tell(session.account.user, online=False)
        if not connection.dropped and connection.socket.close_code in ENDING:
            self.end(session.account.user)

    def end(self, user: User) -> None:
        """End a bot's session, and with it its voice."""
        if self._sessions.pop(user.id, None):
            self._bus.publish("session_ended", user_id=user.id)
        if user is self._world.bot:
            self.online.clear()
        self._entry.leave_all(user)

    def _authenticate(self, data: Json) -> Account:
        account = self._world.authenticate(str(data.get("token")).removeprefix("Bot "))
        if account is None:
            raise GatewayError(4004, "Authentication failed", rule="token")
        return account

    def _ready(self, session: Session) -> Json:
        bot, connection = session.account.user, session.connection
        return {
            "v": 10,
            "user": {**user_payload(bot), "verified": True, "mfa_enabled": False},
            "session_id": session.id,
            "resume_gateway_url": (connection and connection.own_url) or RESUME_URL,
            "guilds": [{"id": str(each), "unavailable": True} for each in self._world.guilds],
            "application": {
                "id": str(bot.id),
                "flags": application_flags(session.account.intents),
            },
            "shard": [0, 1],
        }

    def _tell(self, user: User, *, online: bool) -> None:
        own = user is self._world.bot
        self._bus.publish(f"{'bot' if own else 'guest'}_{'online' if online else 'offline'}")
        if not own:
            return
        if online:
            self.online.set()
        else:
            self.online.clear()
