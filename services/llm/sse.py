from services.core.errors import ProviderError

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Longest event accepted; a server that never ends a line must not fill the memory."""


class SSEDecoder:
    """Cut a stream of server-sent events into the data of each, in time linear in the bytes.

    Every `data:` line counts as one event: chat completions never spread JSON over several lines,
    and some servers forget the empty line between two events. Comments, other fields and empty
    data, by which some keep a connection alive, are dropped. Raises ProviderError for an event
    longer than MAX_EVENT_BYTES.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0

    def push(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes, cut anywhere, and return the events they complete."""
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        if self._parts:
            chunk = b"".join((*self._parts, chunk))
            self._parts.clear()
            self._held = 0
        lines = chunk.split(b"\n")
        self._hold(lines.pop())
        data = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        return [each for each in data if each]

    def flush(self) -> list[bytes]:
        """Return the event that the stream's end left without its line break."""
        return self.push(b"\n")

    def _hold(self, part: bytes) -> None:
        self._held += len(part)
        if self._held > MAX_EVENT_BYTES:
            raise ProviderError(f"the server sent an event of more than {MAX_EVENT_BYTES} bytes")
        if part:
            self._parts.append(part)
