import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sandbox import bot_process
from sandbox.bot_process import BotProcess, bot_environment

CONNECT = {
    "DISCORD_SOCKET": "/run/socket",
    "DISCORD_TOKEN": "token",
    "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    "OPENAI_API_KEY": "sandbox",
}

OBEDIENT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit(0)))
print("up", flush=True)
time.sleep(60)
"""

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


class Log(io.StringIO):
    """Let a test wait for what the child has logged."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._written = asyncio.Event()

    def write(self, text: str) -> int:
        length = super().write(text)
        self._loop.call_soon_threadsafe(self._written.set)
        return length

    async def has(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text not in self.getvalue():
                self._written.clear()
                await self._written.wait()


Start = Callable[[str], Awaitable[tuple[BotProcess, Log]]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[BotProcess] = []

    async def start_child(source: str) -> tuple[BotProcess, Log]:
        log = Log()
        child = await BotProcess.start(
            [sys.executable, "-S", "-c", source],
            environment={"SEEN": "yes", "PYTHONUNBUFFERED": "1"},
            directory=Path("/"),
            output=log,
        )
        started.append(child)
        return child, log

    yield start_child
    for child in started:
        await child.aclose()


async def test_the_child_s_lines_are_passed_on_with_a_mark(start: Start) -> None:
    child, log = await start("import os; print(os.environ['SEEN']); print(os.getcwd())")
    await child.ended()
    assert log.getvalue() == "bot | yes\nbot | /\n"


async def test_an_unexpected_end_is_told_with_the_last_line(start: Start) -> None:
    child, _ = await start("import sys; print('starting'); sys.exit('No token.')")
    assert await child.ended() == "The bot ended with status 1: No token."


async def test_a_silent_end_is_told_too(start: Start) -> None:
    child, _ = await start("import os; os.kill(os.getpid(), 9)")
    assert await child.ended() == "The bot ended by SIGKILL: it logged nothing."


async def test_an_endless_line_is_cut(start: Start) -> None:
    child, log = await start("print('x' * 1_000_000)")
    await child.ended()
    assert max(len(line) for line in log.getvalue().splitlines()) < 2100


async def test_closing_lets_the_child_end_by_itself(start: Start) -> None:
    child, log = await start(OBEDIENT)
    await log.has("up")
    await child.aclose()
    await child.aclose()
    assert log.getvalue() == "bot | up\nbot | bye\n"
    assert await child.ended() == "The bot ended with status 0: bye"


async def test_a_child_that_does_not_end_is_killed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot_process, "STOP_SECONDS", 0.05)
    child, log = await start(DEAF)
    await log.has("up")
    await child.aclose()
    assert "killed" in log.getvalue()
    assert "SIGKILL" in await child.ended()


async def test_what_the_child_started_ends_with_it(start: Start) -> None:
    source = "import subprocess, sys\n"
    source += "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
    child, log = await start(source + "print('up', flush=True)")
    await log.has("up")
    async with asyncio.timeout(5):
        await child.aclose()


def test_the_sandbox_stands_in_for_discord_and_for_the_model(tmp_path: Path) -> None:
    outer = {
        "PATH": "/bin",
        "LOG_LEVEL": "DEBUG",
        "DISCORD_TOKEN": "real",
        "OPENAI_API_KEY": "real",
        "LLM_MODEL": "real",
        "LLM_STALL_TIMEOUT": "2",
        "TTS_BASE_URL": "https://speech.example/v1",
        "TTS_API_KEY": "real",
        "TTS_ENGINE": "openai",
        "HISTORY_DIR": "/kept",
    }
    seen = bot_environment(outer, CONNECT, folder=tmp_path, real_model=False)
    assert "real" not in seen.values()
    assert seen.items() >= CONNECT.items()
    assert not {name for name in seen if name.startswith("TTS_")}
    assert (seen["PATH"], seen["LOG_LEVEL"]) == ("/bin", "DEBUG")
    assert (seen["LLM_MODEL"], seen["LLM_STALL_TIMEOUT"]) == ("sandbox-talker", "2")
    assert seen["HISTORY_DIR"] == "/kept"
    assert seen["TEMP_DIR"] == str(tmp_path / "temp")
    assert seen["BOT_ENV_FILE"] == ""


@pytest.mark.parametrize(
    "voice",
    [
        {"TTS_ENGINE": "kokoro"},
        {"TTS_ENGINE": "openai", "TTS_BASE_URL": "http://127.0.0.1:8765/v1", "TTS_VOICE": "own"},
    ],
)
def test_a_voice_on_this_machine_is_used(tmp_path: Path, voice: dict[str, str]) -> None:
    seen = bot_environment(voice, CONNECT, folder=tmp_path, real_model=False)
    assert seen.items() >= voice.items()


def test_a_real_model_is_used_only_when_asked_for(tmp_path: Path) -> None:
    outer = {"DISCORD_TOKEN": "real", "OPENAI_API_KEY": "own", "TTS_VOICE": "own"}
    seen = bot_environment(outer, CONNECT, folder=tmp_path, real_model=True)
    assert seen["DISCORD_TOKEN"] == "token"
    assert (seen["OPENAI_API_KEY"], seen["TTS_VOICE"]) == ("own", "own")
    assert not {"OPENAI_BASE_URL", "LLM_MODEL"} & seen.keys()
