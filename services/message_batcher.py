import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.core.types import IncomingMessage, UserTurn

log = logging.getLogger(__name__)

TYPING_SECONDS = 10.0
"""How long Discord shows one typing event."""

CONJUNCTIONS = frozenset(
    {"and", "or", "but", "because", "so", "if", "while", "although", "nor", "unless", "until"}
    | {"und", "oder", "aber", "weil", "wenn", "dass", "sondern", "obwohl"}
    | {"et", "ou", "mais", "donc", "y", "pero", "porque"}
)
"""Words of the commonest languages that no sentence ends in; not those with a second meaning."""

UNFINISHED = (",", ":", "…", "...", "\N{IDEOGRAPHIC COMMA}", "\N{FULLWIDTH COMMA}")

_LAST_WORD = re.compile(r"(\w+)\W*$")

Key = tuple[int, int]


@dataclass(slots=True)
class _Pending:
    messages: list[IncomingMessage] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


def is_complete(text: str) -> bool:
    """Tell whether a message seems to be all its author wants to say.

    It is not when it ends in a comma, a colon, a conjunction, an ellipsis or an open code fence.
    """
    text = text.rstrip()
    if text.endswith(UNFINISHED) or text.count("```") % 2:
        return False
    word = _LAST_WORD.search(text) if text[-1:].isalnum() else None
    return word is None or word[1].lower() not in CONJUNCTIONS


class MessageBatcher:
    """Join the rapid messages of one person in one channel into one turn.

    A complete message is delivered at once, inside `add`, unless its author is typing on. Else it
    is held until its author's next message completes it, at most `window` seconds from the turn's
    first message. A typing event counts for 10 s or until a message that was received after it.

    A turn that grows to `max_messages` or `max_characters` is delivered at once. At most `max_keys`
    turns are held: one more delivers the oldest. `deliver` is called in the event loop and does not
    wait; one turn is one call.
    """

    def __init__(
        self,
        *,
        window: float,
        deliver: Callable[[UserTurn], None],
        new_id: Callable[[], str],
        max_messages: int = 10,
        max_characters: int = 8000,
        max_keys: int = 1000,
    ) -> None:
        self._window = window
        self._deliver = deliver
        self._new_id = new_id
        self._max_messages = max_messages
        self._max_characters = max_characters
        self._max_keys = max_keys
        self._pending: OrderedDict[Key, _Pending] = OrderedDict()
        self._typed: OrderedDict[Key, float] = OrderedDict()
        self._closed = False

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, message: IncomingMessage) -> None:
        """Take a message; its turn is delivered before this returns or within the window."""
        if self._closed:
            log.warning("A message came after the end and is not answered")
            return
        key = (message.channel_id, message.author.id)
        pending = self._pending.setdefault(key, _Pending())
        pending.messages.append(message)
        if self._is_typing(key, message) or not is_complete(message.text):
            self._hold(key, pending)
        else:
            self._flush(key)

    def typing(self, channel_id: int, user_id: int) -> None:
        """Note that somebody is typing now."""
        key = (channel_id, user_id)
        self._typed[key] = asyncio.get_running_loop().time()
        self._typed.move_to_end(key)
        if len(self._typed) > self._max_keys:
            self._typed.popitem(last=False)

    def revise(self, message_id: int, text: str) -> bool:
        """Replace the text of a message whose turn is still held; tell whether it is."""
        for pending in self._pending.values():
            for place, message in enumerate(pending.messages):
                if message.id == message_id:
                    pending.messages[place] = replace(message, text=text)
                    return True
        return False

    def discard(self, message_id: int) -> None:
        """Take back a message that its author deleted, if its turn is still held."""
        for key, pending in self._pending.items():
            kept = [message for message in pending.messages if message.id != message_id]
            if len(kept) < len(pending.messages):
                pending.messages[:] = kept
                if not kept:
                    self._take(key)
                return

    def discard_author(self, author_id: int) -> int:
        """Take back all that a person wrote and that is still held; return how many turns."""
        keys = [key for key in self._pending if key[1] == author_id]
        for key in keys:
            self._take(key)
        return len(keys)

    async def aclose(self) -> None:
        """Drop the turns that are still held; idempotent."""
        self._closed = True
        if self._pending:
            log.info("%d held turns are dropped", len(self._pending))
        for key in list(self._pending):
            self._take(key)

    def _is_typing(self, key: Key, message: IncomingMessage) -> bool:
        typed = self._typed.get(key)
        if typed is None:
            return False
        if typed < message.received or typed + TYPING_SECONDS <= asyncio.get_running_loop().time():
            del self._typed[key]
            return False
        return True

    def _hold(self, key: Key, pending: _Pending) -> None:
        loop = asyncio.get_running_loop()
        characters = sum(len(message.text) for message in pending.messages)
        full = len(pending.messages) >= self._max_messages or characters >= self._max_characters
        due = pending.messages[0].received + self._window
        if full or due <= loop.time():
            self._flush(key)
        elif pending.timer is None:
            pending.timer = loop.call_at(due, self._flush, key)
            if len(self._pending) > self._max_keys:
                self._flush(next(iter(self._pending)))

    def _flush(self, key: Key) -> None:
        messages = self._take(key).messages
        self._deliver(UserTurn(self._new_id(), tuple(messages)))

    def _take(self, key: Key) -> _Pending:
        pending = self._pending.pop(key)
        if pending.timer is not None:
            pending.timer.cancel()
        return pending
