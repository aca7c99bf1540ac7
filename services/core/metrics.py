import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles

Clock = Callable[[], float]
"""A monotonic clock, seconds."""

STAGES = ("batched", "context", "ttft", "shown", "ttfs", "ttfa", "text_done", "audio_done")
"""The marks of a turn in the order they usually fall, all measured from its first message:
turn delivered, context ready, first token, first text posted, first sentence, first audio frame
sent, last edit arrived, last frame sent."""


@dataclass(slots=True)
class TurnMetrics:
    """Time one turn; `started` is when its first message arrived, on `clock`."""

    turn_id: str
    started: float
    clock: Clock = time.monotonic
    marks: dict[str, float] = field(default_factory=dict)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    given_up_tokens: int = 0
    interrupted: bool = False
    error: str = ""
    restarts: int = 0

    @property
    def tokens(self) -> int:
        """Return what the model was asked and wrote, answers given up included."""
        return self.given_up_tokens + self.prompt_tokens + self.completion_tokens

    def mark(self, stage: str) -> None:
        """Note the seconds since the turn began; the first mark of a stage counts."""
        self.marks.setdefault(stage, self.clock() - self.started)

    def restart(self) -> None:
        """Forget the answer so far: its turn has changed and is answered anew."""
        self.restarts += 1
        self.given_up_tokens = self.tokens
        self.marks = {stage: at for stage, at in self.marks.items() if stage == "batched"}
        self.prompt_tokens = self.completion_tokens = 0
        self.interrupted, self.error = False, ""

    def record(self) -> str:
        """Return the turn as one line of key=value, times in milliseconds."""
        parts = [
            f"{stage}={self.marks[stage] * 1000:.0f}" for stage in STAGES if stage in self.marks
        ]
        parts += [f"tokens={self.prompt_tokens}+{self.completion_tokens}"]
        parts += [f"interrupted={str(self.interrupted).lower()}"]
        parts += [f"restarts={self.restarts}"] if self.restarts else []
        parts += [f"error={self.error}"] if self.error else []
        return " ".join(parts)


class TurnStatistics:
    """Keep the last turns' stage times for /stats; the oldest turns fall out."""

    def __init__(self, *, keep: int = 1000) -> None:
        self.turns = 0
        self.errors = 0
        self._stages: dict[str, deque[float]] = {stage: deque(maxlen=keep) for stage in STAGES}

    def add(self, metrics: TurnMetrics) -> None:
        """Count a finished turn."""
        self.turns += 1
        self.errors += bool(metrics.error)
        for stage, seconds in metrics.marks.items():
            self._stages[stage].append(seconds)

    def percentiles(self) -> dict[str, tuple[float, float]]:
        """Return each seen stage's p50 and p95, seconds."""
        return {stage: _p50_p95(times) for stage, times in self._stages.items() if times}


def _p50_p95(times: deque[float]) -> tuple[float, float]:
    if len(times) == 1:
        return times[0], times[0]
    cuts = quantiles(times, n=20, method="inclusive")
    return cuts[9], cuts[18]
