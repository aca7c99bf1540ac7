import asyncio
import os
import signal
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

STOP_SECONDS = 8.0
"""How long the bot has between SIGTERM and SIGKILL."""

DRAIN_SECONDS = 1.0
"""How long the last lines of an ended bot are waited for."""

LINES_KEPT = 5
MAX_LINE = 2000
"""Characters of a log line that are shown; the rest is left out."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOCAL_ENGINES = ("espeak", "kokoro")
SERVICES = ("LLM_FALLBACK_", "TTS_")
ACCOUNT = ("BASE_URL", "API_KEY", "MODEL", "VOICE", "ENGINE")
"""The settings of a service that only make sense together."""


def bot_environment(
    outer: Mapping[str, str], connect: Mapping[str, Any], *, folder: Path, real_model: bool
) -> dict[str, str]:
    """Return what the bot sees: the sandbox as its Discord, and as its model unless told not to.

    Of the environment around it everything stays but other Discord accounts and, without
    `real_model`, models and voices beyond this machine. Files go to `folder` unless the
    environment names places. No .env is read. Of `connect` only the settings count, which are
    named in capitals; the rest is for other guests.
    """
    connect = {name: value for name, value in connect.items() if name.isupper()}
    given = {name: value for name, value in outer.items() if not name.startswith("DISCORD_")}
    lent = {**connect, "LLM_MODEL": "sandbox-talker"}
    if real_model:
        lent = {name: value for name, value in lent.items() if name.startswith("DISCORD_")}
    else:
        given = _staying_here(given)
    places = {
        name: given.get(name) or str(folder / name.removesuffix("_DIR").lower())
        for name in ("TEMP_DIR", "HISTORY_DIR")
    }
    return given | lent | places | {"BOT_ENV_FILE": "", "PYTHONUNBUFFERED": "1"}


def _staying_here(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings without those that lead to a server on another machine."""
    hidden = {
        service + name
        for service in SERVICES
        if urlsplit(settings.get(f"{service}BASE_URL", "")).hostname not in LOOPBACK
        for name in ACCOUNT
        if settings.get(service + name) not in LOCAL_ENGINES
    }
    return {
        name: value
        for name, value in settings.items()
        if name not in hidden and not name.startswith("OPENAI_")
    }


class BotProcess:
    """Run a bot as a child in its own process group and pass on what it logs."""

    def __init__(self, process: asyncio.subprocess.Process, log_end: int, output: TextIO) -> None:
        self._process = process
        self._output = output
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._forwarding = asyncio.create_task(self._forward(log_end), name="bot log")

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        output: TextIO,
    ) -> "BotProcess":
        """Start a program; Ctrl-C in the terminal then reaches only this process, not the child."""
        # With asyncio's own pipe, wait() lasts until everybody who inherited the pipe has ended.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=directory,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                process_group=0,
            )
        finally:
            os.close(writing)
        return cls(process, reading, output)

    async def ended(self) -> str:
        """Wait until the program ends by itself and return one sentence about it."""
        status = await self._process.wait()
        await asyncio.wait([self._forwarding], timeout=DRAIN_SECONDS)
        how = f"with status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"
        last = self._last_lines[-1] if self._last_lines else "it logged nothing."
        return f"The bot ended {how}: {last}"

    async def aclose(self) -> None:
        """Stop the program and what it started, within 8 seconds or by force; idempotent."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self._show([f"It did not end within {STOP_SECONDS:.0f} s and is killed."])
        finally:
            self._kill_group()
        await asyncio.wait([self._forwarding], timeout=DRAIN_SECONDS)
        self._forwarding.cancel()
        await asyncio.wait([self._forwarding])

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _forward(self, log_end: int) -> None:
        logged = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(logged), os.fdopen(log_end, "rb")
        )
        try:
            await self._forward_lines(logged)
        finally:
            pipe.close()

    async def _forward_lines(self, logged: asyncio.StreamReader) -> None:
        rest = b""
        while data := await logged.read(2**16):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > MAX_LINE:
                lines, rest = [*lines, rest], b""
            await self._show(line.decode(errors="replace") for line in lines)
        await self._show([rest.decode(errors="replace")] if rest else [])

    async def _show(self, lines: Iterable[str]) -> None:
        shown = [line.rstrip()[:MAX_LINE] for line in lines]
        self._last_lines.extend(line for line in shown if line)
        # A terminal that has stopped reading must not stop the servers; the bot waits instead.
        text = "".join(f"bot | {line}\n" for line in shown)
        await asyncio.to_thread(self._write, text)

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()
