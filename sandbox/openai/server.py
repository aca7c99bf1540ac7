from typing import Any

from aiohttp import web

from sandbox.openai import fields
from sandbox.openai.chat import ChatEndpoint
from sandbox.openai.embeddings import EmbeddingEndpoint
from sandbox.openai.errors import ApiError, answering_errors
from sandbox.openai.ports import Bus, Faults, NoFaults
from sandbox.openai.replies import ReplyScript
from sandbox.openai.requests_log import RequestLog
from sandbox.openai.speech import SpeechEndpoint, SpeechPace
from sandbox.openai.transcription import TranscriptionEndpoint, TranscriptionScript

MODELS = ("sandbox-talker", "sandbox-voice", "sandbox-ears", "sandbox-embedding")
"""The names listed; requests may use any name."""

SPEECH_PACE = SpeechPace(ttfb=0.05, realtime_factor=0.1)


class OpenAIServer:
    """Speak OpenAI's API with built-in engines and scripted ones.

    Without a script a rule-based talker answers, `ttft` seconds after the request and at
    `tokens_per_second`, one token a delta.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        faults: Faults | None = None,
        ttft: float = 0.3,
        tokens_per_second: float = 60.0,
    ) -> None:
        faults = faults or NoFaults()
        self._requests = RequestLog()
        pace = {"ttft": ttft, "tokens_per_second": tokens_per_second}
        self._replies = ReplyScript(name="replies", **pace)
        self._completions = ReplyScript(name="completions", **pace)
        self._transcripts = TranscriptionScript()
        self._chat = ChatEndpoint(
            bus=bus,
            faults=faults,
            requests=self._requests,
            script=self._replies,
            whole=self._completions,
            ttft=ttft,
            tokens_per_second=tokens_per_second,
        )
        self._speech = SpeechEndpoint(
            bus=bus, faults=faults, requests=self._requests, pace=SPEECH_PACE
        )
        self._transcription = TranscriptionEndpoint(
            faults=faults, requests=self._requests, script=self._transcripts
        )
        self._embeddings = EmbeddingEndpoint(requests=self._requests)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under /v1, any unknown one included."""
        return [
            web.get("/v1/models", answering_errors(_models)),
            web.get("/v1/models/{model}", answering_errors(_model)),
            web.post("/v1/chat/completions", answering_errors(self._chat.answer)),
            web.post("/v1/audio/speech", answering_errors(self._speech.answer)),
            web.post("/v1/audio/transcriptions", answering_errors(self._transcription.answer)),
            web.post("/v1/embeddings", answering_errors(self._embeddings.answer)),
            web.route("*", "/v1/{rest:.*}", answering_errors(_unknown)),
        ]

    def script_llm(self, body: Any) -> None:
        """Queue replies for streaming chat requests; an empty list clears. Raises ValueError.

        `"completions"` are for requests that don't stream; `"vision"` says whether the model can
        see images.
        """
        named = body if isinstance(body, dict) else {}
        if "vision" in named:
            self._chat.sees = fields.flag(named, "vision")
        if "completions" in named:
            self._completions.load(named)
        if "replies" in named or not named.keys() & {"vision", "completions"}:
            self._replies.load(body)

    def script_speech(self, body: Any) -> None:
        """Set `ttfb` and `realtime_factor` of the voice. Raises ValueError."""
        self._speech.pace = self._speech.pace.changed(body)

    def script_transcription(self, body: Any) -> None:
        """Set the `texts` to be heard next and the `delay`. Raises ValueError."""
        self._transcripts.load(body)

    def requests(self) -> dict[str, Any]:
        """Return the latest POST requests, oldest first."""
        return {"requests": self._requests.as_json()}

    def reset(self) -> None:
        """Forget all scripts and requests."""
        self._replies.clear()
        self._completions.clear()
        self._chat.sees = True
        self._transcripts.clear()
        self._requests.clear()
        self._speech.pace = SPEECH_PACE


async def _models(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"object": "list", "data": [_about(name) for name in MODELS]})


async def _model(request: web.Request) -> web.StreamResponse:
    name = request.match_info["model"]
    if name not in MODELS:
        message = f"The model '{name}' does not exist."
        raise ApiError(message, status=404, code="model_not_found")
    return web.json_response(_about(name))


async def _unknown(request: web.Request) -> web.StreamResponse:
    message = f"The sandbox has no {request.method} {request.path}."
    raise ApiError(message, status=404, code="unknown_url")


def _about(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "sandbox"}
