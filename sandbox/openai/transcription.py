"""POST /v1/audio/transcriptions: scripted words, or an honest word about the sound's length."""

import asyncio
import io
from collections import deque
from typing import Any

import av
from aiohttp import web

from sandbox.openai import fields
from sandbox.openai.errors import ApiError, server_error
from sandbox.openai.pace import Pace
from sandbox.openai.ports import Faults
from sandbox.openai.requests_log import RequestLog

MAX_TEXTS = 1000
FORMATS = ("json", "text", "verbose_json")


class TranscriptionScript:
    """Queue what will have been said, and how long the ears take."""

    def __init__(self) -> None:
        self.delay = 0.0
        self._texts: deque[str] = deque()

    def load(self, body: Any) -> None:
        """Take `{"texts", "delay"}`; the texts replace those that wait. Raises ValueError."""
        script = fields.mapping(body, "The body")
        texts = fields.texts(script, "texts")
        if len(texts) > MAX_TEXTS:
            raise ValueError(f"At most {MAX_TEXTS} texts can wait.")
        self.delay = fields.number(script, "delay", default=0.0)
        self._texts = deque(texts)

    def next(self) -> str | None:
        """Use up the next text, or return None when none waits."""
        return self._texts.popleft() if self._texts else None

    def clear(self) -> None:
        """Go back to unscripted ears."""
        self.delay = 0.0
        self._texts.clear()


class TranscriptionEndpoint:
    """Answer with the script while it lasts."""

    def __init__(
        self, *, faults: Faults, requests: RequestLog, script: TranscriptionScript
    ) -> None:
        self._faults = faults
        self._requests = requests
        self._script = script

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        pace = Pace(request)
        form, sound = await _read_form(request)
        self._requests.add(request, form)
        form_of_answer = _check(form)
        if self._faults.take("transcription", "error"):
            raise server_error("The transcription engine had an error.")
        seconds = await asyncio.to_thread(seconds_of_sound, sound)
        scripted = self._script.next()
        await pace.until(self._script.delay)
        text = _placeholder(seconds) if scripted is None else scripted
        return _response(text, seconds, form_of_answer, form.get("language") or "english")


def seconds_of_sound(sound: bytes) -> float:
    """Return the length of a sound file of any common kind, seconds. Raises ApiError."""
    try:
        with av.open(io.BytesIO(sound), mode="r") as container:
            frames = container.decode(audio=0)
            return sum(frame.samples / frame.sample_rate for frame in frames)
    except (av.FFmpegError, IndexError, ValueError):
        message = "'file' is not a sound file that can be read."
        raise ApiError(message, code="invalid_value") from None


async def _read_form(request: web.Request) -> tuple[dict[str, str], bytes]:
    if request.content_type != "multipart/form-data":
        raise ApiError("The body must be multipart/form-data.", code="invalid_value")
    form = await request.post()
    plain = {name: value for name, value in form.items() if isinstance(value, str)}
    upload = form.get("file")
    if not isinstance(upload, web.FileField):
        raise ApiError("Missing required parameter: 'file'.", code="missing_required_parameter")
    with upload.file as file:
        return plain, await asyncio.to_thread(file.read)


def _check(form: dict[str, str]) -> str:
    fields.text(dict(form), "model")
    answer = form.get("response_format", "json")
    if answer not in FORMATS:
        raise ApiError(f"'response_format' must be one of {FORMATS}.", code="invalid_value")
    if form.get("stream", "false").lower() == "true":
        raise ApiError("The sandbox does not stream transcriptions.", code="invalid_value")
    return answer


def _placeholder(seconds: float) -> str:
    return f"The sandbox has no ears for words; it heard {seconds:.1f} seconds of sound."


def _response(text: str, seconds: float, form: str, language: str) -> web.Response:
    if form == "text":
        return web.Response(text=text + "\n")
    if form == "json":
        usage = {"type": "duration", "seconds": round(seconds)}
        return web.json_response({"text": text, "usage": usage})
    about = {"task": "transcribe", "language": language, "duration": seconds, "text": text}
    return web.json_response(about | {"segments": []})
