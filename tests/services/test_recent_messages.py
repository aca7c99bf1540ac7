from services.chatter import NO_TEXT
from services.core.types import HistoryEntry, Role
from services.recent_messages import tellable

LONG = "what is the best tea for me"


def entry(text: str, role: Role = "user", author: int = 1) -> HistoryEntry:
    return HistoryEntry(role, text, 0.0, author, "Ann" if role == "user" else "")


def told(*entries: HistoryEntry) -> list[str]:
    return [each.text for each in tellable(entries)]


def test_what_says_nothing_to_a_model_is_left_out() -> None:
    entries = [
        entry("note", "system"),
        entry(" \n"),
        entry(NO_TEXT, "assistant"),
        entry("Green tea.\n-# answered by spare", "assistant"),
        entry(" as it was "),
    ]
    assert told(*entries) == ["Green tea.", " as it was "]


def test_a_message_that_was_written_again_is_told_once_with_its_newest_answer() -> None:
    entries = [
        entry(LONG),
        entry("Green.", "assistant"),
        entry("I see."),
        entry("So it is.", "assistant"),
        entry(LONG),
        entry("Black.", "assistant"),
    ]
    assert told(*entries) == ["I see.", "So it is.", LONG, "Black."]


def test_another_speakers_same_words_stay() -> None:
    assert told(entry(LONG), entry(LONG, author=2)) == [LONG, LONG]


def test_short_words_are_repeated_only_where_nothing_else_was_said_between() -> None:
    assert told(entry("yes"), entry("And coffee?", "assistant"), entry("yes")) == ["yes"]
    entries = [entry("yes"), entry("Milk?", "assistant"), entry("no"), entry("yes")]
    assert told(*entries) == ["yes", "Milk?", "no", "yes"]


def test_an_answer_given_twice_is_told_once() -> None:
    answer = entry("I have rules and no eyes to see more.", "assistant")
    entries = [entry("Look at this cat please"), answer, entry("And at that dog there"), answer]
    assert told(*entries) == [entries[0].text, entries[2].text, answer.text]
    assert len(told(entry("One."), entry("Ok", "assistant"), entry("Two."), entry("Ok"))) == 4
