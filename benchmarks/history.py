"""Measure what keeping history costs: the event loop per append, reading, archiving, limiting.

    python -m benchmarks.history [--entries 100000] [--directory DIR] [--json FILE]

"append_loop" is the event loop thread's own CPU time for one append of a question and its
answer, the loop's being woken after the write included ("wake_up" is that alone); "aiofiles" is
the same append through that library. They take turns in one run. "wait" is the time until an
append returned. "delete_unknown" is a deleted message of a channel without history,
"forget_author" forgetting one of two people who share a hundred thousand entries.
"""

import asyncio
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import aiofiles

from benchmarks.claims import Claim, parser, save
from services.core.cache import ByteBoundCache
from services.core.types import HistoryEntry
from services.disk_cleanup import archive_old
from services.history.jsonl import JsonlHistoryStore
from services.history.lines import last_lines
from services.history.record import decode, encode
from services.rate_limiter import RateLimiter
from services.trim_thresholds import Reached, TrimThresholds, count_after

TEXT = " ".join(f"word{number} of the tide" for number in range(9))
QUESTION = HistoryEntry("user", TEXT, 1_700_000_000.5, 123456789012345678, "Ann", (1,) * 2)
ANSWER = HistoryEntry("assistant", TEXT, 1_700_000_003.5, 876543210987654321, "Bot", (3,))
ROUNDS = 7


async def append_costs(directory: Path, appends: int) -> dict[str, float]:
    """Return the median CPU time on the loop and the median wait of one append, seconds."""
    store = JsonlHistoryStore(directory)
    path = str(directory / "by-aiofiles.jsonl")

    async def own() -> None:
        await store.append("channel-1", (QUESTION, ANSWER))

    async def by_aiofiles() -> None:
        async with aiofiles.open(path, "ab") as file:
            await file.write(encode(QUESTION) + encode(ANSWER))

    async def wake_up() -> None:
        done: asyncio.Future[None] = loop.create_future()
        loop.call_soon_threadsafe(done.set_result, None)
        await done

    loop = asyncio.get_running_loop()
    calls = {"append": own, "append_aiofiles": by_aiofiles, "wake_up": wake_up}
    costs: dict[str, list[float]] = {}
    for turn in range(ROUNDS + 1):
        for name, call in calls.items():
            cpu, wait = await per_call(call, appends)
            if turn:
                costs.setdefault(f"{name}_loop", []).append(cpu)
                costs.setdefault(f"{name}_wait", []).append(wait)
    await store.aclose()
    return {name: statistics.median(values) for name, values in costs.items()}


async def per_call(call: Callable[[], Awaitable[None]], times: int) -> tuple[float, float]:
    """Return this thread's CPU time and the time passed of one call, seconds."""
    cpu, began = time.thread_time(), time.perf_counter()
    for _ in range(times):
        await call()
    return (time.thread_time() - cpu) / times, (time.perf_counter() - began) / times


async def load_costs(directory: Path, entries: int) -> dict[str, float]:
    """Return the median time to read the last 10 of many entries, in a thread and here, seconds."""
    store = JsonlHistoryStore(directory)
    for _ in range(entries // 1000):
        await store.append("long", (QUESTION, ANSWER) * 500)
    path = directory / "long.jsonl"
    away, here = [], []
    for _ in range(500):
        began = time.perf_counter()
        loaded = await store.load("long", limit=10)
        away.append(time.perf_counter() - began)
    for _ in range(500):
        began = time.perf_counter()
        again = [decode(line) for line in last_lines(path, 10)]
        here.append(time.perf_counter() - began)
    if loaded != again or len(loaded) != 10:
        raise RuntimeError("the two readings differ")
    await store.aclose()
    return {"load_10_await": statistics.median(away), "load_10_disk": statistics.median(here)}


async def forgetting_costs(directory: Path, entries: int) -> dict[str, float]:
    """Return what deleted messages and forgotten people cost, and how loads share, seconds."""
    store = JsonlHistoryStore(directory)
    for number in range(entries // 1000):
        await store.append(f"channel-{number % 100}", (QUESTION, ANSWER) * 500)

    async def delete() -> None:
        await store.forget_messages("channel-999", {17})

    async def load() -> None:
        await asyncio.gather(*(store.load(f"channel-{number}", limit=10) for number in range(100)))

    await per_call(delete, 10)
    loop, wait = await per_call(delete, 1000)
    await load()
    began = time.perf_counter()
    await load()
    loads = time.perf_counter() - began
    began = time.perf_counter()
    if await store.forget_author(QUESTION.author_id) != entries // 2:
        raise RuntimeError("not all of a person was forgotten")
    forgot = time.perf_counter() - began
    await store.aclose()
    return {
        "delete_unknown_loop": loop,
        "delete_unknown_wait": wait,
        "load_100_channels": loads,
        "forget_author": forgot,
    }


def memory_cost(messages: int) -> dict[str, float]:
    """Return the bytes that one message of a history takes in memory."""
    lines = [encode(QUESTION), encode(ANSWER)] * (messages // 2)
    tracemalloc.start()
    kept = [decode(line) for line in lines]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"bytes_per_message": size / len(kept)}


def trim_cost(messages: int) -> dict[str, float]:
    """Return the median time to choose what of many messages enters a summary, seconds."""
    entries = [
        replace(QUESTION if number % 2 == 0 else ANSWER, at=float(number), message_ids=(number,))
        for number in range(messages)
    ]
    thresholds, reached = TrimThresholds(10), Reached.by(entries[0])
    times = []
    for _ in range(101):
        began = time.perf_counter()
        due = entries[1 : 1 + thresholds.surplus(count_after(entries, reached))]
        times.append(time.perf_counter() - began)
    if len(due) < messages - 20:
        raise RuntimeError("too little was chosen")
    return {"trim": statistics.median(times)}


def cache_cost() -> dict[str, float]:
    """Return the median time of one look into a full cache, seconds."""
    cache: ByteBoundCache[int, bytes] = ByteBoundCache(max_bytes=10_000_000, size_of=len)
    for key in range(10_000):
        cache.put(key, b"x" * 1000)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for key in range(10_000):
            cache.get(key)
        times.append((time.perf_counter() - began) / 10_000)
    return {"cache_read": statistics.median(times)}


def archive_cost(directory: Path, entries: int) -> dict[str, float]:
    """Return the time to pack `entries` entries away in conversations of 10,000, seconds."""
    lines = (encode(QUESTION) + encode(ANSWER)) * 5000
    for number in range(entries // 10_000):
        path = directory / f"channel-{number}.jsonl"
        path.write_bytes(lines)
        os.utime(path, (0, 0))
    began = time.perf_counter()
    result = archive_old(directory, before=1.0)
    if result["archived_files"] != entries // 10_000:
        raise RuntimeError("not all conversations were packed away")
    return {"archive": time.perf_counter() - began}


def limiter_cost() -> dict[str, float]:
    """Return the median time of one `take` among 10,000 keys, seconds."""
    keys = list(range(20_000))
    times = []
    for _ in range(ROUNDS):
        limiter = RateLimiter(
            capacity=10, refill_per_second=0.33, clock=time.monotonic, max_keys=10_000
        )
        began = time.perf_counter()
        for key in keys:
            limiter.take(key)
        times.append((time.perf_counter() - began) / len(keys))
    return {"rate_limiter": statistics.median(times)}


def claims(result: dict[str, float]) -> list[Claim]:
    """Return what performance.md claims."""
    own = result["append_loop"] - result["wake_up_loop"]
    return [
        Claim(
            "history: append, loop's CPU",
            1e6 * result["append_loop"],
            "µs",
            competitor="aiofiles",
            theirs=1e6 * result["append_aiofiles_loop"],
        ),
        Claim("history: of it without the wake-up", 1e6 * own, "µs", bar=10),
        Claim("history: last 10 of 100,000", 1e6 * result["load_10_disk"], "µs", bar=50),
        Claim("history: archiving a million", result["archive"], "s", bar=4),
        Claim("history: deletion in a channel without", 1e6 * result["delete_unknown_loop"], "µs"),
        Claim("history: forgetting one of 100,000 entries", result["forget_author"], "s"),
        Claim("history: memory of a message", result["bytes_per_message"], "bytes", bar=1000),
        Claim("summary: choosing among 10,000 messages", 1e3 * result["trim"], "ms", bar=1),
        Claim("cache: one look", 1e6 * result["cache_read"], "µs", bar=10),
        Claim("rate limiter: one decision", 1e6 * result["rate_limiter"], "µs", bar=2),
    ]


def main() -> None:
    """Measure and print."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--entries", type=int, default=100_000)
    options_parser.add_argument("--appends", type=int, default=1000)
    options_parser.add_argument("--archive", type=int, default=1_000_000)
    options_parser.add_argument("--directory", type=Path, help="a folder on the disk to measure")
    options = options_parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as place:
        result = asyncio.run(append_costs(Path(place, "append"), options.appends))
        result |= asyncio.run(load_costs(Path(place, "load"), options.entries))
        Path(place, "archive-me").mkdir()
        result |= archive_cost(Path(place, "archive-me"), options.archive)
        result |= asyncio.run(forgetting_costs(Path(place, "forget"), options.entries))
    result |= limiter_cost() | trim_cost(10_000) | cache_cost()
    for name, seconds in result.items():
        print(f"{name:22} {seconds * 1e6:12.1f} µs")
    result |= memory_cost(10_000)
    print(f"{'bytes_per_message':22} {result['bytes_per_message']:12.1f}")
    ratio = result["append_loop"] / result["append_aiofiles_loop"]
    print(f"{'ratio to aiofiles':22} {ratio:12.2f}")
    save(options.json, claims(result), result)


if __name__ == "__main__":
    main()
