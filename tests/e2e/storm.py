"""Many people in many servers, text and voice, while everything breaks at random.

    python -m tests.e2e.storm [--seconds 180] [--seed 1]

Every question must get its whole answer once, or one sentence that says why not; nothing may be
said twice; afterwards every server works again, and the bot has the threads, the open files and
about the memory that it had before. Prints a table. Linux only.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.faulty import Faulty
from tests.e2e.running_bot import Health, RunningBot, running_bot
from tests.e2e.storm_trace import Trace
from tests.e2e.storm_turns import WORDS, Seen, Turn, table
from tests.e2e.world import eventually

GUILDS, PEOPLE = 6, 30
LOOK = 0.25
GIVE_UP = 45.0
"""Seconds between two looks at an answer, and after which a turn is given up."""

WEATHER: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("rest", kind, {"count": 2, "seconds": 0.5}) for kind in ("429", "500", "502", "slow")),
    *(("rest", "lost", {"only": call}) for call in ("PATCH", "POST /channels", "callback")),
    ("gateway", "drop", {}),
    ("gateway", "zombie", {"seconds": 0.5}),
    ("gateway", "invalid-session", {}),
    *(("voice", code, {}) for code in ("4006", "4009", "4014", "4015", "4017")),
    *(("udp", kind, {"count": 20}) for kind in ("loss", "reorder")),
    ("dave", "corrupt-welcome", {}),
    *(("llm", kind, {"count": 2}) for kind in ("error", "hang", "cut")),
    ("speech", "error", {}),
    ("speech", "slow", {"seconds": 1.0}),
)
"""What breaks: target, kind, and how."""

GOOD = ("answered", "told why not")
"""What may become of a question that the bot was told of."""

NO_RESPONSE = "The application did not respond."
"""What Discord says to a person whose command was not taken within three seconds."""

UNTOLD = ("never delivered", "refused by Discord")
"""What becomes of a message that came without a session of the gateway, and of a command that the
bot could not take in time: neither has reached the model."""

GROWTH = 60.0
"""MB by which the process may grow: what the allocator keeps after the first minute's peak."""

SETTLED = 8.0
"""Seconds without an answer after which is asked whether the bot was told of the question."""

PATIENCE = 60
"""Seconds after the storm in which answers given up must be there."""

LATE = 0.02
"""The part of all turns that may be answered only after they were given up."""

REST = 40.0
"""Seconds in which idle connections to Discord are closed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Hold the channels of one server."""

    text: str
    voice: str
    people: tuple[str, ...]


class Storm:
    """Let people ask and things break for a while, then see what became of it."""

    def __init__(self, world: Faulty, trace: Trace, *, seed: int) -> None:
        self._world = world
        self._trace = trace
        self._seed = seed
        self._numbers = count()
        self._random = random.Random(seed)
        self._places: list[Place] = []
        self.turns: list[Turn] = []
        self.faults: Counter[str] = Counter()
        self.rejoined = 0

    async def build(self) -> None:
        """Found the servers and let people and the bot into their voice channels."""
        world = self._world
        for number in range(GUILDS - len(world.state["guilds"])):
            await world.call("POST", "guilds", {"name": f"Server {number}"})
        for number in range(PEOPLE):
            await world.call("POST", "users", {"name": f"person{number}"})
        world.state = await world.call("GET", "state")
        for index in range(GUILDS):
            people = tuple(f"person{n}" for n in range(index, PEOPLE, GUILDS))
            place = Place(world.channel(guild=index), world.channel("Lounge", guild=index), people)
            self._places.append(place)
            for person in people[:2]:
                await world.call("POST", f"voice/{place.voice}/join", {"user": person})

    async def rage(self, seconds: float) -> None:
        """Ask and break for so many seconds, and wait for the last answers."""
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                group.create_task(self._return(place, end))
                for person in place.people:
                    group.create_task(self._talk(place, person, end))
            await self._break(end)
            await self._world.call("DELETE", "faults")
        await self._world.online()
        await self._command_everywhere("stop")

    async def every_place_works(self) -> None:
        """Ask once in every server, and hear the bot in each, with nothing broken."""
        await self._world.online()
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                group.create_task(self._works(place))

    async def leave(self) -> None:
        """Send the bot out of all voice channels."""
        await self._command_everywhere("leave")

    async def _works(self, place: Place) -> None:
        await self._join(place)
        heard = len(await self._world.frames(place.voice))
        turn = await self._ask(place, place.people[0], command=False)
        assert turn.outcome == "answered", f"afterwards: {turn}"

        async def look() -> bool | None:
            return len(await self._world.frames(place.voice)) > heard + 10 or None

        await eventually(look, "speech after the storm")
        await self._world.command("stop", user=place.people[0], channel=place.text)

    async def _command_everywhere(self, name: str) -> None:
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                command = self._world.command(name, user=place.people[0], channel=place.text)
                group.create_task(command)

    async def _join(self, place: Place) -> bool:
        body = {"user": place.people[0], "channel": place.text, "name": "join", "options": {}}
        try:
            await self._world.call("POST", "commands", body)
        except AssertionError:  # the bot may be away just now
            return False
        return True

    async def _talk(self, place: Place, person: str, end: float) -> None:
        choice = random.Random(f"{self._seed} {person}")
        while time.monotonic() < end:
            await asyncio.sleep(choice.uniform(0.2, 6.0))
            await self._ask(place, person, command=choice.random() < 0.15)

    async def _ask(self, place: Place, person: str, *, command: bool) -> Turn:
        turn = Turn(
            tag=f"t{next(self._numbers)}",
            words=self._random.randint(*WORDS),
            channel=place.text,
            user=person,
            at=time.monotonic(),
            command=command,
        )
        self.turns.append(turn)
        if command:
            await self._ask_by_command(turn)
        else:
            asked = await self._world.ask(turn.question, user=person, channel=place.text)
            turn.message = asked["id"]
        await self._follow(turn)
        return turn

    async def _ask_by_command(self, turn: Turn) -> None:
        options = {"text": turn.question}
        body = {"user": turn.user, "channel": turn.channel, "name": "ask", "options": options}
        try:
            seen = await self._world.call("POST", "commands", body)
        except AssertionError as error:
            turn.refused = str(error)
        else:
            turn.answer, failure = seen["content"], seen.get("error", "")
            turn.refused = failure if failure == NO_RESPONSE else ""

    async def _follow(self, turn: Turn) -> None:
        while time.monotonic() < turn.at + GIVE_UP:
            place = f"channels/{turn.channel}/messages"
            found = await self._world.call("GET", place, after=turn.message or "0")
            turn.outcome = Seen.read(found["messages"]).outcome(turn)
            if turn.outcome in ("answered", "told why not", "doubled"):
                return
            silent = turn.outcome == "asked" and time.monotonic() > turn.at + SETTLED
            untold = turn.refused or self._trace.untold(turn)
            if silent and untold and not self._trace.reached_the_model(turn):
                turn.outcome = "refused by Discord" if turn.refused else "never delivered"
                return
            await asyncio.sleep(LOOK)

    async def _return(self, place: Place, end: float) -> None:
        """Bring the bot back into a voice channel that it was put out of."""
        while time.monotonic() < end:
            inside = (await self._world.call("GET", "state"))["voice"].get(place.voice, [])
            if "bot" not in inside:
                self.rejoined += await self._join(place)
            await asyncio.sleep(1.0)

    async def _break(self, end: float) -> None:
        while time.monotonic() < end:
            await asyncio.sleep(self._random.uniform(0.3, 1.5))
            target, kind, more = self._random.choice(WEATHER)
            self.faults[f"{target} {kind}"] += 1
            if target == "gateway":
                await self._break_gateway(kind, more)
            else:
                await self._world.break_(target, kind, **more)

    async def _break_gateway(self, kind: str, more: dict[str, Any]) -> None:
        """Break the gateway, which must stand for it, and wait until it stands again."""
        await self._world.online()
        await self._world.break_("gateway", kind, **more)
        if kind == "zombie":
            await asyncio.sleep(0.3)
            await self._world.break_("gateway", "drop")
        if kind == "invalid-session":
            await asyncio.sleep(LOOK)
            await self._world.online()


async def at_rest(bot: RunningBot, base: Health) -> Health:
    """Wait until the bot has no more threads and files than before."""

    end = time.monotonic() + REST
    while time.monotonic() < end:
        now = bot.health()
        if now.threads <= base.threads and now.files <= base.files:
            return now
        await asyncio.sleep(LOOK)
    raise AssertionError(f"before the storm {base}, after it {bot.health()}")


async def weather(bot: RunningBot, *, seconds: float, seed: int) -> str:
    """Run a storm and return its table. Raises AssertionError where the bot did not stand it."""
    async with aiohttp.ClientSession() as session:
        world = Faulty(bot, session)
        await world.start()
        trace = Trace(bot.url, session)
        following = asyncio.create_task(trace.follow())
        try:
            return await _weather(world, trace, seconds=seconds, seed=seed)
        finally:
            following.cancel()
            await asyncio.wait([following])


async def _weather(world: Faulty, trace: Trace, *, seconds: float, seed: int) -> str:
    bot, storm = world.bot, Storm(world, trace, seed=seed)
    await storm.build()
    await storm.every_place_works()
    await storm.leave()
    base = bot.health()
    await storm.rage(seconds)
    await storm.every_place_works()
    await storm.leave()
    after = await at_rest(bot, base)
    await judge(world, storm, trace)
    growth = after.memory - base.memory
    rows = {
        "put back into voice": f"{storm.rejoined}",
        "threads, before and after": f"{base.threads}, {after.threads}",
        "open files, before and after": f"{base.files}, {after.files}",
        "growth of memory": f"{growth:.1f} MB",
        "longest stall of the machine": f"{trace.longest_stall:.1f} s",
    }
    report = table(storm.turns, storm.faults, rows)
    assert growth < GROWTH, report
    return report


async def judge(world: Faulty, storm: Storm, trace: Trace) -> None:
    """Look at every turn once more, now that all is said. Raises AssertionError."""
    delivered = [turn for turn in storm.turns if turn.outcome not in UNTOLD]
    for _ in range(PATIENCE):
        if not (bad := await _unanswered(world, delivered)):
            break
        await asyncio.sleep(1.0)
    assert not bad, [(turn, trace.reached_the_model(turn)) for turn in bad]
    late = [turn for turn in delivered if turn.outcome == "late"]
    assert len(late) <= LATE * len(delivered) + 1, late
    assert not trace.unexplained(), trace.unexplained()
    spoken = Counter(await world.spoken())
    assert not [text for text, times in spoken.items() if times > 1 and "w" in text], spoken
    assert len(world.bot.turns()) == len(delivered), (len(world.bot.turns()), len(delivered))


async def _unanswered(world: Faulty, turns: list[Turn]) -> list[Turn]:
    """Return the turns that have no answer or another than they had; note those that came late."""
    seen: dict[str, Seen] = {}
    bad = []
    for turn in turns:
        if turn.channel not in seen:
            found = await world.call("GET", f"channels/{turn.channel}/messages")
            seen[turn.channel] = Seen.read(found["messages"])
        final = seen[turn.channel].outcome(turn, settled=True)
        if final in GOOD and turn.outcome not in GOOD:
            turn.outcome = "late"
        if final not in GOOD or turn.outcome not in (final, "late"):
            bad.append(turn)
    return bad


def main() -> int:
    """Run a storm, print its table, and return 1 where the bot did not stand it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=180.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--log-level", default="INFO", help="what the bot logs (INFO)")
    options.add_argument("--keep-log", type=Path, help="file to copy the bot's log to")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        log = Path(folder) / "bot.log"
        try:
            with running_bot(Path(folder), LOG_LEVEL=chosen.log_level) as bot:
                report = asyncio.run(weather(bot, seconds=chosen.seconds, seed=chosen.seed))
        except AssertionError as error:
            sys.stderr.write(f"{error}\n{log.read_text()[-6000:]}\n")
            return 1
        finally:
            if chosen.keep_log:
                shutil.copy(log, chosen.keep_log)
    sys.stdout.write(f"{report}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
