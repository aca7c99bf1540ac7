import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from services.core.errors import ProviderError
from services.tts import kokoro_files
from services.tts.kokoro_files import (
    ONNX,
    TORCH,
    advice,
    find_backend,
    invitation,
    is_usable,
    language_of,
    letter_of,
    onnx_model,
    voices_in,
)

TORCH_FILES = ("config.json", "kokoro-v1_0.pth", "voices/af_heart.pt")
ONNX_FILES = ("kokoro-v1.0.int8.onnx", "voices-v1.0.bin")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    packages = {"kokoro", "torch", "kokoro_onnx"}
    monkeypatch.setattr(kokoro_files, "find_spec", lambda name: name in packages or None)
    return packages


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()


def test_the_backend_is_chosen_by_package_and_files(tmp_path: Path, installed: set[str]) -> None:
    put(tmp_path, *ONNX_FILES)
    assert find_backend(tmp_path) == ONNX
    put(tmp_path, *TORCH_FILES)
    assert find_backend(tmp_path) == TORCH
    installed.discard("torch")
    assert find_backend(tmp_path) == ONNX
    installed.clear()
    assert not is_usable(tmp_path, "en")


@pytest.mark.parametrize(
    ("files", "packages", "words"),
    [
        ((), {"kokoro", "torch"}, "Kokoro lacks config.json and kokoro-v1_0.pth and voices/*.pt"),
        (TORCH_FILES[:2], {"kokoro", "torch"}, "Kokoro lacks voices/*.pt"),
        (TORCH_FILES, {"torch"}, "Kokoro lacks the package kokoro"),
        (ONNX_FILES, set(), "Kokoro lacks the package kokoro-onnx"),
        (ONNX_FILES[:1], {"kokoro_onnx"}, "Kokoro lacks voices-v1.0.bin"),
        ((), set(), "Kokoro is not installed"),
    ],
)
def test_what_is_missing_is_told_in_a_sentence(
    tmp_path: Path, installed: set[str], files: tuple[str, ...], packages: set[str], words: str
) -> None:
    installed.intersection_update(packages)
    put(tmp_path, *files)
    with pytest.raises(ProviderError) as caught:
        find_backend(tmp_path)

    assert str(caught.value).startswith(words)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_is_usable_for_its_own_languages_only(tmp_path: Path, installed: set[str]) -> None:
    put(tmp_path, *TORCH_FILES)

    assert is_usable(tmp_path, "en-gb")
    assert not is_usable(tmp_path, "de")
    assert not is_usable(tmp_path / "elsewhere", "en")


@pytest.mark.skipif(sys.platform == "win32", reason="users")
def test_a_folder_that_the_bot_may_not_enter_has_no_files(tmp_path: Path) -> None:
    models = tmp_path / "closed" / "kokoro"
    (models / "voices").mkdir(parents=True)
    models.parent.chmod(0)
    script = f"""
import os, pathlib
from services.tts.kokoro_files import advice, is_usable, voices_in
from services.tts.phrases import files_version
if os.getuid() == 0:
    os.seteuid(65534)
models = pathlib.Path({str(models)!r})
assert not is_usable(models, "en")
assert advice(models)
assert not voices_in(models)
assert files_version(models)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=False
    )
    models.parent.chmod(0o700)

    assert done.returncode == 0


@pytest.mark.parametrize(
    ("language", "voice", "letter"),
    [
        ("en", "", "a"),
        ("en", "bf_emma", "b"),
        ("en-US", "bf_emma", "a"),
        ("en_GB", "af_heart", "b"),
        ("pt-pt", "", "p"),
        ("ja", "", "j"),
        ("de", "", None),
        ("", "", None),
    ],
)
def test_languages_have_letters(language: str, voice: str, letter: str | None) -> None:
    assert letter_of(language, voice) == letter


def test_the_full_onnx_model_is_preferred(tmp_path: Path) -> None:
    assert onnx_model(tmp_path) is None
    put(tmp_path, "kokoro-v1.0.fp16.onnx", "kokoro-v1.0.onnx", "other.onnx")
    found = onnx_model(tmp_path)
    assert found is not None
    assert found.name == "kokoro-v1.0.onnx"


def test_what_to_do_is_told_until_all_is_there(tmp_path: Path, installed: set[str]) -> None:
    installed.clear()
    assert advice(tmp_path).startswith("Install it with `.venv/bin/pip install kokoro")
    assert advice(tmp_path).endswith("and run `make fetch-voices`.")
    put(tmp_path, *ONNX_FILES)
    assert "fetch" not in advice(tmp_path)
    installed |= {"kokoro", "torch"}
    put(tmp_path, *TORCH_FILES)
    assert advice(tmp_path) == ""


def test_people_are_invited_until_kokoro_is_complete(tmp_path: Path, installed: set[str]) -> None:
    assert "make fetch-voices" in invitation(tmp_path, "en")
    assert invitation(tmp_path, "de") == ""
    put(tmp_path, *TORCH_FILES)
    assert invitation(tmp_path, "en") == ""


def test_the_voices_in_a_folder_are_listed(tmp_path: Path) -> None:
    assert voices_in(tmp_path / "nowhere") == []
    put(tmp_path, *TORCH_FILES, "voices/bf_emma.pt", "voices/readme.md")
    put(tmp_path, "voices-v1.0.bin")  # damaged
    assert voices_in(tmp_path) == ["af_heart", "bf_emma"]
    with ZipFile(tmp_path / "voices-v1.0.bin", "w") as packed:
        packed.writestr("af_sky.npy", b"")
    assert voices_in(tmp_path) == ["af_heart", "af_sky", "bf_emma"]


def test_a_voice_s_name_tells_its_language() -> None:
    names = ("af_heart", "bf_emma", "jf_alpha", "zm_yunxi", "odd")
    assert [language_of(name) for name in names] == ["en-us", "en-gb", "ja", "cmn", ""]
