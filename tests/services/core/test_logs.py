import io
import logging
import re
from collections.abc import Iterator

import pytest

from services.core.logs import configure_logging, new_turn_id, turn_id


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in ("", "bot", "services", "cogs", "turn")]
    handlers, levels = root.handlers[:], [logger.level for logger in loggers]
    yield io.StringIO()
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_every_line_carries_its_turn(stream: io.StringIO) -> None:
    configure_logging("INFO", stream)
    token = turn_id.set("ab12")
    logging.getLogger("services.reply").info("said %s", "it")
    turn_id.reset(token)
    assert re.search(r"INFO +\[ab12\] services\.reply: said it$", stream.getvalue().strip())


def test_libraries_speak_from_warning_on(stream: io.StringIO) -> None:
    configure_logging("DEBUG", stream)
    logging.getLogger("discord.gateway").info("chatter")
    logging.getLogger("services").debug("own")
    assert "chatter" not in stream.getvalue()
    assert "own" in stream.getvalue()


def test_a_lost_connection_is_one_line_for_each_attempt(stream: io.StringIO) -> None:
    configure_logging("INFO", stream)
    log = logging.getLogger("discord.client")
    try:
        raise ConnectionRefusedError("refused")
    except ConnectionRefusedError:
        log.exception("Attempting a reconnect in %.2fs", 1.5)
        log.exception("Error connecting to voice... disconnecting")
        log.exception("Something else")
    lines = stream.getvalue().splitlines()
    assert "WARNING" in lines[0]
    assert lines[0].endswith("Attempting a reconnect in 1.50s (refused)")
    assert lines[1].endswith("Error connecting to voice... disconnecting (refused)")
    assert lines[-1] == "ConnectionRefusedError: refused"


def test_turn_ids_are_short_and_differ() -> None:
    ids = {new_turn_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(name) == 8 for name in ids)
