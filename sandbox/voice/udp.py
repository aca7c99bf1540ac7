import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable

Address = tuple[str, int]

HOST = "127.0.0.1"
LARGEST_PACKET = 2048
PACKETS_PER_WAKE = 64
"""Packets taken before other work gets its turn."""
RECEIVE_BUFFER = 1 << 20
SO_TIMESTAMPNS = 35
"""Linux: let the kernel stamp each packet (socket(7), <asm-generic/socket.h>)."""
TIMESPEC = struct.Struct("@qq")


class UdpPort:
    """Receive packets on one loopback port, each with its arrival on the monotonic clock.

    Where the kernel stamps packets its stamp counts, so that a busy event loop makes no gaps.
    """

    def __init__(self, on_packet: Callable[[bytes, Address, float], None]) -> None:
        self._on_packet = on_packet
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """Return the port number. Raises RuntimeError before `start`."""
        if self._socket is None:
            raise RuntimeError("the UDP port is closed")
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Open a free port and read it from the running event loop."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if sys.platform == "linux":
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((HOST, 0))
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def close(self) -> None:
        """Close the port; idempotent."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def send(self, data: bytes, address: Address) -> None:
        """Send one packet; like the network, it may lose it."""
        if self._socket is not None:
            try:
                self._socket.sendto(data, address)
            except OSError:
                return

    def _read(self) -> None:
        for _ in range(PACKETS_PER_WAKE):
            if self._socket is None:
                return
            try:
                data, ancillary, _, address = self._socket.recvmsg(LARGEST_PACKET, 64)
            except OSError:
                return
            self._on_packet(data, address, _arrival(ancillary))


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> float:
    now = time.monotonic()
    for level, kind, stamp in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(stamp) == TIMESPEC.size:
            seconds, nanoseconds = TIMESPEC.unpack(stamp)
            waited = time.time() - seconds - nanoseconds / 1e9
            return now - waited if 0.0 < waited < 60.0 else now
    return now
