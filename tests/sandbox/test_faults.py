from typing import Any

import pytest

from sandbox.faults import Fault, Faults


def test_a_fault_is_committed_as_often_as_ordered() -> None:
    faults = Faults()
    faults.add({"target": "llm", "kind": "hang", "count": 2, "seconds": 1.5})
    assert faults.take("llm", "error") is None
    assert faults.take("llm", "hang") == Fault("llm", "hang", 1.5)
    assert faults.take("llm", "hang")
    assert faults.take("llm", "hang") is None


@pytest.mark.parametrize("kind", ["4006", "close 4006", 4006])
def test_a_voice_close_is_named_by_its_code(kind: object) -> None:
    faults = Faults()
    faults.add({"target": "voice", "kind": kind})
    assert faults.take("voice", "4006") == Fault("voice", "4006", None)


def test_each_committed_fault_is_told_with_the_call_that_it_hits() -> None:
    told: list[tuple[Fault, str]] = []
    faults = Faults(on_commit=lambda fault, call: told.append((fault, call)))
    faults.add({"target": "rest", "kind": "500", "only": "PATCH"})
    faults.take("rest", "500", "POST /channels/1/messages")
    fault = faults.take("rest", "500", "PATCH /channels/1/messages/2")
    assert told == [(fault, "PATCH /channels/1/messages/2")]


def test_withdrawn_faults_do_not_happen() -> None:
    faults = Faults()
    faults.add({"target": "udp", "kind": "loss"})
    faults.clear()
    assert faults.take("udp", "loss") is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"target": "rest", "kind": "drop"},
        {"target": "rest", "kind": "500", "count": "two"},
        {"target": "rest", "kind": "500", "count": 10_000},
        {"target": "rest", "kind": "slow", "seconds": -1},
        {"target": "llm", "kind": "cut", "only": "POST"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Faults().add(body)
