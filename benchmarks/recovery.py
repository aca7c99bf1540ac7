"""Measure how long a listener hears nothing when a voice connection is lost in mid-speech.

    python -m benchmarks.recovery [--rounds 3] [--json FILE]

The bot, the sandbox and this script are three processes; the clients are the real ones, DAVE is
on. The bot tells a long story, the connection is broken, and the silence counts from the order to
break it to the next frame that a person decodes; where Discord itself has to name another server,
or the network is away, it counts from the end of that. What happens to Discord's own side then is
the sandbox's reading of its documentation.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benchmarks.claims import Claim, parser, save
from benchmarks.sandbox_world import World, open_world, run_bot

STORY = " ".join(f"This is sentence number {n} of a very long story." for n in range(1, 60))
BAR = 2.0
WARM_FRAMES, SETTLE = 40, 0.6
PATIENCE = 15.0
GAP = 0.3
"""Seconds without a voice server, or without a network."""


@dataclass(frozen=True, slots=True)
class Break:
    """Hold one way to break a connection: what is called, and how long it is Discord's own fault.

    In `path` and `body` {lounge} and {cellar} stand for the channels.
    """

    name: str
    path: str
    body: dict[str, Any]
    forced: float = 0.0
    moves: bool = False


def closed_with(code: int, words: str) -> Break:
    """Return the break by a close code."""
    return Break(f"{code}, {words}", "faults", {"target": "voice", "kind": str(code)})


BREAKS = (
    closed_with(4006, "session invalid"),
    closed_with(4009, "session timed out"),
    closed_with(4014, "nothing else said"),
    closed_with(4015, "server crashed"),
    Break("4014, another server named", "voice/{lounge}/region", {}),
    Break("no endpoint at first", "voice/{lounge}/region", {"gap": GAP}, forced=GAP),
    Break(
        "dragged to another channel",
        "voice/{lounge}/move",
        {"user": "admin", "target": "bot", "to": "{cellar}"},
        moves=True,
    ),
    Break("no UDP", "faults", {"target": "udp", "kind": "loss", "seconds": GAP}, forced=GAP),
)


async def measure(rounds: int) -> dict[str, list[float]]:
    """Return the silences of each break, seconds."""
    limits = {"USER_RATE_BURST": "1000", "USER_RATE_PER_MINUTE": "10000"}
    found: dict[str, list[float]] = {each.name: [] for each in BREAKS}
    async with open_world() as world, run_bot(world, "bot.py", **limits):
        await world.online()
        made = await world.control.post("channels", {"name": "Cellar", "type": "voice"})
        for channel, user in ((world.lounge, "ana"), (made["id"], "ben")):
            await world.control.post(f"voice/{channel}/join", {"user": user})
        for _ in range(rounds):
            for each in BREAKS:
                found[each.name].append(await silence(world, each, str(made["id"])))
        await world.check()
    return found


async def silence(world: World, way: Break, cellar: str) -> float:
    """Break the connection once in mid-speech; return for how long nothing was heard."""
    names = {"{lounge}": world.lounge, "{cellar}": cellar}
    goal = cellar if way.moves else world.lounge
    while "Lounge" not in (await world.command("join"))["content"]:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.2)
    began = time.monotonic()
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 300})
    await world.post("Tell me a story.")
    await frames(world, world.lounge, since=began, at_least=WARM_FRAMES)
    body = {key: names.get(value, value) for key, value in way.body.items()}
    broken = time.monotonic()
    order = world.control.post(way.path.format(lounge=world.lounge), body)
    async with asyncio.TaskGroup() as group:
        group.create_task(order)
        times = await frames(world, goal, since=broken, at_least=WARM_FRAMES, decoded=True)
    await world.command("stop")
    await asyncio.sleep(SETTLE)
    gap = max(pairwise([broken, *times]), key=lambda pair: pair[1] - pair[0])
    return gap[1] - broken - way.forced


async def frames(
    world: World, channel: str, *, since: float, at_least: int, decoded: bool = False
) -> list[float]:
    """Wait for so many frames of sound, and half a second; return their times.

    With `decoded` they are only counted while they still come: a connection may be broken a
    moment after the order. Raises TimeoutError.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            heard = (await world.control.get(f"voice/{channel}/frames", since=since))["frames"]
            times = [each["t"] for each in heard if not each["silence"] and each["decoded"]]
            long_enough = not decoded or time.monotonic() - since > 1.0
            if long_enough and len(times) >= at_least:
                return times
            await asyncio.sleep(0.05)


def show(found: dict[str, list[float]]) -> None:
    """Print the silences."""
    width = max(map(len, found))
    print(f"{'broken by':{width}}  {'median':>7}  {'worst':>7}")
    for name, times in found.items():
        print(f"{name:{width}}  {statistics.median(times):6.2f}s  {max(times):6.2f}s")


def main() -> None:
    """Measure, print, save."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="breaks of each kind")
    arguments = options.parse_args()
    found = asyncio.run(measure(arguments.rounds))
    show(found)
    claims = [
        Claim(f"back to speech after: {name}", statistics.median(times), "s", BAR)
        for name, times in found.items()
    ]
    save(arguments.json, claims, found)


if __name__ == "__main__":
    main()
