"""Measure what the query optimizer sends, and whether what is asked for is still in it.

    python -m benchmarks.context [--tokenizer DIR] [--json FILE]

Five fixed conversations (benchmarks/conversations.py) go through history, summarizer and optimizer
turn by turn. The figures are means over all turns, against a bot that sends everything. Every ten
turns, and at the end, each fact told so far is asked for: its answer must stand in the context.

The summaries are made by rule here, not by a model: of what people said they keep the sentences
in the first person that hold a name or a number. So the figures tell whether what a summary holds
reaches the model, not how well a model sums up.

DIR is the js-tiktoken package (npm install js-tiktoken; node_modules/js-tiktoken): with it, and
Node, the true tokenizers judge; nothing is downloaded. Without it the counter's own count stands.
"""

import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.claims import Claim, parser, save
from benchmarks.conversations import Conversation, Fact, conversations
from benchmarks.true_tokens import TABLES, TrueTokens
from services.conversation_summarizer import ConversationSummarizer
from services.core.types import (
    Author,
    ChatContext,
    ChatMessage,
    HistoryEntry,
    IncomingMessage,
    UserTurn,
)
from services.history.jsonl import JsonlHistoryStore
from services.limits import Payer
from services.llm.tokens import HEADROOM, TokenCounter
from services.profile_relevance import PERSONAL, PERSONAL_SIGNS
from services.query_optimizer import QueryOptimizer
from services.summary_store import SummaryStore
from services.trim_thresholds import Reached, TrimThresholds, count_after

PROMPT = (
    "You are a friendly member of a Discord server. Answer in the language you are spoken to, "
    "briefly and plainly; your answers may be read aloud."
)
WINDOW, BUDGET, TIGHT = 10, 2000, 500
EVERY = 10
KEY = "channel-1"
BARS = {"simple": 0.44, "long": 0.56, "context": 0.56}
_SENTENCE = re.compile(r"[^.!?。？！]+[.!?。？！]+")  # noqa: RUF001
_NAMED = re.compile(r"\d|\s[A-ZÀ-Þ]|[叫名到]")
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Run:
    """Hold what one conversation cost and kept."""

    sent: list[ChatContext] = field(default_factory=list)
    everything: list[tuple[ChatMessage, ...]] = field(default_factory=list)
    kept: int = 0
    asked: int = 0
    build_seconds: list[float] = field(default_factory=list)


async def extract(instruction: str, text: str, payer: Payer) -> str:
    """Sum up by rule: notes so far, and what people said of themselves with a name or number."""
    notes, _, said = text.partition("\n\nSaid since then:\n")
    kept = notes.splitlines()[1:]
    kept = [] if kept == ["(none yet)"] else kept
    for line in said.splitlines():
        speaker, _, words = line.partition(": ")
        if speaker != "Bot":
            kept += [
                f"{speaker}: {part.strip()}" for part in _SENTENCE.findall(words) if tells(part)
            ]
    return "\n".join(kept) or "Nothing yet."


def tells(sentence: str) -> bool:
    """Tell whether a sentence is somebody's own, no question, and names something."""
    words = {word.lower() for word in _WORD.findall(sentence)}
    own = bool(words & PERSONAL or PERSONAL_SIGNS.search(sentence))
    return own and bool(_NAMED.search(sentence)) and sentence.strip()[-1] not in "?？"  # noqa: RUF001


def ask(text: str, author: Author, number: int) -> UserTurn:
    """Return a turn."""
    return UserTurn("t", (IncomingMessage(10_000 + number, 1, None, author, text, 0.0),))


class Bench:
    """Let one conversation go through what the bot has, with a budget and a counter."""

    def __init__(
        self, talk: Conversation, folder: Path, counter: TokenCounter, budget: int
    ) -> None:
        self._talk = talk
        self._thresholds = TrimThresholds(WINDOW)
        self._history = JsonlHistoryStore(folder)
        self._store = SummaryStore(folder / "summaries")
        self._summarizer = ConversationSummarizer(
            complete=extract,
            history=self._history,
            store=self._store,
            thresholds=self._thresholds,
            count=counter.count,
            max_tokens=budget,
            enabled=True,
        )
        self._optimizer = QueryOptimizer(
            count=counter.count,
            system_prompt=PROMPT,
            max_history_messages=WINDOW,
            max_context_tokens=budget,
        )
        self._said: list[HistoryEntry] = []
        self._facts: list[Fact] = list(talk.profile_facts)
        self.run = Run()

    async def go(self, learn: Callable[[ChatContext], None]) -> Run:
        """Say everything, one turn after the other."""
        for number, exchange in enumerate(self._talk.exchanges):
            asker = Author(exchange.question.author_id, exchange.question.author)
            context = await self._context(ask(exchange.question.text, asker, number))
            self.run.sent.append(context)
            self.run.everything.append(self._everything(exchange.question))
            learn(context)
            self._said += (exchange.question, exchange.answer)
            await self._history.append(KEY, (exchange.question, exchange.answer))
            self._summarizer.learn(KEY)
            await self._summed_up()
            self._facts += [exchange.fact] if exchange.fact else []
            if not (number + 1) % EVERY or number + 1 == len(self._talk.exchanges):
                await self._examine(asker)
        await self._summarizer.aclose()
        await self._history.aclose()
        return self.run

    async def _context(self, turn: UserTurn) -> ChatContext:
        entries = await self._history.load(KEY, limit=self._thresholds.emergency)
        known = await self._summarizer.recall(KEY, entries)
        known = replace(known, persona=self._talk.persona, profile=self._talk.profile)
        began = time.perf_counter()
        context = self._optimizer.build(turn, entries, known)
        self.run.build_seconds.append(time.perf_counter() - began)
        return context

    def _everything(self, question: HistoryEntry) -> tuple[ChatMessage, ...]:
        known = "\n\n".join(
            part for part in (self._talk.persona or PROMPT, self._talk.profile) if part
        )
        said = [ChatMessage(entry.role, entry.text) for entry in (*self._said, question)]
        return (ChatMessage("system", known), *said)

    async def _examine(self, asker: Author) -> None:
        for number, fact in enumerate(self._facts):
            context = await self._context(ask(fact.asked, asker, number))
            told = " ".join(message.content for message in context.messages)
            self.run.asked += 1
            self.run.kept += fact.answer in told

    async def _summed_up(self) -> None:
        """Wait until nothing is due; the bot's next turn would not."""
        while True:
            entries = await self._history.load(KEY, limit=self._thresholds.emergency)
            known = await self._summarizer.recall(KEY, entries)
            if not self._thresholds.surplus(known.unsummarised):
                return
            await asyncio.sleep(0.001)


def go(talk: Conversation, counter: TokenCounter, budget: int = BUDGET) -> Run:
    """Run one conversation in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(Bench(talk, Path(folder), counter, budget).go(lambda _: None))


def trim_seconds() -> float:
    """Return the median time to find out what of 10,000 messages is due."""
    entries = [HistoryEntry("user", "text", float(n), 1, "Ann", (n,)) for n in range(10_000)]
    gone = Reached(0.5, "user", 0)
    times = []
    for _ in range(101):
        began = time.perf_counter()
        fresh = count_after(entries, gone)
        due = entries[len(entries) - fresh :][: TrimThresholds(WINDOW).surplus(fresh)]
        times.append(time.perf_counter() - began)
    if len(due) != 9987:
        raise RuntimeError(f"{len(due)} messages were due")
    return statistics.median(times)


def calibration_error(run: Run, judge: TrueTokens) -> float:
    """Return by how much the calibrated count is off at most, headroom apart, after 10 requests."""
    counter = TokenCounter()
    off = []
    true = judge.count_all([context.messages for context in run.sent])
    for number, (context, actual) in enumerate(zip(run.sent, true, strict=True)):
        counted = 4 + sum(counter.count(each.content) + 4 for each in context.messages)
        if number >= 10:
            off.append(abs(counted / HEADROOM / actual - 1))
        counter.calibrate(estimated=counted, actual=actual, factor=counter.factor)
    return max(off)


def overruns(runs: Sequence[Run], judges: Sequence[TrueTokens], budget: int) -> Claim:
    """Return how many requests of all conversations are above a budget by a true tokenizer."""
    requests = [context.messages for run in runs for context in run.sent]
    over = [size > budget for judge in judges for size in judge.count_all(requests)]
    print(f"over {budget} tokens: {sum(over)} of {len(over)}")
    return Claim(f"context: requests over {budget}", sum(over), "", bar=0)


def saving(run: Run, judge: TrueTokens | None) -> tuple[float, float]:
    """Return the mean tokens of a request, ours and that of everything."""
    requests = [context.messages for context in run.sent]
    if judge is not None:
        ours, theirs = judge.count_all(requests), judge.count_all(run.everything)
    else:
        count = TokenCounter().count
        ours, theirs = (
            [sum(count(each.content) + 4 for each in request) for request in group]
            for group in (requests, run.everything)
        )
    return statistics.fmean(ours), statistics.fmean(theirs)


def main() -> None:
    """Measure and print."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--tokenizer", type=Path, metavar="DIR", help="js-tiktoken")
    options = options_parser.parse_args()
    judges = [TrueTokens(options.tokenizer, each) for each in TABLES] if options.tokenizer else []
    if not judges:
        print("No --tokenizer: tokens are the counter's own, and nothing judges overruns.")
    found: list[Claim] = []
    details: dict[str, dict[str, float]] = {}
    runs: list[Run] = []
    print(f"{'':10}{'everything':>12}{'sent':>8}{'less':>8}{'facts':>10}{'calibrated ±':>14}")
    for talk in conversations():
        run = go(talk, TokenCounter())
        ours, theirs = saving(run, judges[0] if judges else None)
        less, kept = 1 - ours / theirs, run.kept / run.asked
        off = max((calibration_error(run, judge) for judge in judges), default=0.0)
        runs.append(run)
        shown = f"{run.kept}/{run.asked}"
        told = f"{off:.1%}" if judges else "-"
        print(f"{talk.name:10}{theirs:12.0f}{ours:8.0f}{less:8.1%}{shown:>10}{told:>14}")
        details[talk.name] = {"everything": theirs, "sent": ours, "facts": kept, "off": off}
        found += claims(talk.name, less, kept, off if judges else None)
    if judges:
        tight = [go(talk, TokenCounter(), TIGHT) for talk in conversations()]
        found += [overruns(runs, judges, BUDGET), overruns(tight, judges, TIGHT)]
    build = statistics.median(each for run in runs for each in run.build_seconds)
    trim = trim_seconds()
    print(f"build {build * 1e3:.3f} ms; trim of 10,000 messages {trim * 1e3:.3f} ms")
    found.append(Claim("context: building it", build * 1e3, "ms", bar=1))
    found.append(Claim("context: trimming 10,000 messages", trim * 1e3, "ms", bar=1))
    save(options.json, found, details)


def claims(name: str, less: float, kept: float, off: float | None) -> list[Claim]:
    """Return what performance.md claims of one conversation."""
    found = (
        [Claim(f"context, {name}: tokens saved", 100 * less, "%", 100 * BARS[name], at_least=True)]
        if name in BARS
        else []
    )
    found.append(Claim(f"context, {name}: facts kept", 100 * kept, "%", 100, at_least=True))
    if off is not None:
        found.append(Claim(f"context, {name}: calibrated count off", 100 * off, "%", 5))
    return found


if __name__ == "__main__":
    main()
