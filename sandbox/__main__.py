"""A local Discord and OpenAI on 127.0.0.1, with the bot in it."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.launch import LaunchError, Options, launch
from sandbox.script import ScriptError, Step, load_script

DEMO = Path(__file__).with_name("demo.json")


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop, and return the exit status."""
    try:
        options = parse_options(arguments)
        with TemporaryDirectory(prefix="sandbox-bot-") as folder:
            asyncio.run(launch(options, Path(folder)))
    except (LaunchError, ScriptError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line. Raises ScriptError for a script that can't be played."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=_port, default=8765, help="0 picks a free one (%(default)s)")
    parser.add_argument("--no-bot", action="store_true", help="serve only; bring your own bot")
    parser.add_argument(
        "--real-model",
        action="store_true",
        help="the bot uses the model and voice of the environment (OPENAI_*, LLM_*, TTS_*)",
    )
    parser.add_argument(
        "--tls", action="store_true", help="serve Discord's voice over TLS too, for other libraries"
    )
    parser.add_argument("--script", metavar="FILE", help="play a conversation; `demo` is built in")
    parser.add_argument(
        "--exit-after-script",
        choices=("always", "never", "auto"),
        nargs="?",
        const="always",
        default="auto",
        help="auto, the default: when there is no terminal to press Ctrl-C in",
    )
    found = parser.parse_args(arguments)
    return Options(
        port=found.port,
        tls=found.tls,
        bot=not found.no_bot,
        real_model=found.real_model,
        script=_script(found.script),
        exit_after_script=_exits(found.exit_after_script),
    )


def _port(value: str) -> int:
    port = int(value)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port lies between 0 and 65535")
    return port


def _script(name: str | None) -> list[Step]:
    if name is None:
        return []
    return load_script(DEMO if name == "demo" else Path(name))


def _exits(when: str) -> bool:
    attended = sys.stdin is not None and sys.stdin.isatty()
    return when == "always" or (when == "auto" and not attended)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
