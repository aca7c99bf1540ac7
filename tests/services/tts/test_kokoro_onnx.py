# ruff: noqa: RUF001 - phonemes look like letters
"""kokoro-onnx by itself: without misaki its phonemes are eSpeak's."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from services.core.phonemes import with_phonemes
from services.tts.kokoro_onnx import KokoroOnnx
from services.tts.worker_backend import RefusedError, Stop
from services.tts.worker_frames import SpeechRequest
from tests.services.tts.kokoro_models import build_onnx_model

pytestmark = [
    pytest.mark.kokoro,
    pytest.mark.skipif(not find_spec("kokoro_onnx"), reason="kokoro-onnx is not installed"),
]


@pytest.fixture
def engine(tmp_path: Path) -> KokoroOnnx:
    build_onnx_model(tmp_path)
    made = KokoroOnnx(models=tmp_path, voice="af_heart", threads=3)
    made._phonemes = None
    return made


def asked(text: str, language: str = "en") -> SpeechRequest:
    return SpeechRequest(text=text, voice="", speed=1.0, language=language)


def test_it_runs_in_few_threads(engine: KokoroOnnx) -> None:
    options = engine._session.get_session_options()

    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)


@pytest.mark.parametrize(
    ("text", "language", "phonemes"),
    [
        ("Hello there.", "en", "həlˈoʊ ðˈɛɹ."),
        ("Bonjour", "fr", "bɔ̃ʒˈuʁ"),
        (
            f"I use {with_phonemes('nginx', 'ˈɛndʒɪnˌɛks')}, now.",
            "en",
            "aɪ jˈuːz ˈɛndʒɪnˌɛks, nˈaʊ.",
        ),
        (with_phonemes("Paris", "ˈpæɹɪs"), "fr", "paʁˈi"),
    ],
)
def test_a_text_is_pronounced_without_misaki(
    engine: KokoroOnnx, text: str, language: str, phonemes: str
) -> None:
    assert engine._runs(asked(text, language), "af_heart") == [phonemes]
    assert b"".join(engine.synthesize(asked(text, language), Stop()))


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_what_espeak_does_not_pronounce_well_is_refused(engine: KokoroOnnx, language: str) -> None:
    with pytest.raises(RefusedError, match="needs the package misaki"):
        list(engine.synthesize(asked("你好", language), Stop()))


def test_a_language_that_espeak_lacks_is_refused(
    engine: KokoroOnnx, monkeypatch: pytest.MonkeyPatch
) -> None:
    def phonemize(*_: Any) -> str:
        raise RuntimeError('language "hi" is not supported by the espeak backend')

    monkeypatch.setattr(engine._kokoro.tokenizer, "phonemize", phonemize)
    with pytest.raises(RefusedError, match="the pronunciation of 'hi' does not work here"):
        list(engine.synthesize(asked("नमस्ते", "hi"), Stop()))
