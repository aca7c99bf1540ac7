"""Compare our voice clock with discord.py's AudioPlayer: CPU per frame and evenness of arrival.

    python -m benchmarks.clock [--guilds 1 25 100] [--seconds 3] [--json FILE]

Each run is a fresh process that sends encoded Opus, with real DAVE sessions, from so many
guilds at once to a UDP sink in another process, which takes the kernel's arrival times.
"""

import asyncio
import contextlib
import multiprocessing
import os
import socket
import struct
import time
from collections import defaultdict
from itertools import pairwise
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any, cast

import discord
from discord.voice_state import ConnectionFlowState

from benchmarks.claims import Claim, parser, save
from sandbox.voice.dave import DaveGroup
from sandbox.voice.human import VirtualHuman
from sandbox.voice.mls import ExternalSender
from services.core.types import AudioChunk
from services.voice.ciphers import AES_GCM, XCHACHA
from services.voice.client import DiscordVoiceClient
from services.voice.output import GuildOutput, VoiceClock

FRAME_MS = 20.0
GAP_MS = 40.0
PACKET = b"\x78" + bytes(range(160))
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("@ll")
KEY = list(range(32))
OURS, OURS_XCHACHA, THEIRS = "ours", "ours, XChaCha20", "discord.py"
SPAWN = multiprocessing.get_context("spawn")


class Speech(discord.AudioSource):
    """Hand out encoded frames, as a file of Opus does."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    def read(self) -> bytes:
        """Return the next frame, nothing after the last."""
        self._left -= 1
        return PACKET if self._left >= 0 else b""

    def is_opus(self) -> bool:
        """Tell discord.py not to encode."""
        return True


class Receiver:
    """Note when which SSRC's packets reach the kernel."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.arrivals: dict[int, list[float]] = defaultdict(list)

    def drain(self) -> None:
        """Take what has come; in batches, so that waking us costs the sender nothing."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, extra, _, _ = self.socket.recvmsg(2048, 64)
                seconds, nanoseconds = TIMESPEC.unpack(extra[0][2][: TIMESPEC.size])
                ssrc = int.from_bytes(data[8:12], "big")
                self.arrivals[ssrc].append(seconds * 1000 + nanoseconds / 1e6)


def run_sink(pipe: Connection) -> None:
    """Receive until the pipe speaks, then answer with all arrival times, milliseconds."""
    receiver = Receiver()
    with contextlib.closing(receiver.socket):
        pipe.send(receiver.socket.getsockname()[1])
        while not pipe.poll(0.02):
            receiver.drain()
        receiver.drain()
        pipe.send(dict(receiver.arrivals))


def connect(kind: type[discord.VoiceClient], port: int, number: int, mode: str) -> Any:
    """Return a voice client whose handshake has, so to speak, just ended."""

    async def speak(_state: discord.SpeakingState) -> None: ...

    async def leave(**_: Any) -> None: ...

    state = SimpleNamespace(
        loop=asyncio.get_running_loop(),
        user=SimpleNamespace(id=1),
        _remove_voice_client=lambda _: None,
    )
    guild = SimpleNamespace(id=number, change_voice_state=leave)
    channel = SimpleNamespace(
        id=number, guild=guild, _get_voice_client_key=lambda: (number, "guild_id")
    )
    fake = SimpleNamespace(_connection=state, loop=state.loop)
    client = kind(cast("Any", fake), cast("Any", channel))
    guild.voice_client = client
    connection: Any = client._connection
    connection._create_socket()
    connection.socket.connect(("127.0.0.1", port))
    connection.mode, connection.secret_key, connection.ssrc = mode, KEY, number + 1
    connection.ws = SimpleNamespace(
        ws=SimpleNamespace(close_code=None), speak=speak, secret_key=KEY
    )
    connection.dave_protocol_version = 1
    connection.state = ConnectionFlowState.connected
    return client


async def give_keys(client: Any) -> None:
    """Bring the client and a listener into a DAVE group of two."""
    channel = client.channel.id
    group = DaveGroup(channel_id=channel, sender=ExternalSender(), executed=lambda *_: None)
    members = [
        VirtualHuman(user_id=user, channel_id=channel, ssrc=user, group=group) for user in (1, 2)
    ]
    for member in members:
        group.enter(member)
    async with asyncio.timeout(30):
        while not (members[0].has_keys and members[1].has_keys and group.epoch):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    client._connection.dave_session = members[0]._session
    group.close()


async def play_ours(clients: list[Any], frames: int) -> None:
    """Speak in all guilds at once through our clock."""
    clock = VoiceClock()
    clock.start()
    outputs = [GuildOutput(client, clock=clock, patience=5.0) for client in clients]
    utterances = [output.open_utterance(None, in_line=False) for output in outputs]
    chunk = AudioChunk(packets=(PACKET,) * frames)
    async with asyncio.TaskGroup() as tasks:
        for utterance in utterances:
            tasks.create_task(utterance.write(chunk))
    for utterance in utterances:
        utterance.end()
    for utterance in utterances:
        await utterance.wait_for_playout()
    await clock.aclose()


async def play_theirs(clients: list[Any], frames: int) -> None:
    """Speak in all guilds at once through discord.py's players."""
    for client in clients:
        client.play(Speech(frames))
    while any(client.is_playing() for client in clients):  # noqa: ASYNC110 - no event exists
        await asyncio.sleep(0.1)


async def measure(variant: str, port: int, guilds: int, frames: int) -> float:
    """Send the frames and return the CPU time that took, seconds."""
    theirs = variant == THEIRS
    kind = discord.VoiceClient if theirs else DiscordVoiceClient
    mode = AES_GCM if variant == OURS else XCHACHA
    clients = [connect(kind, port, number, mode) for number in range(guilds)]
    for client in clients:
        await give_keys(client)
    await asyncio.sleep(0.3)
    play = play_theirs if theirs else play_ours
    before = time.process_time()
    await play(clients, frames)
    spent = time.process_time() - before
    for client in clients:
        client._connection._socket_reader.stop()
    return spent


async def time_send_frame(port: int) -> dict[str, float]:
    """Return microseconds of one send_frame per cipher: header, DAVE, cipher, send."""
    times = {}
    for number, mode in enumerate((AES_GCM, XCHACHA)):
        client = connect(DiscordVoiceClient, port, number, mode)
        await give_keys(client)
        times[mode] = 1e6 * min(_timed(client) for _ in range(7))
        client._connection._socket_reader.stop()
    return times


def _timed(client: DiscordVoiceClient, count: int = 2000) -> float:
    before = time.perf_counter()
    for _ in range(count):
        client.send_frame(PACKET)
    return (time.perf_counter() - before) / count


def run_sender(pipe: Connection, variant: str, port: int, guilds: int, frames: int) -> None:
    """Be the process that speaks; answers with what it measured."""
    if variant:
        pipe.send(asyncio.run(measure(variant, port, guilds, frames)))
    else:
        pipe.send(asyncio.run(time_send_frame(port)))


def run(variant: str, guilds: int, frames: int) -> tuple[Any, dict[int, list[float]]]:
    """Run a sender and a sink; return the sender's answer and the arrivals by SSRC.

    Raises EOFError where one of them fails, which says why itself.
    """
    sink_pipe, sink_end = SPAWN.Pipe()
    sender_pipe, sender_end = SPAWN.Pipe()
    sink = SPAWN.Process(target=run_sink, args=(sink_end,), daemon=True)
    sink.start()
    sink_end.close()
    arguments = (sender_end, variant, sink_pipe.recv(), guilds, frames)
    sender = SPAWN.Process(target=run_sender, args=arguments, daemon=True)
    sender.start()
    sender_end.close()
    answer = sender_pipe.recv()
    sender.join()
    sink_pipe.send("stop")
    arrivals = sink_pipe.recv()
    sink.join()
    return answer, arrivals


def row(variant: str, guilds: int, frames: int) -> dict[str, Any]:
    """Measure one line of the table."""
    cpu, arrivals = run(variant, guilds, frames)
    gaps = sorted(
        after - before for times in arrivals.values() for before, after in pairwise(times)
    )
    received = sum(map(len, arrivals.values()))
    return {
        "variant": variant,
        "guilds": guilds,
        "frames": received,
        "lost": max(0, guilds * frames - received),
        "cpu_us_per_frame": 1e6 * cpu / received,
        "gaps_over_40ms_percent": 100 * sum(gap > GAP_MS for gap in gaps) / len(gaps),
        "p99_ms": gaps[int(len(gaps) * 0.99)],
        "max_ms": gaps[-1],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text, each with its ratio to discord.py's CPU time."""
    lines = [
        "guilds  player            CPU µs/frame  ratio  gaps > 40 ms    p99 ms    max ms  lost"
    ]
    theirs = {row["guilds"]: row["cpu_us_per_frame"] for row in rows if row["variant"] == THEIRS}
    for row in rows:
        ratio = row["cpu_us_per_frame"] / theirs[row["guilds"]]
        lines.append(
            f"{row['guilds']:6}  {row['variant']:16}  {row['cpu_us_per_frame']:12.1f}  {ratio:5.2f}"
            f"  {row['gaps_over_40ms_percent']:10.3f} %  {row['p99_ms']:8.1f}  {row['max_ms']:8.1f}"
            f"  {row['lost']:4}"
        )
    return "\n".join(lines)


def claims(rows: list[dict[str, Any]], send: dict[str, float]) -> list[Claim]:
    """Return what performance.md claims."""
    found = []
    for row in rows:
        if row["variant"] != OURS:
            continue
        guilds = row["guilds"]
        theirs = next(r for r in rows if r["variant"] == THEIRS and r["guilds"] == guilds)
        for name, key, unit, bar in (
            ("CPU per frame", "cpu_us_per_frame", "µs", None),
            ("gaps over 40 ms", "gaps_over_40ms_percent", "%", 0.1),
        ):
            claim = Claim(
                f"voice, {guilds} guild{'s' * (guilds > 1)}: {name}",
                row[key],
                unit,
                bar=bar if guilds > 1 else None,
                competitor=THEIRS,
                theirs=theirs[key],
            )
            found.append(claim)
    found.append(Claim("voice: sending a frame with DAVE", send[AES_GCM], "µs", bar=15))
    return found


def main() -> None:
    """Run the comparison and print it."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--guilds", type=int, nargs="+", default=[1, 25, 100])
    options_parser.add_argument("--seconds", type=float, default=3.0)
    options = options_parser.parse_args()
    frames = round(options.seconds * 1000 / FRAME_MS)
    load = os.getloadavg()[0]
    send, _ = run("", 1, 1)
    rows = [
        row(variant, guilds, frames)
        for guilds in options.guilds
        for variant in (OURS, OURS_XCHACHA, THEIRS)
    ]
    print(table(rows))
    for mode, microseconds in send.items():
        print(f"send_frame with DAVE, {mode}: {microseconds:.1f} µs")
    print(f"load before the run: {load:.1f} on {os.cpu_count()} cores")
    save(options.json, claims(rows, send), {"rows": rows, "send_frame_us": send, "load": load})


if __name__ == "__main__":
    main()
