"""The command as people run it, against a server on loopback."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.services.tts.model_server import ModelServer

ROOT = Path(__file__).parents[2]


async def fetch_voices(folder: Path, url: str, *arguments: str) -> tuple[int | None, str]:
    environment = {
        **os.environ,
        "BOT_ENV_FILE": "",
        "KOKORO_MODEL_DIR": str(folder),
        "KOKORO_DOWNLOAD_URL": url,
        "KOKORO_VOICE": "af_sky",
        "TTS_LANGUAGE": "fr",
        "NO_PROXY": "127.0.0.1",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.fetch_voices", *arguments),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_a_damaged_model_and_a_machine_offline_are_one_sentence(tmp_path: Path) -> None:
    server = ModelServer()
    server.files = dict.fromkeys(("config.json", "kokoro-v1.0.onnx"), b"not the real one")
    async with server.running():
        status, said = await fetch_voices(tmp_path, server.url)
    assert status == 1
    assert "its checksum is wrong" in said.splitlines()[-1]

    status, said = await fetch_voices(tmp_path, server.url, "bf_emma")
    assert (status, said) == (1, f"I can't reach {server.url}: is this machine online?\n")


@pytest.mark.parametrize(
    ("argument", "words"), [("../x", "no voice and no blend"), ("--help", "usage: fetch-voices")]
)
async def test_odd_arguments_are_answered(tmp_path: Path, argument: str, words: str) -> None:
    _, said = await fetch_voices(tmp_path, "http://127.0.0.1:9", argument)
    assert words in said
    assert "Traceback" not in said
