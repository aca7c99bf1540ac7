"""Show that turns and voice connections leave nothing behind in the bot's process.

    python -m tests.e2e.leaks [--turns 200] [--joins 20]

Prints threads, open files and resident memory after every part, as a table. Linux only.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from tests.e2e.faulty import Faulty
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.world import eventually

PARTS = 5


async def answer(world: Faulty, place: str) -> None:
    """Have a question answered."""
    await world.script({"text": "It is a quarter past ten.", "ttft": 0.0})
    asked = await world.ask("what time is it?", channel=place)
    await world.answer(after=asked, ends="ten.", channel=place)


async def visit(world: Faulty, lounge: str) -> None:
    """Bring the bot into voice, let it speak, and send it out."""
    since = len(await world.frames(lounge))
    await world.command("join", user="ana")
    await world.command("say", user="ana", text="Hello.")

    async def heard() -> bool | None:
        return len(await world.frames(lounge)) >= since + 10 or None

    await eventually(heard, "speech")
    await world.command("leave", user="ana")


async def measure(bot: RunningBot, *, turns: int, joins: int) -> list[str]:
    """Return the table's lines."""
    async with aiohttp.ClientSession() as session:
        world = Faulty(bot, session)
        await world.start()
        lounge = world.channel("Lounge")
        await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
        bodies = [{"name": f"place-{number}"} for number in range(8)]
        places = [(await world.call("POST", "channels", body))["id"] for body in bodies]
        for place in places:
            await answer(world, place)
        await visit(world, lounge)
        lines = ["| after | threads | open files | memory |", "| --- | --- | --- | --- |"]

        async def part(name: str, number: int, work: Callable[[int], Awaitable[None]]) -> None:
            for index in range(number):
                await work(index)
            now = bot.health()
            lines.append(f"| {name} | {now.threads} | {now.files} | {now.memory:.1f} MB |")

        await part("warming up", 0, lambda _: answer(world, places[0]))
        for step in range(1, PARTS + 1):
            done, each = step * turns // PARTS, turns // PARTS
            await part(f"{done} turns", each, lambda n: answer(world, places[n % len(places)]))
        for step in range(1, PARTS + 1):
            done, each = step * joins // PARTS, joins // PARTS
            await part(f"{done} visits of voice", each, lambda _: visit(world, lounge))
        return lines


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--turns", type=int, default=200)
    options.add_argument("--joins", type=int, default=20)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_bot(Path(folder)) as bot:
        lines = asyncio.run(measure(bot, turns=chosen.turns, joins=chosen.joins))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
