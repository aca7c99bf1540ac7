import discord
import numpy as np

from services.core.types import AudioChunk
from services.voice.libopus import load_opus
from services.voice.resample import FRAME_SAMPLES, OUTPUT_RATE, Resampler, Samples
from services.voice.trim import SilenceTrimmer

BITRATE = 64
"""Bit rate of the speech we send, kbit/s."""

EXPECTED_LOSS = 0.05
"""Share of packets the encoder prepares to lose; from here on it adds error correction."""


class OpusEncoder:
    """Turn one utterance's PCM into Opus packets: 48 kHz stereo, 64 kbit/s, 20 ms.

    Each piece loses its outer silence; see SilenceTrimmer. CPU-bound (libopus runs without the
    GIL): call it in a worker thread. Raises VoiceError without libopus.
    """

    def __init__(self) -> None:
        load_opus()
        self._encoder = discord.opus.Encoder(
            application="audio",
            bitrate=BITRATE,
            fec=True,
            expected_packet_loss=EXPECTED_LOSS,
            signal_type="voice",
        )
        self._resampler: Resampler | None = None
        self._trimmer = SilenceTrimmer()
        self._pending: Samples = np.zeros(0, np.int16)
        self._speaks = False

    def encode(self, chunk: AudioChunk) -> list[bytes]:
        """Return the packets that the sound so far completes."""
        samples = np.frombuffer(chunk.pcm, "<i2")
        parts: list[Samples] = []
        if self._resampler is None or self._resampler.sample_rate != chunk.sample_rate:
            parts = [self._rest_of_input()]
            self._resampler = Resampler(chunk.sample_rate)
        parts.append(self._trimmer.push(self._resampler.push(samples)))
        return self._packets(np.concatenate(parts))

    def finish(self, *, pause: float) -> list[bytes]:
        """End a piece: its tail, `pause` seconds of silence, the last frame filled up.

        A piece without any sound gives no packets.
        """
        sound = np.concatenate([self._rest_of_input(), self._trimmer.finish()])
        self._trimmer = SilenceTrimmer()
        self._resampler = None
        if not sound.size and not self._speaks:
            return []
        silence = round(pause * OUTPUT_RATE)
        silence += -(len(self._pending) + len(sound) + silence) % FRAME_SAMPLES
        packets = self._packets(np.concatenate([sound, np.zeros(silence, np.int16)]))
        self._speaks = False
        return packets

    def _rest_of_input(self) -> Samples:
        if self._resampler is None:
            return np.zeros(0, np.int16)
        return self._trimmer.push(self._resampler.flush())

    def _packets(self, sound: Samples) -> list[bytes]:
        self._speaks = self._speaks or sound.size > 0
        self._pending = np.concatenate([self._pending, sound])
        whole = len(self._pending) // FRAME_SAMPLES * FRAME_SAMPLES
        stereo = np.repeat(self._pending[:whole], 2).reshape(-1, 2 * FRAME_SAMPLES)
        self._pending = self._pending[whole:]
        return [self._encoder.encode(frame.tobytes(), FRAME_SAMPLES) for frame in stereo]
