import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.core.phonemes import parted, without_phonemes
from services.tts.kokoro_files import ONNX_VOICES, letter_of, onnx_model
from services.tts.kokoro_phonemes import Phonemes, has_misaki, runs
from services.tts.kokoro_sound import pcm
from services.tts.kokoro_voices import choose, leading
from services.tts.worker_backend import RefusedError, Stop
from services.tts.worker_frames import SpeechRequest

_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?])")
_ESPEAK = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}


class KokoroOnnx:
    """Run Kokoro through kokoro-onnx, without torch; only ever inside a worker process."""

    sample_rate = 24_000

    def __init__(self, *, models: Path, voice: str, threads: int) -> None:
        import onnxruntime
        from kokoro_onnx import Kokoro
        from kokoro_onnx.session import resolve_providers

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(onnx_model(models)), options, providers=resolve_providers()
        )
        self._session = _StoppableSession(session, onnxruntime.RunOptions)
        self._kokoro: Any = Kokoro.from_session(self._session, str(models / ONNX_VOICES))
        self.voices = sorted(self._kokoro.get_voices())
        self._voice = voice
        self._phonemes = Phonemes() if has_misaki() else None

    def synthesize(self, request: SpeechRequest, stop: Stop) -> Iterator[bytes]:
        """Yield the PCM of a text, one run of phonemes after the other; stops within one layer."""
        blend = choose(
            request.voice, default=self._voice, language=request.language, known=self.voices
        )
        style = sum(self._kokoro.get_voice_style(voice) * share for voice, share in blend)
        self._session.stop = stop
        for phonemes in self._runs(request, leading(blend)):
            stop.check()
            if self._kokoro.tokenizer.tokenize(phonemes):
                sound, _ = self._kokoro.create(
                    phonemes, style, request.speed, is_phonemes=True, trim=False
                )
                yield pcm(sound)

    def _runs(self, request: SpeechRequest, voice: str) -> list[str]:
        if self._phonemes is not None:
            return self._phonemes.of(request.text, request.language, voice)
        letter = letter_of(request.language, voice)
        if letter not in _ESPEAK:
            raise RefusedError("this language needs the package misaki")
        text = request.text if letter in "ab" else without_phonemes(request.text)
        try:
            said = [given or self._by_espeak(words, letter) for words, given in parted(text)]
        except RuntimeError as error:  # from the worker's model it would mean a lack of memory
            raise RefusedError(
                f"the pronunciation of {request.language!r} does not work here"
            ) from error
        return list(runs(_BEFORE_MARK.sub("", " ".join(said)).strip()))

    def _by_espeak(self, words: str, letter: str) -> str:
        return str(self._kokoro.tokenizer.phonemize(words, _ESPEAK[letter]))


class _StoppableSession:
    """Stand between kokoro-onnx and its session: a run ends when its request is stopped."""

    def __init__(self, session: Any, run_options: type[Any]) -> None:
        self._session = session
        self._run_options = run_options
        self.stop = Stop()

    def run(self, names: Any, inputs: Any) -> Any:
        """Run the model. Raises StoppedError."""
        options = self._run_options()
        self.stop.then(lambda: setattr(options, "terminate", True))
        try:
            return self._session.run(names, inputs, options)
        except Exception:
            self.stop.check()  # onnxruntime's error for a run that was told to terminate
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)
