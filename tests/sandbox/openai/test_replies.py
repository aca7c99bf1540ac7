from typing import Any

import pytest

from sandbox.openai.replies import ReplyScript


def script() -> ReplyScript:
    return ReplyScript(name="replies", ttft=0.3, tokens_per_second=60.0)


def test_replies_come_in_order_and_then_no_more() -> None:
    replies = script()
    replies.load({"replies": [{"text": "one two"}, {"deltas": ["a", "", "b"]}]})
    first, second, third = replies.next(), replies.next(), replies.next()
    assert first and first.deltas == ("one", " two")
    assert second and second.deltas == ("a", "", "b")
    assert third is None


@pytest.mark.parametrize("nothing", [[], {"replies": []}])
def test_an_empty_list_clears(nothing: Any) -> None:
    replies = script()
    replies.load([{"text": "one"}])
    replies.load(nothing)
    assert replies.next() is None


def test_the_schedule_is_absolute_and_a_stall_shifts_the_rest() -> None:
    replies = script()
    replies.load(
        [
            {
                "deltas": ["a"] * 4,
                "ttft": 1,
                "tokens_per_second": 2,
                "stall": {"after": 2, "seconds": 5},
            }
        ]
    )
    reply = replies.next()
    assert reply
    assert [reply.due(index) for index in range(5)] == [1.0, 1.5, 7.0, 7.5, 7.5]


def test_a_pace_of_zero_is_at_once() -> None:
    replies = script()
    replies.load([{"text": "a b c", "ttft": 0, "tokens_per_second": 0}])
    reply = replies.next()
    assert reply
    assert [reply.due(index) for index in range(3)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"replies": "x"},
        [1],
        [{}],
        [{"text": 1}],
        [{"deltas": [1]}],
        [{"text": "a", "ttft": -1}],
        [{"text": "a", "ttft": float("nan")}],
        [{"text": "a", "tokens_per_second": True}],
        [{"text": "a", "cut": -1}],
        [{"text": "a", "stall": {"after": "x"}}],
        [{"error": {"status": 302}}],
        [{"error": 500}],
        [{"text": "a", "tfft": 1}],
        [{"text": "a"}] * 1001,
    ],
)
def test_a_bad_script_gets_one_sentence_and_changes_nothing(body: Any) -> None:
    replies = script()
    with pytest.raises(ValueError, match=r"\w.*\.$"):
        replies.load(body)
    assert replies.next() is None
