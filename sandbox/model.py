import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

Json = dict[str, Any]
"""One JSON object."""

DISCORD_EPOCH_MS = 1_420_070_400_000
"""The first second of 2015, from which Discord counts its ids."""

MAX_MESSAGES = 1000
"""Messages kept in one channel; the oldest are forgotten."""

MAX_STATUSES = 100
"""Changes of a voice channel's status that are kept."""

MAX_HANDED = 20
"""Files that people gave to commands in one channel and that are kept."""

EPHEMERAL = 1 << 6
LOADING = 1 << 7
"""Message flags: seen by one person only; the bot is still thinking."""

ChannelKind = Literal["text", "voice", "stage", "dm", "thread"]


class UnknownError(LookupError):
    """Report a reference to something that this world does not hold."""

    def __init__(self, kind: str, reference: object) -> None:
        super().__init__(f"There is no {kind} {reference!s:.80}.")
        self.kind = kind


class Snowflakes:
    """Make ids that are unique and rise with time, as Discord's do."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return the next id."""
        milliseconds = int(time.time() * 1000) - DISCORD_EPOCH_MS
        self._last = max(self._last + 1, milliseconds << 22)
        return self._last


@dataclass(slots=True, eq=False)
class User:
    """Hold one account; one that `takes_direct` lets bots write to it."""

    id: int
    name: str
    bot: bool = False
    takes_direct: bool = True


@dataclass(slots=True, eq=False)
class Role:
    """Hold one role; the role with the guild's own id is @everyone."""

    id: int
    name: str
    permissions: int
    position: int = 0


@dataclass(slots=True, eq=False)
class Member:
    """Hold a user's membership of a guild; `joined` is an ISO time."""

    user: User
    role_ids: list[int]
    joined: str


@dataclass(frozen=True, slots=True)
class Overwrite:
    """Allow and deny permissions in one channel to a role or to a member."""

    target_id: int
    is_member: bool
    allow: int
    deny: int


@dataclass(slots=True, eq=False)
class VoiceState:
    """Hold where a member is in voice; a suppressed one is not heard, and may have `requested` it.

    `requested` is an ISO time.
    """

    user: User
    channel: "Channel"
    session_id: str
    self_mute: bool = False
    self_deaf: bool = False
    suppress: bool = False
    requested: str | None = None


@dataclass(slots=True, eq=False)
class Guild:
    """Hold one server."""

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, "Channel"] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Channel:
    """Hold a channel with its messages in order; a voice channel has a text chat of its own.

    A DM channel has no guild: it is between the bot and its `recipient`. A thread has a `parent`,
    whose permissions are its own.
    """

    id: int
    name: str
    kind: ChannelKind
    guild: Guild | None = None
    bot: User | None = None
    recipient: User | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    messages: dict[int, "Message"] = field(default_factory=dict)
    parent: "Channel | None" = None
    statuses: deque["Edit"] = field(default_factory=lambda: deque(maxlen=MAX_STATUSES))
    handed: deque["Attachment"] = field(default_factory=lambda: deque(maxlen=MAX_HANDED))

    @property
    def is_vocal(self) -> bool:
        """Tell whether people meet here to speak."""
        return self.kind in ("voice", "stage")


@dataclass(slots=True, eq=False)
class Attachment:
    """Hold one uploaded file."""

    id: int
    channel_id: int
    filename: str
    content_type: str
    data: bytes

    @property
    def url(self) -> str:
        """Return where Discord's content network serves it."""
        place = f"{self.channel_id}/{self.id}/{quote(self.filename, safe='', errors='replace')}"
        return f"https://cdn.discordapp.com/attachments/{place}"


@dataclass(frozen=True, slots=True)
class Edit:
    """Hold one change of a message's content; `t` is monotonic seconds."""

    t: float
    content: str


@dataclass(slots=True, eq=False)
class Message:
    """Hold one message; `created` is monotonic seconds, `timestamp` and `edited` are ISO times.

    `audience` is the only person who sees an ephemeral message; `interaction` is what the
    message answers, as Discord writes it.
    """

    id: int
    channel: Channel
    author: User
    content: str
    created: float
    timestamp: str
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[Role] = field(default_factory=list)
    mention_everyone: bool = False
    reference_id: int | None = None
    forwarded: "Message | None" = None
    nonce: str | int | None = None
    audience: User | None = None
    interaction: Json | None = None
    edits: list[Edit] = field(default_factory=list)
    edited: str | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    deleted: bool = False

    @property
    def loading(self) -> bool:
        """Tell whether it only says that the bot is thinking."""
        return bool(self.flags & LOADING)


@dataclass(frozen=True, slots=True)
class Change:
    """Tell what happened, as Discord's gateway calls it, for those who may know of it.

    `payload` is what a bot that may see everything gets; `to` names the only receiver.
    """

    name: str
    payload: Json
    guild: Guild | None = None
    channel: Channel | None = None
    message: Message | None = None
    to: User | None = None
