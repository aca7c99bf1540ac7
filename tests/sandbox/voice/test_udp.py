import asyncio
import socket
import sys
import time

import pytest

from sandbox.voice.udp import Address, UdpPort
from tests.sandbox.voice.harness import until


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps packets in the kernel")
async def test_a_busy_loop_does_not_make_packets_late() -> None:
    arrivals: list[float] = []
    port = UdpPort(lambda _data, _address, t: arrivals.append(t))
    port.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"sound", ("127.0.0.1", port.port))
        sent = time.monotonic()
        time.sleep(0.05)  # noqa: ASYNC251 - the loop is to be busy
        await until(lambda: arrivals)
    assert arrivals[0] < sent + 0.04
    port.close()


async def test_packets_carry_data_and_address_both_ways() -> None:
    received: list[tuple[bytes, Address]] = []
    port = UdpPort(lambda data, address, _t: received.append((data, address)))
    port.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        for number in range(100):
            other.sendto(bytes([number]), ("127.0.0.1", port.port))
        await until(lambda: len(received) == 100)
        assert received[99] == (bytes([99]), other.getsockname())
        port.send(b"answer", other.getsockname())
        other.settimeout(5.0)
        assert await asyncio.to_thread(other.recv, 10) == b"answer"
    port.close()
    port.close()
    port.send(b"lost", ("127.0.0.1", 9))
    with pytest.raises(RuntimeError, match="closed"):
        _ = port.port
