from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import aiohttp

from services.tts.kokoro_files import CONFIG, ONNX_MODEL, ONNX_VOICES, VOICES, WEIGHTS
from services.tts.model_download import ModelDownload, RemoteFile, Report

TORCH_URL: Final = (
    "https://huggingface.co/hexgrad/Kokoro-82M/resolve/f3ff3571791e39611d31c381e3a41a3af07b4987"
)
ONNX_URL: Final = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"
"""The models' public homes, at the state that the checksums belong to."""

# Published by many projects that pin the same files. Other voices are checked with the SHA-256
# that Hugging Face sends with them; a mirror that sends none leaves the size alone to check.
_SHA256: Final = {
    CONFIG: "5abb01e2403b072bf03d04fde160443e209d7a0dad49a423be15196b9b43c17f",
    WEIGHTS: "496dba118d1a58f5f3db2efc88dbdc216e0483fc89fe6e47ee1f2c53f18ad1e4",
    f"{VOICES}/af_heart.pt": "0ab5709b8ffab19bfd849cd11d98f75b60af7733253ad0d67b12382a102cb4ff",
    ONNX_MODEL: "7d5df8ecf7d4b1878015a32686053fd0eebe2bc377234608764cc0ef3636a6c5",
    ONNX_VOICES: "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
}


def wants_onnx() -> bool:
    """Tell whether kokoro-onnx alone is installed: its files are others."""
    return find_spec("kokoro_onnx") is not None and find_spec("kokoro") is None


def files(voices: Iterable[str], *, onnx: bool) -> list[RemoteFile]:
    """Return what has to be fetched; kokoro-onnx has all voices in one file."""
    names = [ONNX_MODEL, ONNX_VOICES] if onnx else [CONFIG, WEIGHTS]
    if not onnx:
        names += [f"{VOICES}/{voice}.pt" for voice in dict.fromkeys(voices)]
    return [RemoteFile(name, _SHA256.get(name, "")) for name in names]


async def fetch(
    wanted: Iterable[RemoteFile], *, url: str, models: Path, report: Report
) -> list[str]:
    """Fetch what is not there yet and return the names of what had to be fetched.

    Goes through the environment's proxy, where there is one. Raises DownloadError.
    """
    async with aiohttp.ClientSession(trust_env=True) as session:
        download = ModelDownload(session, url=url, folder=models, report=report)
        return [file.name for file in wanted if await download.fetch(file)]
