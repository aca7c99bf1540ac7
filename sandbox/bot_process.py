import asyncio
import os
import signal
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

STOP_SECONDS = 8.0
"""How long the bot has between SIGTERM and SIGKILL."""

DRAIN_SECONDS = 1.0
"""How long the last lines of an ended bot are waited for."""

LINES_KEPT = 5
MAX_LINE = 2000
"""Characters of a log line that are shown; the rest is left out."""

MODEL_SETTINGS = ("OPENAI_", "LLM_", "TTS_")


def bot_environment(
    outer: Mapping[str, str], connect: Mapping[str, str], *, folder: Path, real_model: bool
) -> dict[str, str]:
    """Return what the bot sees: the sandbox as its Discord, and as its model unless told not to.

    Of the environment around it everything stays but other accounts and, without `real_model`,
    other models. Files go to `folder` unless the environment names places. No .env is read.
    """
    hidden = ("DISCORD_",) if real_model else ("DISCORD_", *MODEL_SETTINGS)
    given = {name: value for name, value in outer.items() if not name.startswith(hidden)}
    lent = {
        name: value
        for name, value in connect.items()
        if not (real_model and name.startswith(MODEL_SETTINGS))
    }
    places = {
        name: given.get(name) or str(folder / name.removesuffix("_DIR").lower())
        for name in ("TEMP_DIR", "HISTORY_DIR")
    }
    return given | lent | places | {"BOT_ENV_FILE": "", "PYTHONUNBUFFERED": "1"}


class BotProcess:
    """Run a bot as a child in its own process group and pass on what it logs."""

    def __init__(self, process: asyncio.subprocess.Process, output: TextIO) -> None:
        self._process = process
        self._output = output
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._forwarding = asyncio.create_task(self._forward(), name="bot log")

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
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            process_group=0,
        )
        return cls(process, output)

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

    async def _forward(self) -> None:
        output, rest = self._process.stdout, b""
        while output and (data := await output.read(2**16)):
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
