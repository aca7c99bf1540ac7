import hashlib
from pathlib import Path

import pytest

from services.tts import kokoro_fetch
from services.tts.kokoro_fetch import ONNX_URL, TORCH_URL, fetch, files, wants_onnx
from services.tts.model_download import RemoteFile
from tests.services.tts.model_server import ModelServer


def test_kokoro_takes_its_model_and_the_voices_asked_for() -> None:
    names = [file.name for file in files(["af_heart", "af_sky", "af_heart"], onnx=False)]

    assert names == ["config.json", "kokoro-v1_0.pth", "voices/af_heart.pt", "voices/af_sky.pt"]


def test_kokoro_onnx_has_all_voices_in_one_file() -> None:
    names = [file.name for file in files(["af_heart"], onnx=True)]

    assert names == ["kokoro-v1.0.onnx", "voices-v1.0.bin"]


def test_the_model_is_pinned_and_its_checksums_known() -> None:
    assert TORCH_URL.startswith("https://")
    assert ONNX_URL.startswith("https://")
    known = [*files(["af_heart"], onnx=False), *files([], onnx=True)]
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in known)
    assert files(["bf_emma"], onnx=False)[-1].sha256 == ""


@pytest.mark.parametrize(
    ("packages", "onnx"),
    [(set(), False), ({"kokoro"}, False), ({"kokoro_onnx"}, True), ({"kokoro", "kokoro_onnx"}, 0)],
)
def test_the_files_are_those_of_the_package_that_is_there(
    monkeypatch: pytest.MonkeyPatch, packages: set[str], onnx: bool
) -> None:
    monkeypatch.setattr(kokoro_fetch, "find_spec", lambda name: name in packages or None)
    assert wants_onnx() == onnx


async def test_only_what_is_missing_is_fetched(tmp_path: Path) -> None:
    server = ModelServer()
    server.files = {"config.json": b"{}", "voices/af_sky.pt": b"sky"}
    wanted = [RemoteFile("config.json", hashlib.sha256(b"{}").hexdigest())]
    wanted += [RemoteFile("voices/af_sky.pt")]
    (tmp_path / "config.json").write_bytes(b"{}")
    async with server.running():
        fetched = await fetch(wanted, url=server.url, models=tmp_path, report=lambda *_: None)

    assert fetched == ["voices/af_sky.pt"]
