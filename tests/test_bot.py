from collections.abc import Callable
from pathlib import Path

import pytest

import bot
from config import Settings

SERVER = "http://127.0.0.1:9/v1"


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    monkeypatch.setattr("services.tts.kokoro_files.find_spec", lambda name: name)

    def chosen(**settings: object) -> list[str]:
        made = Settings(KOKORO_MODEL_DIR=tmp_path, **settings)  # type: ignore[arg-type]
        return [name for name, _ in bot.speech_engines(made)]

    return chosen


def put_models(folder: Path) -> None:
    for name in ("kokoro-v1.0.onnx", "voices-v1.0.bin"):
        (folder / name).touch()


def test_the_best_engine_that_can_speak_comes_first(
    chosen: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert chosen() == ["eSpeak NG"]
    assert chosen(TTS_BASE_URL=SERVER) == ["speech server", "eSpeak NG"]
    put_models(tmp_path)
    assert chosen() == ["Kokoro", "eSpeak NG"]
    assert chosen(TTS_BASE_URL=SERVER) == ["Kokoro", "speech server", "eSpeak NG"]
    assert chosen(TTS_LANGUAGE="de") == ["eSpeak NG"]


def test_an_engine_can_be_asked_for_by_name(
    chosen: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert chosen(TTS_ENGINE="kokoro", TTS_BASE_URL=SERVER) == ["Kokoro", "eSpeak NG"]
    put_models(tmp_path)
    assert chosen(TTS_ENGINE="espeak", TTS_BASE_URL=SERVER) == ["eSpeak NG"]
    assert chosen(TTS_ENGINE="openai", TTS_BASE_URL=SERVER) == ["speech server", "eSpeak NG"]
