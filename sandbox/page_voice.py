import asyncio
import struct
from collections import deque

from aiohttp import web

from sandbox.model import Channel, UnknownError, User
from sandbox.ports import Voice
from sandbox.sockets import Sockets
from sandbox.voice.opus import OpusDecoder
from sandbox.world import World

MAX_WAITING = 50
"""Frames that wait for a slow browser, one second; then the oldest are dropped."""

MAX_SPEAKERS = 8

Frame = tuple[int, bytes]
"""The SSRC of a speaker, and Opus."""


class LiveVoice:
    """Let an open page hear what a person in a voice channel hears.

    Each message is one frame: the speaker's SSRC (4 bytes, little-endian), then mono samples,
    s16 little-endian at 48 kHz.
    """

    def __init__(self, *, world: World, voice: Voice) -> None:
        self._world = world
        self._voice = voice
        self._sockets = Sockets()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one page's connection; 404 unless the `user` is in that voice channel."""
        try:
            channel = self._world.channel(request.match_info["channel"])
            user = self._world.person(request.query.get("user", ""))
        except UnknownError:
            raise web.HTTPNotFound from None
        if not self._present(channel, user):
            raise web.HTTPNotFound
        return await self._sockets.serve(request, lambda socket: self._send(socket, channel))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._sockets.aclose()

    async def _send(self, socket: web.WebSocketResponse, channel: Channel) -> None:
        waiting: deque[Frame] = deque(maxlen=MAX_WAITING)
        arrived = asyncio.Event()

        def take(ssrc: int, opus: bytes) -> None:
            waiting.append((ssrc, opus))
            arrived.set()

        decoders = Decoders()
        with self._voice.listen(channel.id, take):
            while True:
                await arrived.wait()
                arrived.clear()
                while waiting:
                    if samples := decoders.decode(*waiting.popleft()):
                        await socket.send_bytes(samples)

    def _present(self, channel: Channel, user: User) -> bool:
        state = self._world.voice_state(channel.guild, user) if channel.guild else None
        return state is not None and state.channel is channel


class Decoders:
    """Decode several speakers at once; a new one too many replaces the one that came first."""

    def __init__(self) -> None:
        self._decoders: dict[int, OpusDecoder] = {}

    def decode(self, ssrc: int, opus: bytes) -> bytes:
        """Return a frame as it is sent to the page, nothing for what is not Opus."""
        if ssrc not in self._decoders:
            if len(self._decoders) >= MAX_SPEAKERS:
                del self._decoders[next(iter(self._decoders))]
            self._decoders[ssrc] = OpusDecoder()
        try:
            samples = self._decoders[ssrc].decode(opus)
        except ValueError:
            return b""
        return struct.pack("<I", ssrc) + samples.astype("<i2").tobytes()
