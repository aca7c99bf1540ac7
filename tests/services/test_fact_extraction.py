import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.types import Place
from services.fact_extraction import INSTRUCTION, MAX_NOTES, Note, question, read_notes
from services.facts import LONGEST_FACT, LONGEST_SUBJECT, Fact

MESSAGE = "I'm called Ana, I love rowing and I'm 34"
NAME = {"subject": "name", "fact": "Is called Ana."}
ROWING = {"subject": "sport", "fact": "Loves rowing."}
BOTH = [Note("name", "Is called Ana."), Note("sport", "Loves rowing.")]


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps([NAME, ROWING]),
        f"Here you are:\n```json\n{json.dumps([NAME, ROWING], indent=1)}\n```\nAnything else?",
        f"{json.dumps(NAME)}\n{json.dumps(ROWING)}",
        f"{json.dumps(NAME)},\n{json.dumps(ROWING)},",
        json.dumps([NAME, "x", None, 3, {}, {"subject": "x"}, {"fact": "Rows."}, ROWING]),
        json.dumps([NAME | {"more": 1}, {"subject": " SPORT\n", "fact": "Loves \n rowing."}]),
    ],
    ids=["list", "fenced", "lines", "lines with commas", "with rubbish", "untidy"],
)
def test_a_list_of_facts_is_found_in_an_answer(answer: str) -> None:
    assert read_notes(answer, message=MESSAGE) == BOTH


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "nothing", "{}", "[", "]", "[[]]", '{"a": 1}', "null", "[" * 7000, '"[x]"', "[1"],
)
def test_any_other_answer_holds_nothing(answer: str) -> None:
    assert read_notes(answer, message=MESSAGE) == []


@given(st.text(), st.text())
def test_no_answer_is_an_obstacle(answer: str, message: str) -> None:
    for note in read_notes(answer, message=message):
        assert len(note.text) <= LONGEST_FACT


facts = st.fixed_dictionaries({"subject": st.text(max_size=60), "fact": st.text(max_size=300)})


@given(st.lists(facts, max_size=20), st.text())
def test_notes_are_few_short_and_printable(given: list[dict[str, str]], message: str) -> None:
    notes = read_notes(json.dumps(given), message=message)
    assert len(notes) <= MAX_NOTES
    for note in notes:
        assert 0 < len(note.subject) <= LONGEST_SUBJECT
        assert "\n" not in note.text
        note.text.encode()


def kept(*texts: str, message: str = MESSAGE) -> list[str]:
    answer = json.dumps([{"subject": f"s{n}", "fact": text} for n, text in enumerate(texts)])
    return [note.text for note in read_notes(answer, message=message)]


def test_what_the_message_does_not_say_is_not_believed() -> None:
    assert kept("Plays the bassoon.", "Is 34.", "Is 43.", "Lives in Porto.") == ["Is 34."]
    assert kept("ボートが好きです。", message="私はボートを漕ぎます") == ["ボートが好きです。"]
    assert kept("Is the best.", message="I was in the garden") == []


def test_secrets_and_other_people_are_left_out() -> None:
    message = "I love rowing with @Bob, my sister rows; my password is rowing1, call 0151 23456789"
    bad = ["Rows with @Bob.", "Has a sister who rows.", "Password is rowing1."]
    assert kept(*bad, "Call 0151 23456789.", message=message) == []
    assert kept("Loves rowing.", message=message) == ["Loves rowing."]


def test_what_is_too_long_is_left_out() -> None:
    assert kept("rowing " * 40) == []
    assert read_notes(json.dumps([NAME | {"subject": "x" * 41}]), message=MESSAGE) == []


def test_of_two_notes_on_a_subject_the_last_one_counts() -> None:
    answer = json.dumps([ROWING | {"subject": "name"}, NAME])
    assert read_notes(answer, message=MESSAGE) == BOTH[:1]


def test_a_fact_may_be_declared_void() -> None:
    answer = json.dumps([{"subject": "sport", "fact": ""}])
    assert read_notes(answer, message="I don't row any more") == [Note("sport", "")]


def test_the_model_sees_the_message_and_what_is_known() -> None:
    known = [Fact("name", "Is called Ana.", Place(1, None), 1, 0.0, (1,))]
    assert question("I row.", known) == ("Known facts:\n- name: Is called Ana.\n\nMessage:\nI row.")
    assert "- none\n" in question("I row.", [])
    assert len(INSTRUCTION) < 1600
