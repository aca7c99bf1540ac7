import logging
import selectors
import socket

from discord.voice_state import SocketReader, VoiceConnectionState

log = logging.getLogger(__name__)

# poll() needs no descriptor of its own and has no limit of 1024 of them, as select() has.
_Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)


class OneSocketReader(SocketReader):
    """Read one UDP socket while there are listeners, and end with it.

    discord.py's own reader sleeps up to 30 s on a closed socket before it sees the next one. What
    arrives before the first listener waits in the socket: the answer to IP discovery may.
    """

    def __init__(self, state: VoiceConnectionState, sock: socket.socket) -> None:
        super().__init__(state)
        self._socket = sock

    def run(self) -> None:
        """Read until the socket is closed or `stop` is called."""
        try:
            self._do_run()
        finally:
            self.stop()
            self._callbacks.clear()

    def _do_run(self) -> None:
        with _Selector() as selector:
            if self._socket.fileno() < 0:
                return
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._end.is_set() and self._socket.fileno() >= 0:
                self._running.wait()
                readable = selector.select(timeout=1.0)
                if readable and self._running.is_set() and not self._end.is_set():
                    self._receive()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(2048)
        except OSError:  # closed, or the peer's port is: the loop's condition tells which
            return
        for callback in tuple(self._callbacks):
            try:
                callback(data)
            except Exception:  # a listener's fault must not deafen the others
                log.exception("A listener failed on a voice packet")
