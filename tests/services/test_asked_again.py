from hypothesis import given
from hypothesis import strategies as st

from services.asked_again import latest_answers
from services.core.types import HistoryEntry, Role


def entry(role: Role, text: str, *ids: int) -> HistoryEntry:
    return HistoryEntry(role, text, 0.0, 7, "ana" if role == "user" else "", ids)


def pair(question: int, answer: str) -> list[HistoryEntry]:
    return [entry("user", f"q{question}", question), entry("assistant", answer, 100 + question)]


def texts(entries: list[HistoryEntry]) -> list[str]:
    return [each.text for each in entries]


def test_of_a_question_answered_twice_the_last_answer_counts() -> None:
    history = [*pair(1, "blue"), *pair(2, "red"), *pair(1, "green")]
    assert texts(latest_answers(history, asked=9)) == ["q2", "red", "q1", "green"]


def test_earlier_answers_to_what_is_asked_now_are_left_out() -> None:
    assert texts(latest_answers([*pair(1, "blue"), *pair(2, "red")], asked=1)) == ["q2", "red"]


def test_a_turn_of_several_messages_is_known_by_its_last() -> None:
    history = [entry("user", "q", 3, 4), entry("assistant", "a", 5)]
    assert latest_answers(history, asked=3) == history
    assert latest_answers(history, asked=4) == []


def test_entries_without_messages_or_answers_are_kept() -> None:
    history = [entry("user", "old"), entry("user", "q1", 1), *pair(2, "red"), *pair(1, "new")]
    assert texts(latest_answers(history, asked=9)) == ["old", "q2", "red", "q1", "new"]


@given(st.lists(st.integers(1, 5)), st.integers(1, 6))
def test_every_other_question_is_kept_once_with_its_last_answer(order: list[int], now: int) -> None:
    history = [each for at, q in enumerate(order) for each in pair(q, f"answer {at}")]
    kept = latest_answers(history, asked=now)
    questions = [each.message_ids[0] for each in kept if each.role == "user"]
    assert sorted(questions) == sorted(set(order) - {now})
    assert len(kept) == 2 * len(questions)
