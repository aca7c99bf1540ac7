import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.openai import talker


def ask(text: str) -> str:
    return talker.answer([{"role": "user", "content": text}])


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("hello", "Hello!"),
        ("ana: hello bot", "Hello!"),
        ("<@123456> hi", "Hello!"),
        ("Ana Maria: <@123456> hi", "Hello!"),
        ("who are you?", "not a language model"),
        ("help", "echo"),
        ("count to 7", "1, 2, 3, 4, 5, 6, 7."),
        ("ana: count up to 3", "1, 2, 3."),
        ("write code", "```python\n"),
        ("show me a table", "| --- |"),
        ("give me a list", "\n1. "),
        ("any links?", "](https://"),
        ("emoji please", "🎉"),
        ("think", "<think>"),
        ("what is the weather", "what is the weather"),
        ("", "no words"),
    ],
)
def test_each_request_has_its_answer(asked: str, part: str) -> None:
    assert part in ask(asked)


def test_echo_gives_back_the_rest_of_the_message() -> None:
    assert ask("echo Good morning: all\nof you") == "Good morning: all\nof you"
    assert ask("ana: say hello") == "hello"
    assert ask("say: hello") == "hello"


def test_the_story_needs_several_messages() -> None:
    assert len(ask("tell me a story")) > 2500


def test_the_last_user_message_counts() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "tell me a story"},
        {"role": "assistant", "content": "…"},
        {"role": "user", "content": [{"type": "text", "text": "count to 2"}]},
        {"role": "system", "content": "hello"},
    ]
    assert talker.answer(messages) == "1, 2."


@given(st.text())
def test_any_words_get_the_same_answer_twice(text: str) -> None:
    assert ask(text) == ask(text) != ""


@given(st.text(alphabet="abc xyz", min_size=20, max_size=400))
def test_a_default_answer_is_a_few_sentences(text: str) -> None:
    assert len(re.findall(r"[.!?]", ask(text))) <= 4


def test_half_a_character_is_answered_too() -> None:
    assert "\ud83d" in ask("half a smile \ud83d")
