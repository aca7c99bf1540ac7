"""The contracts between rooms; every implementation is chosen in bot.py alone."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.core.types import (
    AudioChunk,
    ChatContext,
    ChatDelta,
    HistoryEntry,
    PlaybackResult,
    ReplyButton,
    ReplyControls,
    VoiceOffer,
    VoiceStyle,
)


class LLM(Protocol):
    """Answer a context with a stream of deltas. Raises ProviderError."""

    def stream(self, context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        """Stream an answer; close the generator to stop the server."""
        ...

    async def prewarm(self) -> None:
        """Open a connection before it is needed; never raises."""
        ...

    async def aclose(self) -> None:
        """Release the connections."""
        ...


class TTS(Protocol):
    """Turn text into PCM chunks. Raises ProviderError."""

    def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Stream the sound of a text; close the generator to stop the engine."""
        ...

    async def prewarm(self) -> None:
        """Load what the first synthesis needs; never raises."""
        ...

    async def aclose(self) -> None:
        """Release engine and connections."""
        ...


class SpeechEngine(TTS, Protocol):
    """A TTS that knows its voices. Both methods answer from memory, which `prewarm` fills."""

    def offer(self) -> VoiceOffer:
        """Return the voices that people may choose from; empty while they are not known."""
        ...

    def accepts(self, voice: str) -> bool:
        """Tell whether a name makes a voice here; True while the voices are not known."""
        ...


class AudioEncoder(Protocol):
    """Turn one utterance's PCM into Opus packets of 20 ms; stateful, CPU-bound, not thread-safe."""

    def encode(self, chunk: AudioChunk) -> list[bytes]:
        """Return the packets that the sound so far completes."""
        ...

    def finish(self, *, pause: float) -> list[bytes]:
        """End a piece: trim its tail, add `pause` seconds of silence, return the last packets."""
        ...


class AudioOutput(Protocol):
    """Play one utterance, in the order written."""

    async def write(self, chunk: AudioChunk) -> None:
        """Queue encoded packets; waits while the buffer (about 3 s) is full."""
        ...

    def end(self) -> None:
        """Declare that nothing more will be written."""
        ...

    async def wait_for_playout(self) -> PlaybackResult:
        """Wait until all was played or the utterance was cleared."""
        ...

    def clear(self) -> PlaybackResult:
        """Stop now and tell how much was heard; idempotent."""
        ...


class Speech(Protocol):
    """Speak one reply while it is being written."""

    def push(self, text: str) -> None:
        """Take more of the shown text; never waits."""
        ...

    def end(self) -> None:
        """Declare the text complete."""
        ...

    async def run(self) -> PlaybackResult:
        """Speak until all was heard or `stop` was called. Raises ProviderError."""
        ...

    def stop(self) -> None:
        """Fall silent at once; `run` then returns what was heard."""
        ...


class TextOutput(Protocol):
    """Show one reply while it is being written."""

    def update(self, text: str) -> None:
        """Take the whole text so far; never waits, and may be skipped."""
        ...

    async def finish(self, text: str, *, buttons: tuple[ReplyButton, ...]) -> None:
        """Show the final text, with buttons under it; returns when it has arrived."""
        ...


class TextChannel(Protocol):
    """Reach the place where a reply is written: a channel, or an interaction's answer."""

    @property
    def rate_key(self) -> str:
        """Name the budget of edits that this place shares with others."""
        ...

    async def send(self, text: str, *, reply_to: int | None, controls: ReplyControls | None) -> int:
        """Post a message of at most 2000 characters, None without buttons; return its id."""
        ...

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        """Replace the content of a message that `send` returned; None leaves its buttons."""
        ...

    def is_last(self, message_id: int) -> bool:
        """Tell whether nothing stands below a message that `send` returned, as far as is known."""
        ...

    async def read(self, message_id: int) -> str:
        """Return what a message that `send` returned shows now."""
        ...

    async def delete(self, message_id: int) -> None:
        """Delete a message that `send` returned."""
        ...

    async def mark(self, message_id: int, sign: str) -> None:
        """Put a sign, one emoji, on anybody's message."""
        ...

    async def unmark(self, message_id: int, sign: str) -> None:
        """Take the sign away."""
        ...

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show the typing indicator while the context is open; entering it never waits."""
        ...


class Cipher(Protocol):
    """Keep data readable for the holder of a key alone."""

    def seal(self, data: bytes) -> bytes:
        """Return the data encrypted, as one line of ASCII."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises ValueError for anything else."""
        ...


class HistoryStore(Protocol):
    """Keep conversations. Raises StorageError."""

    async def append(self, conversation: str, entries: Sequence[HistoryEntry]) -> None:
        """Keep entries together, in order; returns after they were written."""
        ...

    async def load(self, conversation: str, *, limit: int) -> list[HistoryEntry]:
        """Return the newest `limit` entries, oldest first."""
        ...

    async def clear(self, conversation: str) -> int:
        """Forget a conversation, archived parts included; return how many entries it had."""
        ...

    async def revise(self, conversation: str, message_id: int, text: str) -> bool:
        """Change the text of the entry of one message; return whether anything was changed.

        A question whose words repeat the message is forgotten.
        """
        ...

    async def forget_messages(self, conversation: str, message_ids: Collection[int]) -> int:
        """Forget the entries of these messages, and those about them; return how many."""
        ...

    async def forget_author(self, author_id: int) -> int:
        """Forget what a person said and was answered, and what repeats it, everywhere.

        Return how many entries. Whatever append was begun before is reached, too.
        """
        ...

    async def forget_guild(self, guild_id: int) -> list[str]:
        """Forget all conversations of a guild and return their keys."""
        ...

    def entries_of(self, author_id: int) -> AsyncGenerator[tuple[str, HistoryEntry], None]:
        """Yield what a person said and was answered, each with its conversation's key."""
        ...

    async def aclose(self) -> None:
        """Write what is queued and close the files."""
        ...
