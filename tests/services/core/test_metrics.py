from services.core.metrics import TurnMetrics, TurnStatistics


class Ticking:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_marks_count_from_the_first_message_and_only_once() -> None:
    clock = Ticking()
    metrics = TurnMetrics("t", started=100.0, clock=clock)
    clock.now = 100.3
    metrics.mark("ttft")
    clock.now = 101.0
    metrics.mark("ttft")
    assert metrics.record() == "ttft=300 tokens=0+0 interrupted=false"


def test_the_record_keeps_the_order_of_the_stages_and_names_the_error() -> None:
    metrics = TurnMetrics("t", started=0.0, clock=lambda: 0.5, error="ProviderTimeoutError")
    metrics.mark("text_done")
    metrics.mark("batched")
    assert metrics.record().startswith("batched=500 text_done=500 ")
    assert metrics.record().endswith("error=ProviderTimeoutError")


def test_percentiles_come_from_the_turns_that_are_kept() -> None:
    statistics = TurnStatistics(keep=100)
    for hundredths in range(200):
        metrics = TurnMetrics("t", started=0.0)
        metrics.marks["ttft"] = hundredths / 100
        statistics.add(metrics)
    p50, p95 = statistics.percentiles()["ttft"]
    assert statistics.turns == 200
    assert 1.49 <= p50 <= 1.50
    assert 1.93 <= p95 <= 1.95


def test_one_turn_is_its_own_percentile() -> None:
    statistics = TurnStatistics()
    metrics = TurnMetrics("t", started=0.0, error="boom")
    metrics.marks["ttft"] = 0.2
    statistics.add(metrics)
    assert statistics.percentiles() == {"ttft": (0.2, 0.2)}
    assert statistics.errors == 1
