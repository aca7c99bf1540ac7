"""The sandbox and the bot in it, started for a script."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def running_sandbox() -> Iterator[str]:
    """Start a sandbox with the bot, give its address and end it. Exits where it does not start."""
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True
    ) as sandbox:
        try:
            ready = re.match(r"ready (\S+)", sandbox.stdout.readline() if sandbox.stdout else "")
            if ready is None:
                sys.exit("The sandbox did not start.")
            yield ready[1]
        finally:
            sandbox.terminate()
