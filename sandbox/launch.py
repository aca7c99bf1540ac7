import asyncio
import errno
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from sandbox.bot_process import BotProcess, bot_environment
from sandbox.control_client import ControlClient
from sandbox.expectations import Witness
from sandbox.script import Step
from sandbox.script_player import ScriptPlayer
from sandbox.server import Sandbox
from sandbox.transcript import Transcript

ROOT = Path(__file__).resolve().parent.parent

ONLINE_SECONDS = 60.0
"""How long the bot may take to come online."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LaunchError(Exception):
    """Say in one sentence why the sandbox can't go on."""


@dataclass(frozen=True, slots=True)
class Options:
    """Hold what the command line asked for; an empty script is none."""

    port: int
    tls: bool
    bot: bool
    real_model: bool
    script: list[Step]
    exit_after_script: bool


async def launch(options: Options, folder: Path) -> None:
    """Serve until a signal or the script's end. Raises LaunchError and ScriptError."""
    stop = asyncio.Event()
    for name in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await first_of(_serve(options, folder), _set(stop))


async def first_of(*works: Coroutine[None, None, None]) -> None:
    """Run all until the first ends or fails; the others are cancelled and waited for."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()


async def _serve(options: Options, folder: Path) -> None:
    async with AsyncExitStack() as stack:
        sandbox = await _open(stack, options)
        if not options.bot:
            await _play(sandbox, options)
            return
        bot = await _start_bot(sandbox.connect_environment(), options, folder)
        stack.push_async_callback(bot.aclose)
        await first_of(_play(sandbox, options), _fail_with(bot))


async def _open(stack: AsyncExitStack, options: Options) -> Sandbox:
    try:
        return await stack.enter_async_context(Sandbox(port=options.port, tls=options.tls))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        hint = "choose another with --port (make demo PORT=…), or any free one with 0"
        raise LaunchError(f"Port {options.port} is in use: {hint}.") from None


async def _start_bot(connect: Mapping[str, str], options: Options, folder: Path) -> BotProcess:
    outer = dict(os.environ)
    if options.real_model and not (outer.get("OPENAI_API_KEY") or outer.get("OPENAI_BASE_URL")):
        wanted = "OPENAI_API_KEY or OPENAI_BASE_URL in the environment"
        raise LaunchError(f"--real-model needs {wanted}.")
    if options.script:
        outer.setdefault("LOG_LEVEL", "WARNING")
    return await BotProcess.start(
        [sys.executable, "bot.py"],
        environment=bot_environment(outer, connect, folder=folder, real_model=options.real_model),
        directory=ROOT,
        output=sys.stderr,
    )


async def _play(sandbox: Sandbox, options: Options) -> None:
    """Say `ready` when it is, play the script if there is one, then stay unless told not to."""
    if options.bot:
        await _online(sandbox)
    print(f"ready {sandbox.url}", flush=True)
    if options.script:
        await _set(sandbox.bot_online)
        await _play_script(sandbox.url, options.script)
        if options.exit_after_script:
            return
        print(f"\nNow you: open {sandbox.url} in a browser. Ctrl-C ends it.", flush=True)
    await asyncio.Event().wait()


async def _play_script(url: str, steps: list[Step]) -> None:
    transcript = Transcript(sys.stdout)
    async with aiohttp.ClientSession() as session:
        control = ControlClient(url, session)
        witness = Witness(control, transcript)
        await ScriptPlayer(control, witness, transcript).play(steps)


async def _online(sandbox: Sandbox) -> None:
    try:
        await asyncio.wait_for(sandbox.bot_online.wait(), ONLINE_SECONDS)
    except TimeoutError:
        message = f"The bot did not come online within {ONLINE_SECONDS:.0f} s."
        raise LaunchError(message) from None


async def _fail_with(bot: BotProcess) -> None:
    raise LaunchError(await bot.ended())


async def _set(event: asyncio.Event) -> None:
    await event.wait()
