"""POST /v1/audio/speech: sung syllables as raw PCM or WAV, streamed at a scripted pace."""

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from aiohttp import web

from sandbox.openai import fields, tone
from sandbox.openai.errors import ApiError, server_error
from sandbox.openai.pace import Pace
from sandbox.openai.ports import Bus, Faults
from sandbox.openai.requests_log import RequestLog

log = logging.getLogger(__name__)

MAX_INPUT = 4096
"""OpenAI's own limit, characters."""

CHUNK_SIZES = (4095, 1023, 5001, 3, 2047)
"""Sizes of the network chunks, bytes; odd, so that samples fall apart as they do on the way."""

BYTES_PER_SECOND = tone.SAMPLE_RATE * 2
CONTENT_TYPES = {"pcm": "audio/pcm", "wav": "audio/wav"}
SLOW_SECONDS = 5.0
"""How much later the first bytes come with the fault `speech slow`, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class SpeechPace:
    """Pace the engine: first bytes after `ttfb` seconds, then `realtime_factor` times the sound."""

    ttfb: float
    realtime_factor: float

    def changed(self, body: Any) -> "SpeechPace":
        """Return this pace with the fields of a body changed. Raises ValueError."""
        script = fields.mapping(body, "The body")
        return SpeechPace(
            ttfb=fields.number(script, "ttfb", default=self.ttfb),
            realtime_factor=fields.number(
                script, "realtime_factor", high=100.0, default=self.realtime_factor
            ),
        )


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """Hold the fields of one request that the sandbox obeys."""

    text: str
    form: str
    speed: float


class SpeechEndpoint:
    """Speak at the scripted pace."""

    def __init__(self, *, bus: Bus, faults: Faults, requests: RequestLog, pace: SpeechPace) -> None:
        self.pace = pace
        self._bus = bus
        self._faults = faults
        self._requests = requests

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        body = await fields.read_json(request)
        self._requests.add(request, body)
        speech = parse_request(body)
        schedule = Pace(request)
        self._bus.publish("speech_request", characters=len(speech.text), format=speech.form)
        if self._faults.take("speech", "error"):
            raise server_error("The speech engine had an error.")
        ttfb = self.pace.ttfb
        if slow := self._faults.take("speech", "slow"):
            ttfb += SLOW_SECONDS if slow.seconds is None else slow.seconds
        return await self._stream(request, speech, schedule, ttfb)

    async def _stream(
        self, request: web.Request, speech: SpeechRequest, schedule: Pace, ttfb: float
    ) -> web.StreamResponse:
        factor = self.pace.realtime_factor
        response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPES[speech.form]})
        sent = 0
        try:
            await schedule.until(ttfb)
            await response.prepare(request)
            for chunk in network_chunks(speech):
                await schedule.until(ttfb + factor * sent / BYTES_PER_SECOND)
                await response.write(chunk)
                sent += len(chunk)
        except ConnectionError:
            log.debug("The client left after %s bytes of speech", sent)
        return response


def parse_request(body: Any) -> SpeechRequest:
    """Check a request's body. Raises ApiError."""
    request = fields.mapping(body, "The body")
    fields.text(request, "model")
    text = fields.text(request, "input")
    if len(text) > MAX_INPUT:
        raise ApiError(f"'input' can have {MAX_INPUT} characters at most.", code="string_too_long")
    form = request.get("response_format", "wav")
    if form not in CONTENT_TYPES:
        raise ApiError(
            "The sandbox speaks only the formats 'pcm' and 'wav' ('response_format').",
            code="invalid_value",
        )
    if request.get("stream_format", "audio") != "audio":
        raise ApiError("The sandbox streams audio only ('stream_format').", code="invalid_value")
    speed = fields.number(request, "speed", low=0.25, high=4.0, default=1.0)
    return SpeechRequest(text=text, form=form, speed=speed)


def network_chunks(speech: SpeechRequest) -> Iterator[bytes]:
    """Cut the sound into the pieces that are sent."""
    sizes = cycle(CHUNK_SIZES)
    size = next(sizes)
    buffer = bytearray(_wav_header(speech) if speech.form == "wav" else b"")
    for note in tone.sing(speech.text, speed=speech.speed):
        buffer += note
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
            size = next(sizes)
    if buffer:
        yield bytes(buffer)


def _wav_header(speech: SpeechRequest) -> bytes:
    size = 2 * tone.samples_until(len(speech.text), speed=speech.speed)
    form = struct.pack("<IHHIIHH", 16, 1, 1, tone.SAMPLE_RATE, BYTES_PER_SECOND, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + form
        + b"data"
        + struct.pack("<I", size)
    )
