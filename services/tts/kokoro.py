import asyncio
import logging
import os
import re
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final

from services.core.errors import ProviderError, ProviderRequestError, ProviderTimeoutError
from services.core.phonemes import bounded
from services.core.types import AudioChunk, VoiceOffer, VoiceOption, VoiceStyle
from services.tts.kokoro_files import find_backend, language_of, letter_of, voices_in
from services.tts.kokoro_voices import unknown_parts
from services.tts.worker_frames import SpeechRequest
from services.tts.worker_process import WorkerProcess
from services.tts.worker_supervisor import DEFAULT_PATIENCE, Job, Patience, WorkerSupervisor

log = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 2000
"""What is longer is not spoken; the pieces of a reply are at most TTS_SENTENCE_MAX_LENGTH."""

_KERNELS_KEPT: Final = 64
"""Kernels that oneDNN keeps for shapes seen before. Each length of a text has its own shapes:
by its default, 1024, the worker grows for hundreds of texts; one text needs fewer."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_SECRET: Final = re.compile(r"TOKEN|KEY|SECRET|PASSWORD", re.IGNORECASE)
_SLOWEST, _FASTEST = 0.5, 2.0  # beyond them the model's speech falls apart; kokoro-onnx refuses
_MAX_NOTED: Final = 100
_CANNOT_SPEAK: Final = "I can't speak with my own voice right now."


class StillLoadingError(ProviderRequestError):
    """Leave this one text to another engine: the worker is not ready yet."""

    def __init__(self) -> None:
        super().__init__("it is still loading", provider="kokoro", user_message=_CANNOT_SPEAK)


class KokoroTTS:
    """Speak with Kokoro, a neural voice of this machine, in a worker process.

    `models` is the folder with its files, `voice` the voice (or blend) of a style that names none;
    the worker is recycled beyond `max_rss_mb` and unloaded after `idle` seconds without work (None:
    never); a synthesis uses `threads` threads. `backend` (module:Class) is found by the files
    where it is None. Nothing is loaded, here or in the worker, before `prewarm` or the first text.
    """

    def __init__(
        self,
        *,
        models: Path,
        voice: str,
        max_rss_mb: float,
        idle: float | None,
        threads: int,
        backend: str | None = None,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        self._models = models.absolute()
        self._voice = voice
        self._threads = threads
        self._backend = backend
        self._noted: set[str] = set()
        self._told = ""  # why it could not be loaded last
        self._names: tuple[str, ...] = ()
        self._supervisor = WorkerSupervisor(
            spawn=self._spawn, max_rss_mb=max_rss_mb, idle=idle, patience=patience
        )

    async def synthesize(self, text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """Give the sound of at most 2000 characters, whole or not at all. Raises ProviderError.

        It is taken from the worker as fast as it makes it, so that a slow listener keeps it from
        nobody; and as it comes at once, a worker that dies leaves no text half said. Closing the
        generator frees the worker. While none is ready it raises StillLoadingError at once and has
        one loaded, so that another engine begins to speak.
        """
        job = self._supervisor.submit(self._request(text, voice))
        try:
            worker = await self._taken(job)
            sound = []  # bounded by WorkerProcess
            while pcm := await job.sound.get():
                sound.append(pcm)
            if job.error is not None:
                raise job.error
            for pcm in sound:
                yield AudioChunk(pcm=pcm, sample_rate=worker.sample_rate)
        finally:
            self._supervisor.withdraw(job)

    def offer(self) -> VoiceOffer:
        """Return the voices in the model's folder; blends are made of them."""
        return VoiceOffer(tuple(VoiceOption(name, language_of(name)) for name in self._names))

    def accepts(self, voice: str) -> bool:
        """Tell whether a name is a voice, or a blend like "af_heart*0.6+af_sky*0.4"."""
        return not self._names or not unknown_parts(voice, self._names)

    async def prewarm(self) -> None:
        """Start the worker and wait until it has loaded; never raises.

        While it rests after a failure it is not waited for. What fails again is not said again.
        """
        self._names = tuple(await asyncio.to_thread(voices_in, self._models))
        try:
            await self._supervisor.warm()
        except ProviderError as error:
            if str(error) != self._told:
                log.warning("Kokoro cannot speak: %s", error)
            self._told = str(error)
        else:
            self._told = ""

    async def aclose(self) -> None:
        """Kill the worker; idempotent."""
        await self._supervisor.aclose()

    def _request(self, text: str, style: VoiceStyle) -> SpeechRequest:
        if letter_of(style.language) is None:
            raise ProviderRequestError(
                f"Kokoro does not speak {style.language!r}",
                provider="kokoro",
                user_message=_CANNOT_SPEAK,
            )
        return SpeechRequest(
            text=bounded(text, MAX_CHARACTERS),
            voice=style.voice.lower(),
            speed=max(_SLOWEST, min(_FASTEST, style.speed)),
            language=style.language,
        )

    async def _taken(self, job: Job) -> WorkerProcess:
        """Wait until a worker has taken a text, and return it."""
        patience, ready = self._supervisor.patience, self._supervisor.ready
        seconds = patience.queue if ready else patience.loading
        try:
            async with asyncio.timeout(seconds):
                await job.taken.wait()
        except TimeoutError as error:
            if not ready:
                raise StillLoadingError from error
            raise ProviderTimeoutError(
                f"no worker was free within {seconds:.0f} s",
                provider="kokoro",
                user_message=_CANNOT_SPEAK,
            ) from error
        if job.worker is None:
            raise job.error or ProviderError("no worker took the text", provider="kokoro")
        self._note_unknown(job.request.voice or self._voice, job.worker.voices)
        return job.worker

    async def _spawn(self, on_end: Callable[[], None]) -> WorkerProcess:
        backend = self._backend
        if backend is None:
            backend = await asyncio.to_thread(find_backend, self._models)
        arguments = ["-m", "services.tts.kokoro_worker", "--backend", backend]
        arguments += ["--models", str(self._models), "--voice", self._voice]
        arguments += ["--threads", str(self._threads)]
        return await WorkerProcess.spawn(
            arguments, directory=_ROOT, environment=_environment(self._threads), on_end=on_end
        )

    def _note_unknown(self, wanted: str, known: frozenset[str]) -> None:
        for voice in unknown_parts(wanted, known):
            if voice not in self._noted and len(self._noted) < _MAX_NOTED:
                self._noted.add(voice)
                log.warning("Kokoro has no voice %r; using another", voice)


def _environment(threads: int) -> dict[str, str]:
    """Return the worker's environment: no secret, no download, few threads."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {
        **kept,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTORCH_ENABLE_MPS_FALLBACK": "1",
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": str(_KERNELS_KEPT),
        **dict.fromkeys(limits, str(threads)),
    }
