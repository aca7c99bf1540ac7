"""Compare our sentence splitter with stream2sentence's and pipecat's on a stream of tokens.

    python -m benchmarks.splitter [--runs 7] [--json FILE]

The test set is our own (data/sentences.json): hard cases and prose in several languages, each
text a list of sentences. F1 counts the boundaries between a text's sentences; the delay is the
number of tokens from the one that completes a sentence to the one that releases it; the time is
the median of the runs. The others are told each text's language, ours is not.
"""

import json
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import accumulate
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple, Protocol

from benchmarks.claims import Claim, parser, save
from services.sentence_splitter import SentenceSplitter

DATA = Path(__file__).parent / "data" / "sentences.json"
TOKEN = re.compile(r" ?[^\W\d_]+|\d{1,3}| ?[^\s\w]+\n*|\s*\n+|\s+(?!\S)|\s|_+")
LONG_WORD = 6
PIECE = 4


class Splitter(Protocol):
    """Take tokens, give sentences."""

    def push(self, text: str) -> list[str]:
        """Return the sentences that a token completes."""
        ...

    def flush(self) -> list[str]:
        """Return the rest."""
        ...


class Text(NamedTuple):
    """Hold one text: its tokens and where its sentences end, in visible characters."""

    language: str
    tokens: list[str]
    ends: list[int]


class Score(NamedTuple):
    """Hold one splitter's figures on one set."""

    precision: float
    recall: float
    f1: float
    delay_tokens: float
    microseconds_per_token: float
    texts_altered: int


class Tally:
    """Count boundaries and delays over the texts of a set."""

    def __init__(self) -> None:
        self.found = self.right = self.expected = self.altered = 0
        self.delays: list[int] = []

    def add(self, text: Text, released: list[tuple[int, str]]) -> None:
        """Count one text's sentences, each with the token that released it."""
        ends = list(accumulate(visible(sentence) for _, sentence in released))
        self.altered += not ends or ends[-1] != text.ends[-1]
        inner, expected = set(ends[:-1]), set(text.ends[:-1])
        self.found += len(inner)
        self.expected += len(expected)
        self.right += len(inner & expected)
        reached = list(accumulate(map(visible, text.tokens)))
        for (at, _), end in zip(released, ends, strict=True):
            completed = next((i for i, size in enumerate(reached) if size >= end), len(reached) - 1)
            self.delays.append(max(0, at - completed))

    def score(self, seconds: float, tokens: int) -> Score:
        """Return the figures."""
        precision = self.right / max(1, self.found)
        recall = self.right / max(1, self.expected)
        f1 = 2 * precision * recall / ((precision + recall) or 1.0)
        per_token = seconds / tokens * 1e6
        return Score(precision, recall, f1, fmean(self.delays), per_token, self.altered)


class Stream2Sentence:
    """Adapt stream2sentence, whose rule-based tokenizer needs no download."""

    def __init__(self, **settings: Any) -> None:
        from stream2sentence import SentenceSplitter as Theirs

        self._splitter = Theirs(**settings)

    def push(self, text: str) -> list[str]:
        """Return the sentences that a token completes."""
        self._splitter.add(text)
        return list(self._splitter.stream())

    def flush(self) -> list[str]:
        """Return the rest."""
        return list(self._splitter.flush())


class Pipecat:
    """Adapt pipecat's sentence aggregator; its coroutines never wait."""

    def __init__(self, language: str) -> None:
        from pipecat.utils.text.simple_text_aggregator import SimpleTextAggregator

        self._aggregator = SimpleTextAggregator(language=language)

    def push(self, text: str) -> list[str]:
        """Return the sentences that a token completes."""
        sentences: list[str] = run(collect(self._aggregator.aggregate(text)))
        return sentences

    def flush(self) -> list[str]:
        """Return the rest."""
        rest = run(self._aggregator.flush())
        return [rest.text] if rest else []


async def collect(aggregations: AsyncIterator[Any]) -> list[str]:
    """Return the aggregations' texts."""
    return [aggregation.text async for aggregation in aggregations]


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits, without the cost of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("the coroutine waited")


SPLITTERS: dict[str, Callable[[str], Splitter]] = {
    "ours": lambda _: SentenceSplitter(),
    "stream2sentence, default": lambda language: Stream2Sentence(language=language),
    "stream2sentence, eager": lambda language: Stream2Sentence(
        language=language,
        minimum_sentence_length=1,
        minimum_first_fragment_length=1,
        auto_context=True,
    ),
    "pipecat": Pipecat,
}


def visible(text: str) -> int:
    """Count the characters that are not white space."""
    return len("".join(text.split()))


def tokenize(text: str) -> list[str]:
    """Cut a text as a BPE does: word pieces with their leading space, about 4 characters each."""
    tokens: list[str] = []
    for piece in TOKEN.findall(text):
        size = PIECE if len(piece.strip()) > LONG_WORD else len(piece)
        size = 2 if piece.strip() > "\u2e80" else size
        tokens += [piece[at : at + size] for at in range(0, len(piece), size)]
    if "".join(tokens) != text:
        raise ValueError(f"tokens lose characters of {text!r}")
    return tokens


def load_texts(name: str) -> list[Text]:
    """Return the texts of one set."""
    texts = []
    for entry in json.loads(DATA.read_text(encoding="utf-8"))[name]:
        sentences = entry["sentences"]
        tokens = tokenize(entry.get("separator", " ").join(sentences))
        texts.append(Text(entry["language"], tokens, list(accumulate(map(visible, sentences)))))
    return texts


def feed(splitter: Splitter, tokens: list[str]) -> list[tuple[int, str]]:
    """Return the sentences, each with the index of the token that released it."""
    released = [(at, text) for at, token in enumerate(tokens) for text in splitter.push(token)]
    return released + [(len(tokens) - 1, text) for text in splitter.flush()]


def time_once(make: Callable[[str], Splitter], texts: list[Text]) -> float:
    """Return the seconds that splitting all texts takes, construction not counted."""
    seconds = 0.0
    for text in texts:
        splitter = make(text.language)
        start = time.perf_counter()
        for token in text.tokens:
            splitter.push(token)
        splitter.flush()
        seconds += time.perf_counter() - start
    return seconds


def measure(make: Callable[[str], Splitter], texts: list[Text], runs: int) -> Score:
    """Return one splitter's figures on one set."""
    tally = Tally()
    for text in texts:
        tally.add(text, feed(make(text.language), text.tokens))
    seconds = median(time_once(make, texts) for _ in range(runs))
    return tally.score(seconds, sum(len(text.tokens) for text in texts))


def print_table(name: str, texts: list[Text], scores: dict[str, Score]) -> None:
    """Print one set's figures, times also as a multiple of ours."""
    tokens = sum(len(text.tokens) for text in texts)
    sentences = sum(len(text.ends) for text in texts)
    size = sum(len("".join(text.tokens)) for text in texts) / tokens
    print(f"\n{name}: {sentences} sentences, {tokens} tokens of {size:.1f} characters")
    print(f"{'':26}{'precision':>10}{'recall':>8}{'F1':>8}{'delay':>8}{'µs/token':>10}{'ratio':>8}")
    base = scores["ours"].microseconds_per_token
    for label, score in scores.items():
        ratio = score.microseconds_per_token / base
        print(
            f"{label:26}{score.precision:10.3f}{score.recall:8.3f}{score.f1:8.3f}"
            f"{score.delay_tokens:8.2f}{score.microseconds_per_token:10.2f}{ratio:8.1f}"
            + (f"   altered {score.texts_altered} texts" if score.texts_altered else "")
        )


F1_BARS = {"hard": 0.95, "prose": 0.98}
MAX_DELAY, MAX_MICROSECONDS = 1.0, 10.0


def claims(results: dict[str, dict[str, Score]]) -> list[Claim]:
    """Return what performance.md claims, each against the best of the others."""
    return [claim for name, scores in results.items() for claim in _claims(name, scores)]


def _claims(name: str, scores: dict[str, Score]) -> list[Claim]:
    ours = scores["ours"]
    others = {label: score for label, score in scores.items() if label != "ours"}
    exact = max(others, key=lambda label: others[label].f1)
    fast = min(others, key=lambda label: others[label].microseconds_per_token)
    return [
        Claim(
            f"sentences, {name}: F1",
            ours.f1,
            "",
            bar=F1_BARS[name],
            at_least=True,
            competitor=exact,
            theirs=others[exact].f1,
        ),
        Claim(
            f"sentences, {name}: delay",
            ours.delay_tokens,
            "tokens",
            bar=MAX_DELAY,
            competitor=exact,
            theirs=others[exact].delay_tokens,
        ),
        Claim(
            f"sentences, {name}: time per token",
            ours.microseconds_per_token,
            "µs",
            bar=MAX_MICROSECONDS,
            competitor=fast,
            theirs=others[fast].microseconds_per_token,
        ),
    ]


def main() -> None:
    """Measure all splitters on both sets in one run."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--runs", type=int, default=7)
    options = options_parser.parse_args()
    try:
        for make in SPLITTERS.values():
            make("en")
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is missing: pip install -r requirements-bench.txt")
    results: dict[str, dict[str, Score]] = {}
    for name in ("hard", "prose"):
        texts = load_texts(name)
        scores = {label: measure(make, texts, options.runs) for label, make in SPLITTERS.items()}
        print_table(name, texts, scores)
        results[name] = scores
    details = {
        name: {label: score._asdict() for label, score in scores.items()}
        for name, scores in results.items()
    }
    save(options.json, claims(results), details)


if __name__ == "__main__":
    main()
