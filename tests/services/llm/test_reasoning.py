import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.reasoning import ReasoningFilter


def visible(*deltas: str, presumed: bool = False) -> str:
    hidden = ReasoningFilter(presumed=presumed)
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


@pytest.mark.parametrize(
    ("text", "shown", "did"),
    [
        ("secret</think>\n\nHello", "Hello", True),
        ("<think>secret</think>Hello", "Hello", True),
        ("a <b</think>x<think>b</think>y", "xy", True),
        ("</think>Hello", "Hello", True),
        ("No thoughts, 1 < 2", "No thoughts, 1 < 2", False),
        ("ends with </thi", "ends with </thi", False),
    ],
)
def test_presumed_thoughts_are_hidden_if_a_tag_ends_them(text: str, shown: str, did: bool) -> None:
    assert visible(text, presumed=True) == shown
    assert visible(*text, presumed=True) == shown
    hidden = ReasoningFilter(presumed=True)
    hidden.push(text)
    hidden.flush()
    assert hidden.begins_within is did


def test_presumed_thoughts_that_are_cut_off_stay_hidden() -> None:
    hidden = ReasoningFilter(presumed=True)
    assert hidden.push("secret") == ""
    assert hidden.flush(cut=True) == ""
    assert hidden.begins_within


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("secret</think>Hello", True),
        ("secret</THINKING>Hello", True),
        ("<think>secret</think>Hello", False),
        ("<think>secret</think>Hello</think>", False),
        ("Hello", False),
    ],
)
def test_thoughts_that_no_tag_opened_are_told(text: str, told: bool) -> None:
    for deltas in ([text], list(text)):
        hidden = ReasoningFilter()
        for delta in deltas:
            hidden.push(delta)
        assert hidden.begins_within is told


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "thi", "nk>", " ", "a", "b>"])),
    st.booleans(),
)
def test_how_the_text_is_cut_changes_nothing(deltas: list[str], presumed: bool) -> None:
    assert visible(*deltas, presumed=presumed) == visible("".join(deltas), presumed=presumed)


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
