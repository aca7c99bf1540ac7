"""A sandbox and a bot that many tests share, and what can be seen of the bot from outside."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from benchmarks.process_usage import resident_mb

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "USER_RATE_BURST": "1000",
    "USER_RATE_PER_MINUTE": "10000",
    "CHANNEL_RATE_BURST": "1000",
    "CHANNEL_RATE_PER_MINUTE": "10000",
    "GUILD_RATE_BURST": "1000",
    "GUILD_RATE_PER_MINUTE": "10000",
    "MEMORY_CLEANUP_ENABLED": "false",
    "TTS_ENGINE": "openai",
    "TTS_CACHE_ENABLED": "false",  # what is spoken is read from the speech server's requests
    "LLM_FIRST_TOKEN_TIMEOUT": "2",
    "LLM_STALL_TIMEOUT": "2",
    "SUMMARIES_ENABLED": "false",
}
"""Patience as short as a test's; the sandbox's voice, whose every request can be looked at."""


@dataclass(frozen=True, slots=True)
class Health:
    """Hold what a process has: threads, open files but TCP connections, resident memory in MB.

    Connections to the model and to the speech server are kept open for minutes, on purpose.
    """

    threads: int
    files: int
    memory: float


class RunningBot:
    """Look at a bot's process and its log."""

    def __init__(self, url: str, pid: int, log: Path) -> None:
        self.url = url
        self.pid = pid
        self._log = log

    def health(self) -> Health:
        """Return what the bot's process has now; Linux only."""
        place = Path(f"/proc/{self.pid}")
        lines = (place / "net/tcp").read_text().splitlines()[1:]
        kept = {f"socket:[{line.split()[9]}]" for line in lines}
        files = [name for name in map(_link, (place / "fd").iterdir()) if name and name not in kept]
        return Health(len([*(place / "task").iterdir()]), len(files), resident_mb(self.pid))

    def log(self) -> str:
        """Return everything that the bot logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def turns(self) -> list[str]:
        """Return the log's records of turns."""
        return [line for line in self.log().splitlines() if " turn: " in line]


@contextmanager
def running_bot(folder: Path, **settings: str) -> Iterator[RunningBot]:
    """Run a sandbox and a bot; the bot must end by itself when asked to, without a traceback."""
    log = folder / "bot.log"
    with _program("-m", "sandbox", "--no-bot", "--port", "0", output=subprocess.PIPE) as server:
        assert server.stdout is not None
        url = server.stdout.readline().decode().split()[1]
        environment = _connect(url) | SETTINGS | _folders(folder) | settings
        with log.open("wb") as output, _program("bot.py", output=output, **environment) as started:
            made = RunningBot(url, started.pid, log)
            yield made
            started.terminate()
            assert started.wait(timeout=15) == 0
    said = made.log()
    assert "Traceback" not in said
    assert "never retrieved" not in said
    assert "was destroyed" not in said
    assert "left at the end" not in said


def _connect(url: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{url}/sandbox/state") as answer:
        connect = json.load(answer)["connect"]
    return {name: value for name, value in connect.items() if name.isupper()} | {
        "TTS_BASE_URL": connect["OPENAI_BASE_URL"]
    }


def _link(file: Path) -> str:
    try:
        return str(file.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""


def _folders(folder: Path) -> dict[str, str]:
    return {"TEMP_DIR": str(folder / "temp"), "HISTORY_DIR": str(folder / "history")}


@contextmanager
def _program(
    *command: str, output: int | BinaryIO, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"BOT_ENV_FILE": ""} | environment,
        stdout=output,
        stderr=None if output is subprocess.PIPE else subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
