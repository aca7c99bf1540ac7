"""The nouns that travel between the stages of a turn; frozen, free of any foreign library."""

from collections.abc import Set
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

Role = Literal["system", "user", "assistant"]

ReplyButton = Literal["stop", "again", "speak"]
"""What can be pressed under a reply."""

FRAME_SECONDS = 0.020
"""Length of one Opus frame on Discord's voice connections, seconds."""


@dataclass(frozen=True, slots=True)
class Author:
    """Name a person as the place where they spoke shows them."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """Hold an image of a message of `size` bytes; `data` is empty until it is fetched from `url`.

    `media_type` is known with the data: image/png, image/jpeg, image/webp or image/gif.
    """

    url: str
    size: int = 0
    media_type: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Quote:
    """Hold a message that another one is about; one that it forwards has no author and no id.

    `author` is "you" for the bot itself, which has no `author_id`. `text` is None until it is
    fetched.
    """

    author: str
    text: str | None
    message_id: int = 0
    author_id: int = 0


@dataclass(frozen=True, slots=True)
class TextFile:
    """Hold a file of `size` bytes that came with a message; `text` is None until it is read.

    `text` may be only its beginning. `problem` says in a few words why it is not read.
    """

    name: str
    url: str
    size: int
    text: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Tell where something is said and who reads it: a guild's channel, or a direct message.

    A thread is in its channel, but for a private one, which is a place of its own. `public` says
    that every member of the guild may read it.
    """

    channel_id: int
    guild_id: int | None
    public: bool = False


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """Hold one message meant for the bot, its address (mention) already removed.

    `received` is on the event loop's clock, seconds. `speak` asks for a spoken answer. `images`,
    `quote` and `files` are what it brings beside its text, which may be empty then. `about` are
    the ids of a person and a message whose words its text repeats. Without a `place` its readers
    are those of its channel, whoever they are.
    """

    id: int
    channel_id: int
    guild_id: int | None
    author: Author
    text: str
    received: float
    speak: bool = False
    images: tuple[ImagePart, ...] = ()
    quote: Quote | None = None
    files: tuple[TextFile, ...] = ()
    about: tuple[int, ...] = ()
    place: Place | None = None

    @property
    def kept_text(self) -> str:
        """Return the text as the history keeps it: each image is a word in brackets."""
        return "\n".join([self.text] * bool(self.text) + ["[image]"] * len(self.images))

    @property
    def sources(self) -> tuple[int, ...]:
        """Return the ids of the messages and other people whose words its answer may repeat."""
        quoted = (self.quote.author_id, self.quote.message_id) if self.quote else ()
        return tuple(each for each in (self.id, *self.about, *quoted) if each)


@dataclass(frozen=True, slots=True)
class UserTurn:
    """Hold what one person said before the bot answers: one message or several rapid ones."""

    id: str
    messages: tuple[IncomingMessage, ...]

    @property
    def first(self) -> IncomingMessage:
        """Return the message that opened the turn."""
        return self.messages[0]

    @property
    def last(self) -> IncomingMessage:
        """Return the message that the answer replies to."""
        return self.messages[-1]

    @property
    def author(self) -> Author:
        """Return the person whose turn it is."""
        return self.messages[0].author

    @property
    def channel_id(self) -> int:
        """Return the channel the turn stands in."""
        return self.messages[0].channel_id

    @property
    def guild_id(self) -> int | None:
        """Return the guild, or None in a direct message."""
        return self.messages[0].guild_id

    @property
    def place(self) -> Place:
        """Return where the turn stands: public only where all of its messages are."""
        found = [each.place or Place(each.channel_id, each.guild_id) for each in self.messages]
        return replace(found[-1], public=all(place.public for place in found))

    @property
    def text(self) -> str:
        """Return the messages' texts, one to a line."""
        return "\n".join(message.text for message in self.messages if message.text)

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Return the images of all messages, in order."""
        return tuple(chain.from_iterable(message.images for message in self.messages))

    @property
    def kept_text(self) -> str:
        """Return the text as the history keeps it: each image is a word in brackets."""
        return "\n".join(text for message in self.messages if (text := message.kept_text))

    @property
    def sources(self) -> tuple[int, ...]:
        """Return the ids of the messages and other people whose words its answer may repeat."""
        return tuple(chain.from_iterable(message.sources for message in self.messages))

    def joined_by(self, other: "UserTurn") -> "UserTurn":
        """Return this turn with another's messages behind its own."""
        return replace(self, messages=(*self.messages, *other.messages))

    def revised(self, message_id: int, text: str) -> "UserTurn":
        """Return the turn with the new text of one of its messages."""
        messages = (
            replace(message, text=text) if message.id == message_id else message
            for message in self.messages
        )
        return replace(self, messages=tuple(messages))

    def without(self, message_ids: Set[int]) -> "UserTurn | None":
        """Return the turn without some messages, None where none is left."""
        kept = tuple(message for message in self.messages if message.id not in message_ids)
        return replace(self, messages=kept) if kept else None

    @property
    def speak(self) -> bool:
        """Tell whether the answer is to be spoken as well."""
        return any(message.speak for message in self.messages)


@dataclass(frozen=True, slots=True)
class ReplyControls:
    """Name the buttons under a message of a reply, who asked, and the question's message."""

    asker_id: int
    question_id: int
    buttons: tuple[ReplyButton, ...]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """Hold one message of the context sent to a model."""

    role: Role
    content: str
    images: tuple[ImagePart, ...] = ()


@dataclass(frozen=True, slots=True)
class Background:
    """Hold what the bot knows before a turn: who it is, about the asker, and what went before.

    `persona` stands in the place of the settings' system prompt; "" leaves that. `temperature` is
    that persona's; None leaves the settings' one. `unsummarised` is how many of the newest messages
    of the history `summary` does not hold.
    """

    persona: str = ""
    temperature: float | None = None
    profile: str = ""
    summary: str = ""
    unsummarised: int = 0


@dataclass(frozen=True, slots=True)
class ChatContext:
    """Hold what is sent to a model; `trimmed` says that something did not fit.

    `notes` are lines for the person who asked, to stand in small print under the answer. `whole`
    asks for the answer in one piece, for work that nobody watches. `temperature`, 0 to 2, stands
    over the settings' one; None leaves that.
    """

    messages: tuple[ChatMessage, ...]
    tokens: int
    trimmed: bool = False
    notes: tuple[str, ...] = ()
    whole: bool = False
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Hold a server's own count of one request's tokens."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """Hold one step of a streamed answer; `usage` comes last, from servers that count.

    `note` is a line about the answer for its small print: never spoken, never kept.
    """

    text: str = ""
    usage: TokenUsage | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class VoiceStyle:
    """Choose how speech sounds; an empty voice is the engine's default, speed 1.0 is natural.

    `hurried` prefers an engine that keeps ahead of playback to one that sounds better.
    """

    voice: str = ""
    speed: float = 1.0
    language: str = "en"
    hurried: bool = False


@dataclass(frozen=True, slots=True)
class VoiceOption:
    """Name a voice that an engine has; `language` is "" for one that speaks any."""

    name: str
    language: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class VoiceOffer:
    """Hold what an engine can be asked for: voices, and suffixes ("f3") that vary each of them."""

    voices: tuple[VoiceOption, ...] = ()
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Hold a stretch of sound: PCM (s16 mono at `sample_rate` Hz), or Opus packets of 20 ms each.

    `text` is the shown text that this chunk begins to say; later chunks of it leave it empty.
    """

    pcm: bytes = b""
    sample_rate: int = 48_000
    packets: tuple[bytes, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class PlaybackResult:
    """Tell how much of an utterance was heard; `seconds` counts the frames that were sent.

    One that `gave_up` was interrupted because for too long nobody could hear it.
    """

    heard: str
    seconds: float
    interrupted: bool
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Hold one message as it is kept; `at` is seconds since the epoch (UTC).

    The messages of one turn have the same `at`. An answer has the id of whom it answers. `about`
    are the ids of other messages and people whose words it repeats or may repeat: it is forgotten
    with them. `guild_id` is 0 in direct messages.
    """

    role: Role
    text: str
    at: float
    author_id: int
    author: str
    message_ids: tuple[int, ...] = ()
    about: tuple[int, ...] = ()
    guild_id: int = 0
