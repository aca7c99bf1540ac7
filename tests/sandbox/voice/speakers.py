"""What bots on discord.py do in voice: speak at the pace of speech, and listen."""

import asyncio
import struct
import time
from typing import cast

import davey
import discord
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.voice.opus import encode
from sandbox.voice.rtp import CIPHERS, SILENCE, open_packet
from tests.sandbox.voice.harness import tone


class FastVoice(discord.VoiceClient):
    """Encrypt with AES-GCM, as bots on slow machines do."""

    supported_modes = ("aead_aes256_gcm_rtpsize",)  # type: ignore[assignment]

    def _encrypt_aead_aes256_gcm_rtpsize(self, header: bytes, data: bytes) -> bytes:
        nonce = struct.pack(">I", self._incr_nonce)
        self.checked_add("_incr_nonce", 1, 4294967295)
        sealed = AESGCM(bytes(self.secret_key)).encrypt(nonce + bytes(8), data, bytes(header))
        return bytes(header) + sealed + nonce


class Ear:
    """Receive as a bot does: transport, padding, extension, DAVE; for one user's packets."""

    def __init__(self, voice: discord.VoiceClient, user_id: int) -> None:
        self.voice = voice
        self.user_id = user_id
        self.opus: list[bytes] = []
        self.clear = 0
        self.sequences: list[int] = []
        voice._connection.add_socket_listener(self._hear)

    def _hear(self, data: bytes) -> None:
        if len(data) == 74:
            return
        packet = open_packet(data, CIPHERS[self.voice.mode](bytes(self.voice.secret_key)))
        self.sequences.append(packet.sequence)
        try:
            session = cast("davey.DaveSession", self.voice._connection.dave_session)
            opus = session.decrypt(self.user_id, davey.MediaType.audio, packet.payload)
        except ValueError:
            self.clear += 1
        else:
            self.opus.append(opus)


def packets(seconds: float) -> list[bytes]:
    """Return a tone as Opus."""
    return encode(np.repeat(tone(seconds)[:, None], 2, axis=1))


async def play(voice: discord.VoiceClient, frames: list[bytes], *, end: bool = True) -> float:
    """Speak at the pace of speech and return when it began."""
    began = time.monotonic()
    await voice.ws.speak(discord.SpeakingState.voice)
    for number, frame in enumerate(frames):
        await asyncio.sleep(began + number * 0.02 - time.monotonic())
        voice.send_audio_packet(frame, encode=False)
    for _ in range(5 * end):
        voice.send_audio_packet(SILENCE, encode=False)
    return began
