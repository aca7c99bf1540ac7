import logging
import secrets
import sys
from contextvars import ContextVar
from typing import TextIO

turn_id: ContextVar[str] = ContextVar("turn_id", default="-")
"""The turn that the running task works for; inherited by the tasks it starts."""

FORMAT = "%(asctime)s %(levelname)-7s [%(turn)s] %(name)s: %(message)s"


class _TurnFilter(logging.Filter):
    """Stamp every record with the turn it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.turn = turn_id.get()
        return True


RETRIED = ("Attempting a reconnect", "Error connecting to voice")
"""How discord.py begins what it says of a connection that it, or we, will try again."""


class _RetryFilter(logging.Filter):
    """Tell of a library's lost connection in one line: it logs a traceback with every attempt."""

    def filter(self, record: logging.LogRecord) -> bool:
        failure = record.exc_info[1] if record.exc_info else None
        if failure is not None and str(record.msg).startswith(RETRIED):
            record.msg, record.args = f"{record.getMessage()} ({failure})", ()
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


def configure_logging(level: str, stream: TextIO = sys.stderr) -> None:
    """Send every record as one line with its turn's id; libraries speak from WARNING on."""
    output = logging.StreamHandler(stream)
    output.setFormatter(logging.Formatter(FORMAT))
    output.addFilter(_TurnFilter())
    output.addFilter(_RetryFilter())
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(logging.WARNING)
    for name in ("bot", "services", "cogs", "turn"):
        logging.getLogger(name).setLevel(level)


def new_turn_id() -> str:
    """Return a short id for a turn, unique enough to find it in the log."""
    return secrets.token_hex(4)
