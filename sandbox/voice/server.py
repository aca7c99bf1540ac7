import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.events import EventBus
from sandbox.faults import Faults
from sandbox.violations import Violations
from sandbox.voice.channel import VoiceChannel
from sandbox.voice.gateway import VoiceGateway
from sandbox.voice.hearing import Hearing
from sandbox.voice.network import Network
from sandbox.voice.rtp import discovery_reply, discovery_ssrc, packet_ssrc
from sandbox.voice.sessions import DISCONNECTED, Sessions, VoiceGrant
from sandbox.voice.speech import HumanSpeech
from sandbox.voice.udp import Address, UdpPort

log = logging.getLogger(__name__)

CHECK_INTERVAL = 0.25
"""Seconds between two rounds in which a worker thread decodes what was heard."""
GOING_AWAY = 1001


class VoiceServer:
    """Be Discord's voice service on loopback: websocket, UDP, DAVE, and virtual humans."""

    def __init__(self, *, violations: Violations, bus: EventBus, faults: Faults) -> None:
        self._violations = violations
        self._udp = UdpPort(self._take_packet)
        self._network = Network(faults=faults)
        self._sessions = Sessions(
            violations=violations, bus=bus, faults=faults, send_rtp=self._send_rtp
        )
        self._gateway = VoiceGateway(sessions=self._sessions, port=lambda: self._udp.port)
        self._suppressed: set[tuple[int, int]] = set()
        self._worker: ThreadPoolExecutor | None = None
        self._next_check: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Open the UDP port on 127.0.0.1."""
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-opus")
        self._udp.start()

    async def aclose(self) -> None:
        """Close every connection and the port; idempotent."""
        self._sessions.end_all(GOING_AWAY)
        self._network.clear()
        self._stop_checking()
        self._udp.close()
        if self._worker is not None:
            await asyncio.to_thread(self._worker.shutdown)
            self._worker = None

    async def reset(self) -> None:
        """Disconnect everybody and forget every recording."""
        self._sessions.end_all(DISCONNECTED)
        self._suppressed.clear()
        self._network.clear()
        self._stop_checking()

    def grant(self, *, guild_id: int, channel_id: int, user_id: int, session_id: str) -> VoiceGrant:
        """Admit a client that entered a channel or moved to it; a move closes with 4014."""
        return self._sessions.admit(
            guild_id=guild_id, channel_id=channel_id, user_id=user_id, session_id=session_id
        )

    def revoke(self, *, guild_id: int, user_id: int) -> None:
        """Take a client out of voice."""
        self._sessions.withdraw(guild_id=guild_id, user_id=user_id)

    def close_client(self, guild_id: int, user_id: int, code: int) -> None:
        """Close a client's websocket as a failing service does: 4006, 4009, 4014, 4015, 4017."""
        self._sessions.end(guild_id=guild_id, user_id=user_id, code=code)

    def suppress(self, *, guild_id: int, user_id: int, suppressed: bool) -> None:
        """Let a client be heard by nobody, or by all again."""
        if suppressed:
            self._suppressed.add((guild_id, user_id))
        else:
            self._suppressed.discard((guild_id, user_id))

    def change_server(self, *, guild_id: int, user_id: int) -> None:
        """End a client's connection; its next grant names another server."""
        self._sessions.change_server(guild_id=guild_id, user_id=user_id)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one voice websocket."""
        return await self._gateway.handle(request)

    async def human_join(self, *, guild_id: int, channel_id: int, user_id: int) -> None:
        """Bring a virtual human into a channel."""
        self._sessions.channel(guild_id, channel_id).enter_human(
            user_id=user_id, ssrc=self._sessions.new_ssrc()
        )

    async def human_leave(self, *, channel_id: int, user_id: int) -> None:
        """Take a virtual human out of a channel."""
        channel = self._sessions.channels.get(channel_id)
        if channel is not None and user_id in channel.humans:
            channel.leave(user_id)

    async def say(
        self,
        *,
        channel_id: int,
        user_id: int,
        wav: bytes,
        mode: str,
        loss: float,
        jitter_ms: float,
        clear_fraction: float,
    ) -> dict[str, Any]:
        """Let a human speak a WAV; returns `seconds`, `frames` and `lost` when it was sent.

        Raises ValueError with one sentence for a bad WAV, bad numbers or a human not in voice.
        """
        channel = self._sessions.channels.get(channel_id)
        human = channel.humans.get(user_id) if channel is not None else None
        if channel is None or human is None:
            raise ValueError("The user must join the voice channel before speaking in it.")
        if mode not in ("ptt", "open"):
            raise ValueError("The mode must be ptt or open.")
        if not (0 <= loss <= 1 and 0 <= clear_fraction <= 1 and 0 <= jitter_ms <= 1000):
            raise ValueError("Loss and clear fraction lie in 0 to 1, the jitter in 0 to 1000 ms.")
        speech = HumanSpeech(
            channel=channel,
            human=human,
            loss=loss,
            jitter=jitter_ms / 1000,
            clear_fraction=clear_fraction,
        )
        return await speech.say(wav, open_microphone=mode == "open")

    def recording(self, channel_id: int) -> bytes:
        """Return as WAV what the first human heard; CPU-bound, may run in a thread."""
        channel = self._sessions.channels.get(channel_id)
        return (channel.hearing if channel is not None else Hearing()).recording()

    def frames(self, channel_id: int, *, since: float) -> dict[str, Any]:
        """Return the frames that arrived from `since` (monotonic seconds) on, and their gaps."""
        channel = self._sessions.channels.get(channel_id)
        if channel is None:
            return Hearing().frames(since)
        self._report(channel, channel.hearing.check())
        return channel.hearing.frames(since)

    @contextmanager
    def listen(self, channel_id: int, take: Callable[[int, bytes], None]) -> Iterator[None]:
        """Give each sounding frame's SSRC and Opus to `take` as it arrives."""
        channel = self._sessions.channels.get(channel_id)
        listeners = channel.listeners if channel is not None else []
        listeners.append(take)
        try:
            yield
        finally:
            listeners.remove(take)

    def _take_packet(self, data: bytes, address: Address, t: float) -> None:
        ssrc = packet_ssrc(data)
        if ssrc is not None:
            self._take_rtp(ssrc, data, address, t)
        elif (ssrc := discovery_ssrc(data)) is not None:
            session = self._sessions.by_ssrc(ssrc)
            if session is not None:
                session.address = address
                self._udp.send(discovery_reply(ssrc, address), address)

    def _take_rtp(self, ssrc: int, data: bytes, address: Address, t: float) -> None:
        session = self._sessions.by_ssrc(ssrc)
        if session is None or not session.mode:
            return
        try:
            packet = session.open(data)
        except ValueError as error:
            session.rules.breach("rtp_decrypt", str(error))
            return
        session.address = address
        channel = session.channel
        channel.judge(session, packet, t)
        if (channel.guild_id, session.user_id) in self._suppressed:
            return
        self._network.carry(ssrc, partial(channel.hear, session, packet), t)
        if self._next_check is None:
            self._next_check = asyncio.get_running_loop().call_later(CHECK_INTERVAL, self._check)

    def _send_rtp(self, data: bytes, address: Address) -> None:
        stream = (address, packet_ssrc(data))
        self._network.carry(stream, lambda *_: self._udp.send(data, address), 0.0)

    def _check(self) -> None:
        """Let the worker decode what was heard; the next frame asks for the next round."""
        self._next_check = None
        if self._worker is None:
            return
        waiting = [
            channel for channel in self._sessions.channels.values() if channel.hearing.has_unchecked
        ]
        loop = asyncio.get_running_loop()
        for channel in waiting:
            checked = loop.run_in_executor(self._worker, channel.hearing.check)
            checked.add_done_callback(partial(self._checked, channel))

    def _checked(self, channel: VoiceChannel, done: "asyncio.Future[int]") -> None:
        if not done.cancelled():
            self._report(channel, done.result())

    def _report(self, channel: VoiceChannel, wrong: int) -> None:
        if wrong:
            self._violations.record(
                "opus_invalid", f"channel {channel.channel_id}: {wrong} frames are not Opus"
            )

    def _stop_checking(self) -> None:
        if self._next_check is not None:
            self._next_check.cancel()
            self._next_check = None
