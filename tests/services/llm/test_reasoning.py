import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.reasoning import ReasoningFilter


def visible(*deltas: str) -> str:
    hidden = ReasoningFilter()
    return "".join([hidden.push(delta) for delta in deltas]) + hidden.flush()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello", "Hello"),
        ("<think>secret</think>Hello", "Hello"),
        ("\n<think>secret</think>\n\n Hello", "\nHello"),
        ("<THINKING>a</THINKING>Hello", "Hello"),
        ("<think></think>Hello", "Hello"),
        ("Hello <think>secret</think>world", "Hello world"),
        ("Hello<think>secret</think> world", "Hello world"),
        ("<think>a</think>x<think>b</think>y", "xy"),
        ("<think>never ends, 1 < 2", ""),
        ("2 < 3 and <thin air>", "2 < 3 and <thin air>"),
        ("ends with <thi", "ends with <thi"),
        ("<think>a</thi", ""),
        ("x</think>y", "x</think>y"),
    ],
)
def test_thoughts_are_hidden_however_the_text_is_cut(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(*text) == shown


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "thi", "nk>", " ", "a", "b>"])))
def test_how_the_text_is_cut_changes_nothing(deltas: list[str]) -> None:
    assert visible(*deltas) == visible("".join(deltas))


def test_text_that_cannot_be_a_tag_is_shown_at_once() -> None:
    hidden = ReasoningFilter()
    assert hidden.push("1 <") == "1 "
    assert hidden.push(" 2") == "< 2"


def test_a_long_thought_is_not_kept() -> None:
    hidden = ReasoningFilter()
    hidden.push("<think>")
    for _ in range(100):
        assert hidden.push("<" * 1000) == ""
    assert hidden.push("</think>Hi") == "Hi"
