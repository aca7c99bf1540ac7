"""Measure what the bot adds to the waiting, and compare it with a bot as most are written.

    python -m benchmarks.latency [--json FILE]

The bot, the sandbox and this script are three processes; the clients are the real ones. Twelve
replies (data/replies.json), 0.3 s to the first token and 60 tokens a second, one delta a token;
the speech server needs 50 ms to its first sound and 0.1 s for a second of it. "added" is what is
left of a time when that which text, model, pacer and engine force by the documented rules
(forced_times.py) is taken away: everything else, this machine's network and the sandbox's own
delays included.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.claims import Claim, parser, save
from benchmarks.forced_times import FRAME, Script
from benchmarks.sandbox_world import World, open_world, run_bot
from sandbox.openai.tokens import tokenise

REPLIES = Path(__file__).parent / "data" / "replies.json"
TTFT, TOKENS_PER_SECOND = 0.3, 60.0
TTFB, REALTIME_FACTOR = 0.05, 0.1
CHARACTERS_PER_SECOND = 13.0
"""How fast the sandbox's speech server reads."""

LISTEN = 2.0
"""Seconds of speech that are listened to before it is stopped."""

SETTLE = 0.4
WARM_UP = ("Let me see.", " That is a good question, and I am glad that you ask.")


@dataclass(frozen=True, slots=True)
class Way:
    """Hold one bot: how it is started, and what its engine forces on it (seconds)."""

    name: str
    command: tuple[str, ...]
    settings: dict[str, str]
    engine: float
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold one reply's times, seconds from the question.

    `stop` is the time from the order to stop to the last frame: negative when no frame came after
    it, None when the speech was over before. `gaps` are those of over 40 ms, whatever their cause;
    `underruns` are those in which the bot sent silence because it had nothing to say yet.
    """

    first_text: float
    forced_text: float
    first_sound: float
    forced_sound: float
    forced_mark: float
    model_asked: float
    stop: float | None
    gaps: int
    underruns: int


def ways(url: str) -> list[Way]:
    """Return the bots to compare."""
    limits = {"USER_RATE_BURST": "100", "USER_RATE_PER_MINUTE": "10000"}
    server = {"TTS_ENGINE": "openai", "TTS_BASE_URL": f"{url}/v1"}
    return [
        Way("ours, speech server", ("bot.py",), limits | server, TTFB),
        Way("ours, eSpeak NG", ("bot.py",), limits | {"TTS_ENGINE": "espeak"}, 0.0),
        Way("whole answer first", ("-m", "benchmarks.naive_bot"), {}, TTFB, whole=True),
    ]


def scripts() -> list[Script]:
    """Return the model's answers."""
    replies = json.loads(REPLIES.read_text(encoding="utf-8"))
    return [paced(first, rest) for first, rest in replies]


def paced(sentence: str, rest: str) -> Script:
    """Return an answer at the common pace."""
    return Script(tuple(tokenise(sentence + rest)), sentence, TTFT, TOKENS_PER_SECOND)


async def measure(number: int) -> list[Sample]:
    """Run one of the bots in a fresh sandbox through all replies."""
    async with open_world() as world:
        way = ways(world.url)[number]
        async with run_bot(world, *way.command, **way.settings):
            await world.online()
            await world.control.post("speech", {"ttfb": TTFB, "realtime_factor": REALTIME_FACTOR})
            await enter(world, way)
            await sample(world, way, paced(*WARM_UP))
            samples = [await sample(world, way, script) for script in scripts()]
        await world.check()
        return samples


async def enter(world: World, way: Way) -> None:
    """Bring ana and the bot into the voice channel."""
    await world.control.post(f"voice/{world.lounge}/join", {"user": "ana"})
    if way.whole:
        await world.post("join")
        await asyncio.sleep(3.0)
    else:
        await world.command("join")
    await asyncio.sleep(1.0)


async def sample(world: World, way: Way, script: Script) -> Sample:
    """Ask, listen, stop; nothing is looked at while it happens."""
    await world.script(
        {
            "deltas": list(script.deltas),
            "ttft": script.ttft,
            "tokens_per_second": script.tokens_per_second,
        }
    )
    asked = await world.post("What do you say?")
    await asyncio.sleep(listening_time(way, script))
    stopped = time.monotonic()
    await (world.post("stop") if way.whole else world.command("stop"))
    await asyncio.sleep(SETTLE)
    began = float(asked["created"])
    heard = await world.frames(began)
    frames = [frame["t"] for frame in heard["frames"] if not frame["silence"]]
    answers = await world.answers(asked)
    if not (answers and frames):
        raise RuntimeError(f"{way.name} left {script.text[:20]!r} unanswered")
    return Sample(
        first_text=answers[0]["created"] - began,
        forced_text=script.end if way.whole else script.first_post(),
        first_sound=frames[0] - began,
        forced_sound=way.engine + FRAME + script.first_piece(),
        forced_mark=way.engine + FRAME + script.first_mark(),
        model_asked=await world.asked_model_at(began) - began,
        stop=frames[-1] - stopped if frames[-1] > stopped - 2 * FRAME else None,
        gaps=heard["gaps_over_40ms"],
        underruns=sum(
            before["silence"] and not after["silence"]
            for before, after in pairwise(heard["frames"])
        ),
    )


def listening_time(way: Way, script: Script) -> float:
    """Return the seconds from the question to the stop."""
    sound = len(script.text) / CHARACTERS_PER_SECOND
    if way.whole:
        return script.end + TTFB + REALTIME_FACTOR * sound + 0.5
    return max(script.end, script.first_piece()) + LISTEN


def median_ms(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """Return the median of a value over the replies, milliseconds."""
    return 1000 * statistics.median(value(each) for each in samples)


def figures(samples: Sequence[Sample]) -> dict[str, float]:
    """Return one bot's figures: milliseconds, and the number of gaps."""
    stops = [1000 * each.stop for each in samples if each.stop is not None]
    return {
        "first text": median_ms(samples, lambda each: each.first_text),
        "added to text": median_ms(samples, lambda each: each.first_text - each.forced_text),
        "first sound": median_ms(samples, lambda each: each.first_sound),
        "added to sound": median_ms(samples, lambda each: each.first_sound - each.forced_sound),
        "added from mark": median_ms(samples, lambda each: each.first_sound - each.forced_mark),
        "until model asked": median_ms(samples, lambda each: each.model_asked),
        "stop, worst": max(0.0, *stops),
        "gaps over 40 ms": sum(each.gaps for each in samples),
        "underruns": sum(each.underruns for each in samples),
    }


def show(results: dict[str, dict[str, float]]) -> None:
    """Print the figures, one bot a column."""
    print(f"{'median, milliseconds':22}" + "".join(f"{name:>22}" for name in results))
    for row in next(iter(results.values())):
        print(f"{row:22}" + "".join(f"{each[row]:22.1f}" for each in results.values()))


def claims(results: dict[str, dict[str, float]]) -> list[Claim]:
    """Return what performance.md claims."""
    server, espeak, naive = results.values()
    own = (server, espeak)
    other = "whole answer first"

    def against(name: str, figure: float, theirs: float) -> Claim:
        return Claim(name, figure, "ms", competitor=other, theirs=theirs)

    return [
        Claim("first text: added by the bot", server["added to text"], "ms", bar=10),
        against("first text, from the question", server["first text"], naive["first text"]),
        Claim("first sound: added, speech server", server["added to sound"], "ms", bar=10),
        Claim("first sound: added, eSpeak NG", espeak["added to sound"], "ms", bar=10),
        against("first sound, from the question", server["first sound"], naive["first sound"]),
        Claim("stop to last frame, worst", max(each["stop, worst"] for each in own), "ms", bar=60),
        Claim("speech: underruns", sum(each["underruns"] for each in own), "", bar=0),
        Claim("speech: gaps over 40 ms", server["gaps over 40 ms"] + espeak["gaps over 40 ms"], ""),
    ]


def main() -> None:
    """Measure all bots and print the table."""
    options = parser(__doc__).parse_args()
    results: dict[str, dict[str, float]] = {}
    details: dict[str, list[dict[str, Any]]] = {}
    for number, way in enumerate(ways("")):
        samples = asyncio.run(measure(number))
        results[way.name] = figures(samples)
        details[way.name] = [asdict(each) for each in samples]
    show(results)
    save(options.json, claims(results), details)


if __name__ == "__main__":
    main()
