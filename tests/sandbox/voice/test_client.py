from typing import Any

from aiohttp import web

from sandbox.faults import Faults
from sandbox.voice.client import MAX_WAITING, TOO_SLOW, ClientSession, Wire


class Recorder(web.WebSocketResponse):
    """A websocket whose other end is a list."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []

    async def send_str(self, data: str, compress: int | None = None) -> None:
        self.sent.append(data)

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
        self.sent.append(code)
        return True


def session() -> ClientSession:
    return ClientSession(
        channel=None,  # type: ignore[arg-type] # these tests send, they do not speak
        user_id=1,
        ssrc=2,
        record=lambda _rule, _detail: None,
        faults=Faults(),
        send_udp=lambda _data, _address: None,
    )


async def test_the_first_close_code_counts_and_nothing_follows_it() -> None:
    ws = Recorder()
    wire = Wire(ws)
    wire.send("before")
    wire.close(4014)
    wire.close(1000)
    wire.send("after")
    await wire.run()
    assert ws.sent == ["before", 4014]


async def test_a_client_too_slow_is_disconnected() -> None:
    ws = Recorder()
    wire = Wire(ws)
    for _ in range(MAX_WAITING + 5):
        wire.send("message")
    await wire.run()
    assert len(ws.sent) == MAX_WAITING + 1
    assert ws.sent[-1] == TOO_SLOW


async def test_what_was_missed_is_replayed_across_the_wrap_of_numbers() -> None:
    ws, client = Recorder(), session()
    for number in range(0x1_0000 + 2):
        client.send(5, number)
    wire = Wire(ws)
    client.attach(wire)
    client.replay(after=0xFFFF)
    wire.close(1000)
    await wire.run()
    assert len(ws.sent) == 4
    assert ws.sent[0].endswith('"seq": 0}')
