"""Compare how soon text is seen: paced edits against edits at a fixed interval.

    python -m benchmarks.edit_pacing [--episodes 60] [--json FILE]

One to three replies of 250 to 400 tokens are written into one channel at 60 tokens a second.
Discord is a window of 5 edits in 5 s; a client that oversteps waits for the window's end, as
discord.py does. Two kinds of window are tried, as Discord documents neither: windows that follow
each other on Discord's own clock, and windows that each open with their first edit (harder: a reply
then lies almost wholly in one). The time on the network is left out of the delays, for every way.
The clock is virtual, so this takes seconds.
"""

import asyncio
import random
import statistics
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.claims import Claim, parser, save
from services.channel_pacer import ChannelPacer
from services.core.types import ReplyButton, ReplyControls
from services.live_message import LiveMessage
from tests.virtual_time import VirtualTimeLoop

TOKENS_PER_SECOND = 60.0
TOKENS = (250, 400)
WORDS = ("The ", "quick ", "brown ", "fox ", "jump", "s ", "over ", "lazy ", "dog", "s.\n")
ONE_WAY = 0.02
"""Seconds to Discord or back."""

LIMIT, WINDOW = 5, 5.0


@dataclass(slots=True)
class Outcome:
    """Hold what one reply's readers saw; seconds."""

    delays: list[float] = field(default_factory=list)
    late: float = 0.0
    waits: int = 0
    messages: int = 1


class Discord:
    """Take edits through the window; keep what each message shows and since when."""

    rate_key = "channel-1"

    def __init__(self, pacer: ChannelPacer, *, phase: float | None) -> None:
        self._pacer = pacer
        self._phase = phase
        self._remaining, self._resets = LIMIT, 0.0
        self._ids = 0
        self.waits = 0
        self.shown: dict[int, list[tuple[float, str]]] = {}

    async def send(self, text: str, *, reply_to: int | None, controls: ReplyControls | None) -> int:
        """Post a message; its budget is another and never spent here."""
        self._ids += 1
        message = self._ids
        await self._arrive(message, text)
        return message

    async def edit(self, message_id: int, text: str, *, controls: ReplyControls | None) -> None:
        """Edit a message; wait for the window's end when it is spent."""
        await asyncio.sleep(ONE_WAY)
        while not self._take():
            self.waits += 1
            await asyncio.sleep(self._resets - asyncio.get_running_loop().time())
        self.shown[message_id].append((asyncio.get_running_loop().time(), text))
        told = (self._remaining, self._resets - asyncio.get_running_loop().time())
        await asyncio.sleep(ONE_WAY)
        self._pacer.observe(limit=LIMIT, remaining=told[0], reset_after=told[1])

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show nothing."""
        return nullcontext()

    def _take(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now >= self._resets:
            self._remaining, self._resets = LIMIT, self._next_reset(now)
        if self._remaining == 0:
            return False
        self._remaining -= 1
        return True

    def is_last(self, message_id: int) -> bool:
        """Say so always: nobody else writes here."""
        return True

    async def read(self, message_id: int) -> str:
        """Return the text that a message shows."""
        return self.shown[message_id][-1][1]

    async def delete(self, message_id: int) -> None:
        """Do nothing: nothing is deleted here."""

    async def mark(self, message_id: int, sign: str) -> None:
        """Do nothing: nothing waits here."""

    async def unmark(self, message_id: int, sign: str) -> None:
        """Do nothing."""

    def _next_reset(self, now: float) -> float:
        if self._phase is None:
            return now + WINDOW
        return now + WINDOW - (now - self._phase) % WINDOW

    async def _arrive(self, message: int, text: str) -> None:
        await asyncio.sleep(ONE_WAY)
        self.shown.setdefault(message, []).append((asyncio.get_running_loop().time(), text))
        await asyncio.sleep(ONE_WAY)


class FixedInterval:
    """Show the newest text every `interval` seconds, as most bots do."""

    def __init__(self, channel: Discord, interval: float) -> None:
        self._channel = channel
        self._interval = interval
        self._text = ""
        self._message: int | None = None
        self._done = asyncio.Event()
        self._ended = asyncio.Event()
        self.message_ids: tuple[int, ...] = ()

    def update(self, text: str) -> None:
        """Take the text so far."""
        self._text = text

    async def run(self) -> None:
        """Post, then edit at the interval."""
        while not self._done.is_set():
            if self._text:
                await self._show(self._text)
            await _wait(self._done, self._interval)
        self._ended.set()

    async def finish(self, text: str, *, buttons: tuple[ReplyButton, ...]) -> None:
        """Show the whole text after the edit on its way."""
        self._done.set()
        await self._ended.wait()
        await self._show(text)

    async def _show(self, text: str) -> None:
        if self._message is None:
            self._message = await self._channel.send(text, reply_to=None, controls=None)
            self.message_ids = (self._message,)
        else:
            await self._channel.edit(self._message, text, controls=None)


Output = LiveMessage | FixedInterval


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def write(output: Output, channel: Discord, *, tokens: int, begin: float) -> Outcome:
    """Write one reply and return when each of its characters was seen."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(begin)
    text, born = "", list[float]()
    async with asyncio.TaskGroup() as group:
        group.create_task(output.run())
        for index in range(tokens):
            await asyncio.sleep(1 / TOKENS_PER_SECOND)
            text += WORDS[index % len(WORDS)]
            born += [loop.time()] * (len(text) - len(born))
            output.update(text)
        ended = loop.time()
        await output.finish(text, buttons=("again",))
    return _outcome(output, channel, born=born, ended=ended)


def _outcome(output: Output, channel: Discord, *, born: list[float], ended: float) -> Outcome:
    delays: list[float] = []
    last = 0.0
    for message in output.message_ids:
        base = len(delays)
        for at, content in channel.shown[message]:
            delays += [at - ONE_WAY - when for when in born[len(delays) : base + len(content)]]
            last = at
    delays += [last - ONE_WAY - when for when in born[len(delays) :]]
    return Outcome(delays, late=max(0.0, last - ONE_WAY - ended), messages=len(output.message_ids))


Make = Callable[[Discord, ChannelPacer], Output]


def ours(channel: Discord, pacer: ChannelPacer) -> Output:
    """Return the bot's own output."""
    return LiveMessage(
        channel=channel,
        reply_to=None,
        controls=ReplyControls(1, 1, ("stop",)),
        pacer=pacer,
        interval=1.0,
        streaming=True,
        on_shown=lambda: None,
    )


async def episode(make: Make, case: "Case", chance: random.Random) -> list[Outcome]:
    """Write the replies of one case and return what was seen of each."""
    pacer = ChannelPacer()
    phase = chance.uniform(0, WINDOW) if case.own_clock else None
    channel = Discord(pacer, phase=phase)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                write(
                    make(channel, pacer),
                    channel,
                    tokens=chance.randint(*TOKENS),
                    begin=chance.uniform(0, case.spread),
                )
            )
            for _ in range(case.replies)
        ]
    outcomes = [task.result() for task in tasks]
    outcomes[0].waits = channel.waits
    return outcomes


def in_virtual_time(work: Coroutine[Any, Any, list[Outcome]]) -> list[Outcome]:
    """Run an episode on a clock of its own that never waits."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)


@dataclass(frozen=True, slots=True)
class Case:
    """Hold how many replies begin within how many seconds, and which window Discord has."""

    replies: int
    spread: float
    own_clock: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Hold the figures of one way to edit; seconds, `split` in per cent of the replies."""

    mean_delay: float
    late_p95: float
    late_max: float
    waits: float
    split: float


def measure(make: Make, case: Case, *, episodes: int) -> Row:
    """Run the same episodes for one way and sum them up."""
    chance = random.Random(7)
    seen = [
        outcome for _ in range(episodes) for outcome in in_virtual_time(episode(make, case, chance))
    ]
    late = sorted(outcome.late for outcome in seen)
    return Row(
        mean_delay=statistics.fmean(delay for outcome in seen for delay in outcome.delays),
        late_p95=late[int(len(late) * 0.95)],
        late_max=late[-1],
        waits=sum(outcome.waits for outcome in seen) / episodes,
        split=100 * sum(outcome.messages > 1 for outcome in seen) / len(seen),
    )


PACED, OTHER = "paced", "every 1.0 s"
WAYS: dict[str, Make] = {
    PACED: ours,
    OTHER: lambda channel, _: FixedInterval(channel, 1.0),
    "every 1.5 s": lambda channel, _: FixedInterval(channel, 1.5),
}
CASES = [
    Case(replies, spread, own_clock)
    for own_clock in (True, False)
    for replies, spread in ((1, 0.0), (2, 3.0), (3, 3.0), (2, 0.0), (3, 0.0))
]
BARS = {1: 0.55, 2: 0.85, 3: 1.2}
"""Mean delay of a character with so many replies at once, seconds."""


def show(case: Case, way: str, row: Row) -> None:
    """Print one line of the table."""
    window = "own clock" if case.own_clock else "first edit"
    print(
        f"{window:<11} {case.replies:>7} {case.spread:>10.0f} s  {way:<11}"
        f" {row.mean_delay:>8.2f} s {row.late_p95:>6.2f} s {row.late_max:>6.2f} s"
        f" {row.waits:>5.1f} {row.split:>5.1f}%"
    )


def claims(rows: dict[tuple[Case, str], Row]) -> list[Claim]:
    """Return what performance.md claims."""
    late = {
        way: max(row.late_max for (_, each), row in rows.items() if each == way) for way in WAYS
    }
    waits = sum(row.waits for (_, way), row in rows.items() if way == PACED)
    return [
        *(_delay(case, rows) for case in CASES),
        Claim(
            "edits: last one late, worst",
            late[PACED],
            "s",
            bar=0.3,
            competitor=OTHER,
            theirs=late[OTHER],
        ),
        Claim("edits: waits for Discord", waits, "", bar=0),
    ]


def _delay(case: Case, rows: dict[tuple[Case, str], Row]) -> Claim:
    replies = f"{case.replies} repl{'ies' if case.replies > 1 else 'y'}"
    window = "Discord's own clock" if case.own_clock else "window opens with an edit"
    return Claim(
        f"edits: mean delay, {replies} within {case.spread:.0f} s, {window}",
        rows[case, PACED].mean_delay,
        "s",
        bar=BARS[case.replies],
        competitor=OTHER,
        theirs=rows[case, OTHER].mean_delay,
    )


def main() -> None:
    """Measure all ways in all cases and print the table."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--episodes", type=int, default=60)
    options = options_parser.parse_args()
    print("window      replies begin within  edits       mean delay late p95 late max waits  split")
    rows: dict[tuple[Case, str], Row] = {}
    for case in CASES:
        for way, make in WAYS.items():
            rows[case, way] = measure(make, case, episodes=options.episodes)
            show(case, way, rows[case, way])
    details = [{"way": way, **asdict(case), **asdict(row)} for (case, way), row in rows.items()]
    save(options.json, claims(rows), details)


if __name__ == "__main__":
    main()
