import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.faults import Faults
from sandbox.voice.dave import WELCOME
from sandbox.voice.rtp import CIPHERS, Packet, open_packet, seal_packet
from sandbox.voice.rules import SenderRules

if TYPE_CHECKING:
    from sandbox.voice.channel import VoiceChannel

MAX_WAITING = 1_000
"""Messages that may wait for a slow client; one more and it is disconnected."""
MAX_REPLAY = 256
"""Messages kept for a client that resumes; the oldest fall out."""
TOO_SLOW = 4021
SPOILED = range(40, 60)
"""The bytes of a corrupt Welcome that are lost."""

Address = tuple[str, int]


class Wire:
    """Write to one websocket in order, so that senders never wait."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self._ws = ws
        self._queue: asyncio.Queue[str | bytes | int] = asyncio.Queue()
        self._closing = False

    def send(self, message: str | bytes) -> None:
        """Queue a message; a client too slow to take them is disconnected."""
        if self._closing:
            return
        if self._queue.qsize() >= MAX_WAITING:
            self.close(TOO_SLOW)
            return
        self._queue.put_nowait(message)

    def close(self, code: int) -> None:
        """Close with a code after what is queued; the first code counts."""
        if not self._closing:
            self._closing = True
            self._queue.put_nowait(code)

    async def run(self) -> None:
        """Write until the websocket is closed."""
        try:
            while not isinstance(message := await self._queue.get(), int):
                if isinstance(message, str):
                    await self._ws.send_str(message)
                else:
                    await self._ws.send_bytes(message)
            await self._ws.close(code=message)
        except ConnectionError:
            self._closing = True


class ClientSession:
    """Be one client's connection to one voice channel: its websocket messages and its RTP keys.

    The session outlives its websocket: a client that lost it may resume.
    """

    def __init__(
        self,
        *,
        channel: "VoiceChannel",
        user_id: int,
        ssrc: int,
        record: Callable[[str, str], None],
        faults: Faults,
        send_udp: Callable[[bytes, Address], None],
    ) -> None:
        self.channel = channel
        self.user_id = user_id
        self.ssrc = ssrc
        self.key = secrets.token_bytes(32)
        self.mode = ""
        self.speaking = 0
        self.address: Address | None = None
        self.rules = SenderRules(user_id=user_id, record=record)
        self._faults = faults
        self._send_udp = send_udp
        self._cipher = CIPHERS["aead_aes256_gcm_rtpsize"](self.key)
        self._sent = 0
        self._wire: Wire | None = None
        self._number = 0
        self._replay: deque[tuple[int, str | bytes]] = deque(maxlen=MAX_REPLAY)

    @property
    def connected(self) -> bool:
        """Tell whether a websocket is attached."""
        return self._wire is not None

    def attach(self, wire: Wire) -> None:
        """Use a new websocket from now on."""
        self.close(4006)
        self._wire = wire

    def detach(self, wire: Wire) -> None:
        """Forget a websocket that is gone; messages wait for a resume."""
        if self._wire is wire:
            self._wire = None

    def replay(self, after: int) -> None:
        """Send again what followed the message with the number `after` (16 bits, -1: none)."""
        for number, message in self._replay:
            if 0 < (number - after) & 0xFFFF < 0x8000 and self._wire is not None:
                self._wire.send(message)

    def close(self, code: int) -> None:
        """Close the websocket."""
        if self._wire is not None:
            self._wire.close(code)
            self._wire = None

    def send(self, op: int, data: Any) -> None:
        """Deliver a numbered JSON message; never waits."""
        self._number += 1
        message = json.dumps({"op": op, "d": data, "seq": self._number & 0xFFFF})
        self._deliver(message)

    def send_mls(self, op: int, body: bytes) -> None:
        """Deliver a numbered binary message; never waits. A Welcome may be ordered corrupt."""
        if op == WELCOME and self._faults.take("dave", "corrupt-welcome"):
            body = body[: SPOILED.start] + bytes(len(SPOILED)) + body[SPOILED.stop :]
        self._number += 1
        self._deliver((self._number & 0xFFFF).to_bytes(2, "big") + bytes([op]) + body)

    def select(self, mode: str, address: Address) -> None:
        """Choose the cipher, one of `CIPHERS`; packets go to `address`."""
        self.mode = mode
        self._cipher = CIPHERS[mode](self.key)
        self.address = self.address or address

    def open(self, data: bytes) -> Packet:
        """Decrypt a packet of this client. Raises ValueError."""
        return open_packet(data, self._cipher)

    def send_rtp(self, packet: Packet, *, padding: int) -> None:
        """Encrypt another member's packet for this client and send it."""
        if self.address is None or not self.mode:
            return
        nonce, self._sent = self._sent, (self._sent + 1) & 0xFFFFFFFF
        own = Packet(packet.sequence, packet.timestamp, packet.ssrc, nonce, packet.payload)
        self._send_udp(seal_packet(own, self._cipher, padding=padding), self.address)

    def _deliver(self, message: str | bytes) -> None:
        self._replay.append((self._number, message))
        if self._wire is not None:
            self._wire.send(message)
