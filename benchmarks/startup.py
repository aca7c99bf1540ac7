"""Measure a start: CPU time and wall time until IDENTIFY, memory when idle; beside a bare bot's.

    python -m benchmarks.startup [--rounds 5] [--json FILE]

The CPU time is that of the bot's process, all threads, when the sandbox has told of the IDENTIFY;
the bare bot is discord.py's commands.Bot with the same intents. They take turns; medians. The first
start of each, which compiles modules, is not counted. Linux only (/proc).
"""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import aiohttp

from benchmarks.claims import Claim, parser, save
from benchmarks.process_usage import cpu_seconds, resident_mb
from benchmarks.sandbox_world import ONLINE_SECONDS, open_world, run_bot

IDLE = 5.0
OURS, SERVER, BARE = "ours", "ours, speech server", "bare discord.py"


@dataclass(frozen=True, slots=True)
class Start:
    """Hold one start: seconds, MB; `idle_mb` is None where it was not waited for."""

    cpu: float
    wall: float
    mb: float
    idle_mb: float | None


def bots(url: str) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Return each bot's command and settings."""
    speech = {"TTS_ENGINE": "openai", "TTS_BASE_URL": f"{url}/v1"}
    return {
        OURS: (["bot.py"], {}),
        SERVER: (["bot.py"], speech),
        BARE: (["-m", "benchmarks.bare_bot"], {}),
    }


async def start(name: str, *, idle: bool) -> Start:
    """Start a bot in a fresh sandbox and measure it."""
    async with open_world() as world, aiohttp.ClientSession() as session:
        command, settings = bots(world.url)[name]
        async with session.ws_connect(f"{world.url}/sandbox/events") as events:
            began = time.monotonic()
            async with run_bot(world, *command, **settings) as process:
                at = await identified(events)
                cpu, mb = cpu_seconds(process.pid), resident_mb(process.pid)
                await asyncio.sleep(IDLE if idle else 0)
                idle_mb = resident_mb(process.pid) if idle else None
                return Start(cpu, at - began, mb, idle_mb)


async def identified(events: aiohttp.ClientWebSocketResponse) -> float:
    """Wait until the bot has identified itself and return when. Raises TimeoutError."""
    async with asyncio.timeout(ONLINE_SECONDS):
        while (event := await events.receive_json())["kind"] != "bot_online":
            pass
    return float(event["t"])


async def measure(rounds: int) -> dict[str, list[Start]]:
    """Start the bots in turn; the first round only warms up, the last one waits for idleness."""
    starts: dict[str, list[Start]] = {name: [] for name in bots("")}
    for turn in range(rounds + 1):
        for name, seen in starts.items():
            started = await start(name, idle=turn == rounds)
            seen += [started] if turn else []
    return starts


def medians(starts: Sequence[Start]) -> dict[str, float]:
    """Return one bot's figures."""
    return {
        "CPU until IDENTIFY, s": statistics.median(each.cpu for each in starts),
        "time until IDENTIFY, s": statistics.median(each.wall for each in starts),
        "memory at IDENTIFY, MB": statistics.median(each.mb for each in starts),
        "memory when idle, MB": max(each.idle_mb or 0.0 for each in starts),
    }


def claims(figures: Mapping[str, Mapping[str, float]]) -> list[Claim]:
    """Return what performance.md claims."""

    def against_bare(row: str, *, bot: str, unit: str, bar: float | None) -> Claim:
        name = f"start: {row.partition(',')[0]}" + ("" if bot == OURS else " (speech server)")
        return Claim(
            name, figures[bot][row], unit, bar=bar, competitor=BARE, theirs=figures[BARE][row]
        )

    return [
        against_bare("CPU until IDENTIFY, s", bot=OURS, unit="s", bar=0.6),
        against_bare("time until IDENTIFY, s", bot=OURS, unit="s", bar=None),
        against_bare("memory when idle, MB", bot=OURS, unit="MB", bar=120),
        against_bare("memory when idle, MB", bot=SERVER, unit="MB", bar=120),
    ]


def main() -> None:
    """Measure and print."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--rounds", type=int, default=5)
    options = options_parser.parse_args()
    starts = asyncio.run(measure(options.rounds))
    figures = {name: medians(seen) for name, seen in starts.items()}
    print(f"{'median':24}" + "".join(f"{name:>22}" for name in figures))
    for row in figures[OURS]:
        print(f"{row:24}" + "".join(f"{each[row]:22.2f}" for each in figures.values()))
    details = {name: [asdict(each) for each in seen] for name, seen in starts.items()}
    save(options.json, claims(figures), details)


if __name__ == "__main__":
    main()
