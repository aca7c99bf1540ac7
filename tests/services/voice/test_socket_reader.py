import socket
import threading
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from services.voice.socket_reader import OneSocketReader


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two UDP sockets; what the first sends, the second receives."""
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ours.bind(("127.0.0.1", 0))
    ours.setblocking(False)
    theirs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    theirs.connect(ours.getsockname())
    with ours, theirs:
        yield theirs, ours


class Listener:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.arrived = threading.Event()

    def __call__(self, data: bytes) -> None:
        self.heard.append(data)
        self.arrived.set()


def test_an_answer_that_comes_before_the_first_listener_is_not_lost(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    theirs, ours = pair
    reader = OneSocketReader(Mock(), ours)
    reader.start()
    theirs.send(b"early answer")
    threading.Event().wait(0.02)  # time in which a hasty reader would have taken it
    listener = Listener()
    reader.register(listener)
    assert listener.arrived.wait(2.0)
    assert listener.heard == [b"early answer"]
    reader.stop()
    reader.join()


def test_a_failing_listener_does_not_deafen_the_others(
    pair: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    theirs, ours = pair
    reader = OneSocketReader(Mock(), ours)
    reader.register(Mock(side_effect=ValueError("boom")))
    listener = Listener()
    reader.register(listener)
    reader.start()
    theirs.send(b"packet")
    assert listener.arrived.wait(2.0)
    assert "A listener failed" in caplog.text
    reader.stop()
    reader.join()
