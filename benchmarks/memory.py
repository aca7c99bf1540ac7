"""Measure how the bot's memory grows with the turns it answers, and what a turn costs.

    python -m benchmarks.memory [--turns 300] [--json FILE]

Whole turns through the sandbox, in text, spread over many channels, because Discord lets a bot
write five messages in five seconds in each. The first hundred turns warm up and are not counted.
The CPU time is that of the whole process: discord.py and the HTTP client included. Linux only.
"""

import asyncio
from itertools import cycle, islice

import aiohttp

from benchmarks.claims import Claim, parser, save
from benchmarks.process_usage import cpu_seconds, resident_mb
from benchmarks.sandbox_world import World, open_world, run_bot

CHANNELS = 40
STEP = 100
AT_ONCE = 10
PATIENCE = 30.0
ANSWER = {"text": "It is a quarter past ten, and the sun is out.", "ttft": 0.0}


class Asker:
    """Ask in all channels in turn, ten questions at a time."""

    def __init__(
        self, world: World, channels: list[str], events: aiohttp.ClientWebSocketResponse
    ) -> None:
        self._world = world
        self._channels = cycle(channels)
        self._events = events

    async def ask(self, turns: int) -> None:
        """Ask so many questions and wait for the answers."""
        for _ in range(turns // AT_ONCE):
            await self._world.script(*[ANSWER | {"tokens_per_second": 0}] * AT_ONCE)
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                group.create_task(self._hear_answers())
                for channel in islice(self._channels, AT_ONCE):
                    question = f"What time is it in {channel}?"  # equal ones share an answer
                    group.create_task(self._world.post(question, channel=channel))

    async def _hear_answers(self) -> None:
        heard = 0
        while heard < AT_ONCE:
            event = await self._events.receive_json()
            heard += event["kind"] == "message_create" and event["message"]["author"]["bot"]


async def measure(turns: int) -> tuple[list[float], float]:
    """Return the memory after every hundred turns, MB, and the CPU time of a turn, seconds."""
    names = [f"{whose}_RATE" for whose in ("USER", "CHANNEL", "GUILD")]
    settings = {f"{name}_BURST": "1000" for name in names}
    settings |= {f"{name}_PER_MINUTE": "10000" for name in names}
    async with open_world() as world, aiohttp.ClientSession() as session:
        bodies = [{"name": f"place-{number}", "type": "text"} for number in range(CHANNELS)]
        channels = [(await world.control.post("channels", body))["id"] for body in bodies]
        async with (
            run_bot(world, "bot.py", **settings) as process,
            session.ws_connect(f"{world.url}/sandbox/events") as events,
        ):
            await world.online()
            asker = Asker(world, channels, events)
            await asker.ask(STEP)
            memory, cpu = [resident_mb(process.pid)], cpu_seconds(process.pid)
            for _ in range(turns // STEP):
                await asker.ask(STEP)
                memory.append(resident_mb(process.pid))
            cpu = (cpu_seconds(process.pid) - cpu) / turns
            await world.check()
        return memory, cpu


def main() -> None:
    """Measure and print."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--turns", type=int, default=300)
    options = options_parser.parse_args()
    memory, cpu = asyncio.run(measure(options.turns))
    growth = (memory[-1] - memory[0]) / (len(memory) - 1)
    for index, resident in enumerate(memory, start=1):
        print(f"after {index * STEP:5} turns {resident:8.2f} MB")
    print(f"growth per {STEP} turns {growth:6.2f} MB, CPU per turn {1000 * cpu:.1f} ms")
    claims = [
        Claim("memory: growth per 100 turns", growth, "MB", bar=10),
        Claim("CPU per text turn, discord.py included", 1000 * cpu, "ms"),
    ]
    save(options.json, claims, memory)


if __name__ == "__main__":
    main()
