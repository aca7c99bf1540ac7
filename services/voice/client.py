import asyncio
import logging
import time
from collections.abc import Callable

import aiohttp
import discord

from services.core.types import FRAME_SECONDS
from services.voice.ciphers import MODES, NONCE_SUFFIX, RTP_HEADER, Seal, seal_for
from services.voice.connection import VoiceConnection
from services.voice.library_check import check_class_api

log = logging.getLogger(__name__)

FRAME_SAMPLES = discord.opus.Encoder.SAMPLES_PER_FRAME
"""Steps of the RTP timestamp in a frame of 20 ms."""

_VERSION, _PAYLOAD_TYPE = 0x80, 0x78
_LAST_NONCE = 0xFFFF_FFFF
_GAP_FRAMES = 5
_ANNOUNCE_TIMEOUT = 1.0


class DiscordVoiceClient(discord.VoiceClient):
    """Connect to one guild's voice and send Opus frames from the clock's thread.

    `play` of the base class is not to be used beside `send_frame`: two threads would share one
    nonce counter. Raises VoiceConnectionError when discord.py's internals have changed.
    """

    supported_modes = MODES  # type: ignore[assignment]  # discord.py's Literal lacks AES-GCM
    _connection: VoiceConnection

    def __init__(self, client: discord.Client, channel: discord.abc.Connectable) -> None:
        check_class_api()
        self.speaking = False
        self.frames_sent = 0
        self.frames_dropped = 0
        self.on_gone: Callable[[], None] | None = None
        self.monotonic: Callable[[], float] = time.monotonic
        self._gone = False
        self._key: list[int] | None = None
        self._seal: Seal | None = None
        self._last_frame: float | None = None
        super().__init__(client, channel)

    @property
    def connected(self) -> bool:
        """Tell whether the connection stands; not while a closed one is being replaced."""
        connection = self._connection
        return connection.is_connected() and connection.websocket_open and not self.forgotten

    @property
    def forgotten(self) -> bool:
        """Tell whether the gateway began a new session, in which we are in no channel.

        discord.py then hands us none of Discord's messages any more.
        """
        return self.guild.voice_client is not self

    @property
    def ready(self) -> bool:
        """Tell whether a frame sent now can be heard; any thread.

        Not while DAVE's handshake with the channel's members runs: they could not decode it.
        """
        connection = self._connection
        return (
            self.connected
            and connection.suppressed_since is None
            and (
                connection.can_encrypt
                or connection.dave_protocol_version == 0
                or not connection.others
            )
        )

    @property
    def dave_active(self) -> bool:
        """Tell whether frames are end-to-end encrypted."""
        return bool(self._connection.can_encrypt)

    @property
    def suppressed(self) -> float | None:
        """Return for how long Discord has let nobody hear us, seconds; None where we are heard."""
        since = self._connection.suppressed_since
        return None if since is None else self.monotonic() - since

    @property
    def end_code(self) -> int | None:
        """Return the close code that ended the connection for good; None where we left."""
        return self._connection.end_code

    def create_connection_state(self) -> VoiceConnection:
        """Return the mended connection; called by discord.py's constructor."""
        return VoiceConnection(self)

    def send_frame(self, packet: bytes) -> bool:
        """Send one Opus packet of 20 ms; clock thread. Never waits, never raises.

        Return False when it could not be sent and is worth another try.
        """
        if not self.ready:
            return False
        try:
            self._connection.socket.send(self._datagram(packet))
        except BlockingIOError:
            self.frames_dropped += 1
            return True
        except Exception as error:  # noqa: BLE001 - the loop may close or re-key at any moment
            self.frames_dropped += 1
            log.debug("A voice frame was not sent: %r", error)
            return False
        self.frames_sent += 1
        return True

    async def announce_speaking(self) -> None:
        """Set `speaking` and send SPEAKING; a connection still being made does so on its own."""
        self.speaking = True
        if not self.ws or self.ws.secret_key is None:  # the SSRC is still that of the one before
            return
        try:
            async with asyncio.timeout(_ANNOUNCE_TIMEOUT):
                await self.ws.speak(discord.SpeakingState.voice)
        except (AttributeError, TimeoutError, ConnectionError, aiohttp.ClientError) as error:
            log.debug("SPEAKING was not sent: %r", error)

    def cleanup(self) -> None:
        """Forget the connection once; a later one of the same guild stays untouched."""
        if self._gone:
            return
        self._gone = True
        if not self.forgotten:
            super().cleanup()
        if self.on_gone is not None:
            self.on_gone()

    def _datagram(self, packet: bytes) -> bytes:
        """Return header, ciphertext and nonce; counts on before anything can fail."""
        connection = self._connection
        if connection.secret_key is not self._key or self._seal is None:
            self._key = connection.secret_key
            self._seal = seal_for(connection.mode, bytes(self._key))
        if self._incr_nonce >= _LAST_NONCE:
            raise OverflowError("this connection's nonces are used up")
        if connection.can_encrypt and connection.dave_session is not None:
            packet = connection.dave_session.encrypt_opus(packet)
        self._skip_silence()
        self.sequence = (self.sequence + 1) & 0xFFFF
        header = RTP_HEADER.pack(
            _VERSION, _PAYLOAD_TYPE, self.sequence, self.timestamp, connection.ssrc
        )
        suffix = NONCE_SUFFIX.pack(self._incr_nonce)
        self._incr_nonce += 1
        self.timestamp = (self.timestamp + FRAME_SAMPLES) & 0xFFFF_FFFF
        return header + self._seal(packet, header, suffix) + suffix

    def _skip_silence(self) -> None:
        """Move the timestamp on by the time in which nothing was sent."""
        now = self.monotonic()
        if self._last_frame is not None:
            missed = round((now - self._last_frame) / FRAME_SECONDS) - 1
            if missed >= _GAP_FRAMES:
                self.timestamp = (self.timestamp + missed * FRAME_SAMPLES) & 0xFFFF_FFFF
        self._last_frame = now
