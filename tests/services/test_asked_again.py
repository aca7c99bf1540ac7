import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.asked_again import find_kept, latest_answers
from services.core.types import HistoryEntry, Role


def entry(role: Role, text: str, *ids: int, at: float = 0.0) -> HistoryEntry:
    return HistoryEntry(role, text, at, 7, "ana" if role == "user" else "", ids)


def pair(question: int, answer: str) -> list[HistoryEntry]:
    return [entry("user", f"q{question}", question), entry("assistant", answer, 100 + question)]


def texts(entries: list[HistoryEntry]) -> list[str]:
    return [each.text for each in entries]


def test_of_a_question_answered_twice_the_last_answer_counts() -> None:
    history = [*pair(1, "blue"), *pair(2, "red"), *pair(1, "green")]
    assert texts(latest_answers(history, asked=9)) == ["q2", "red", "q1", "green"]


def test_earlier_answers_to_what_is_asked_now_are_left_out() -> None:
    assert texts(latest_answers([*pair(1, "blue"), *pair(2, "red")], asked=1)) == ["q2", "red"]


@pytest.mark.parametrize(
    "question", [[entry("user", "q", 3, 4)], [entry("user", "q", 3), entry("user", "r", 4)]]
)
def test_a_turn_of_several_messages_is_known_by_its_last(question: list[HistoryEntry]) -> None:
    history = [*question, entry("assistant", "a", 5)]
    assert latest_answers(history, asked=3) == history
    assert latest_answers(history, asked=4) == []


def test_a_question_of_several_messages_is_found_whole_by_any() -> None:
    parts = [entry("user", "q", 3, at=1.0), entry("user", "r", 4, at=1.0)]
    history = [entry("user", "p", 2), *parts, entry("assistant", "a", 5, 6), *pair(7, "b")]
    for message_id in (3, 4):
        found = find_kept(history, message_id)
        assert found is not None
        assert (found.text, found.message_ids) == ("q\nr", (3, 4))
    assert find_kept(history, 6) == history[3]
    assert find_kept(history, 8) is None


def test_entries_without_messages_or_answers_are_kept() -> None:
    history = [
        entry("user", "old"),
        entry("user", "q1", 1, at=1.0),
        *pair(2, "red"),
        *pair(1, "new"),
    ]
    assert texts(latest_answers(history, asked=9)) == ["old", "q2", "red", "q1", "new"]


@given(st.lists(st.integers(1, 5)), st.integers(1, 6))
def test_every_other_question_is_kept_once_with_its_last_answer(order: list[int], now: int) -> None:
    history = [each for at, q in enumerate(order) for each in pair(q, f"answer {at}")]
    kept = latest_answers(history, asked=now)
    questions = [each.message_ids[0] for each in kept if each.role == "user"]
    assert sorted(questions) == sorted(set(order) - {now})
    assert len(kept) == 2 * len(questions)
