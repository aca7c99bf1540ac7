import asyncio
import random
import time
from typing import Any

from sandbox.voice.channel import VoiceChannel
from sandbox.voice.human import VirtualHuman
from sandbox.voice.opus import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, encode_wav
from sandbox.voice.rtp import SILENCE, Packet

OPEN_MICROPHONE = 1.0
"""Seconds of murmur that an open microphone sends after the last word."""
CLOSING_SILENCES = 5
PADDED_EVERY = 32
"""Of the encrypted packets one in so many carries RTP padding, as the service's do."""
PADDING = 8
SUPPLEMENT = bytes(8) + b"\x00" + b"\x0c\xfa\xfa"
"""An empty supplemental block: tag, nonce, no ranges, its size and marker."""


class HumanSpeech:
    """Send one utterance of a virtual human to the clients of its channel, frame by frame.

    `loss` and `clear_fraction` are probabilities per frame, `jitter` the longest delay in seconds.
    """

    def __init__(
        self,
        *,
        channel: VoiceChannel,
        human: VirtualHuman,
        loss: float,
        jitter: float,
        clear_fraction: float,
    ) -> None:
        self._channel = channel
        self._human = human
        self._loss = loss
        self._jitter = jitter
        self._clear_fraction = clear_fraction
        self._lost = 0

    async def say(self, wav: bytes, *, open_microphone: bool) -> dict[str, Any]:
        """Speak a WAV at its own pace; tells what was sent. Raises ValueError for a bad WAV."""
        murmur = OPEN_MICROPHONE if open_microphone else 0.0
        frames = await asyncio.to_thread(encode_wav, wav, murmur=murmur)
        async with self._human.speech:
            await self._send_paced(frames)
        return {"seconds": len(frames) * FRAME_SECONDS, "frames": len(frames), "lost": self._lost}

    async def _send_paced(self, frames: list[bytes]) -> None:
        human = self._human
        self._skip_pause()
        self._channel.speaking(human.user_id, human.ssrc, 1)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, opus in enumerate(frames + [SILENCE] * CLOSING_SILENCES):
            await asyncio.sleep(start + number * FRAME_SECONDS - loop.time())
            if self._channel.humans.get(human.user_id) is not human:
                return
            self._send(number, opus)
        await asyncio.sleep(self._jitter)
        self._channel.fell_silent(human.user_id)

    def _skip_pause(self) -> None:
        """Let the RTP clock run on through the time since the last utterance."""
        human = self._human
        now = time.monotonic()
        paused = min(now - human.last_sent, 3600.0) if human.last_sent else 0.0
        human.timestamp = (human.timestamp + round(paused * SAMPLE_RATE)) & 0xFFFFFFFF

    def _send(self, number: int, opus: bytes) -> None:
        human = self._human
        human.sequence = (human.sequence + 1) & 0xFFFF
        human.timestamp = (human.timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        human.last_sent = time.monotonic()
        payload, padding = self._payload(number, opus)
        if opus != SILENCE and random.random() < self._loss:
            self._lost += 1
            return
        packet = Packet(human.sequence, human.timestamp, human.ssrc, 0, payload)
        if self._jitter:
            delay = random.uniform(0.0, self._jitter)
            asyncio.get_running_loop().call_later(delay, self._deliver, packet, padding)
        else:
            self._deliver(packet, padding)

    def _payload(self, number: int, opus: bytes) -> tuple[bytes, int]:
        """Return what goes into the packet and how much padding behind it."""
        if opus == SILENCE:
            return opus, 0
        if random.random() < self._clear_fraction:
            return opus + (SUPPLEMENT if number % 2 else b""), PADDING
        return self._human.encrypt(opus), PADDING if number % PADDED_EVERY == 7 else 0

    def _deliver(self, packet: Packet, padding: int) -> None:
        self._channel.send(self._human.user_id, packet, padding=padding)
