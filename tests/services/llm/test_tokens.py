import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.tokens import HEADROOM, HIGHEST, LOWEST, TokenCounter

ENGLISH = (
    "The old lighthouse keeper climbed the narrow stairs every evening, lit the great lamp, and "
    "watched the fishing boats come home before the storm."
)


# True counts: Qwen's and Mistral's tokenizers (as shipped in dashscope and mistral-common).
@pytest.mark.parametrize(
    ("text", "qwen", "mistral"),
    [
        (ENGLISH, 28, 28),
        ("Hey, what's the weather like in Berlin tomorrow?", 11, 11),
        ("Die Geschwindigkeitsbegrenzung wurde überraschend geändert.", 19, 13),
        ("Пожалуйста, объясни мне, почему вчера сервер не отвечал.", 21, 19),
        ("昨日の夜、どうしてシステムが止まってしまったのか説明してもらえますか?", 20, 21),
        ("def f(x: int) -> list[int]:\n    return [x] * 2\n", 19, 19),
        ("https://www.example.com/watch?v=dQw4w9WgXcQ&list=PLx0s", 25, 25),
    ],
)
def test_an_uncalibrated_count_is_an_upper_bound(text: str, qwen: int, mistral: int) -> None:
    assert TokenCounter().count(text) >= max(qwen, mistral)


def test_nothing_costs_nothing() -> None:
    assert TokenCounter().count("") == 0


@given(st.text(), st.text())
def test_a_count_grows_with_the_text(first: str, second: str) -> None:
    counter = TokenCounter()
    assert counter.count(first + second) >= max(1, counter.count(first)) - 1
    assert counter.count(first) <= math.ceil(4.2 * len(first))


@pytest.mark.parametrize("rate", [0.6, 0.9, 1.0, 1.4, 2.5])
def test_calibration_finds_a_servers_rate(rate: float) -> None:
    counter = TokenCounter()
    plain = counter.count(ENGLISH * 20) / counter.factor
    for _ in range(30):
        counter.calibrate(
            estimated=counter.count(ENGLISH * 20), actual=round(plain * rate), factor=counter.factor
        )
    assert counter.factor / HEADROOM == pytest.approx(rate, rel=0.02)


def test_one_odd_answer_changes_little_and_never_beyond_bounds() -> None:
    counter = TokenCounter()
    counter.calibrate(estimated=140, actual=100, factor=counter.factor)
    before = counter.factor
    counter.calibrate(estimated=100, actual=1, factor=counter.factor)
    assert before * 0.9 < counter.factor < before
    for _ in range(100):
        counter.calibrate(estimated=100, actual=1_000_000, factor=counter.factor)
    assert counter.factor == pytest.approx(HIGHEST * HEADROOM)
    for _ in range(1000):
        counter.calibrate(estimated=1000, actual=1, factor=counter.factor)
    assert counter.factor == pytest.approx(LOWEST * HEADROOM)


def test_more_tokens_than_thought_are_learnt_faster_than_fewer() -> None:
    more, fewer = TokenCounter(), TokenCounter()
    for counter in (more, fewer):
        counter.calibrate(estimated=140, actual=100, factor=counter.factor)
    start = more.factor
    more.calibrate(estimated=round(100 * start), actual=120, factor=more.factor)
    fewer.calibrate(estimated=round(100 * start), actual=80, factor=fewer.factor)
    assert more.factor - start > 2 * (start - fewer.factor)


@pytest.mark.parametrize(("estimated", "actual"), [(0, 5), (3, 9), (100, 0), (100, -1)])
def test_samples_that_say_nothing_are_passed_over(estimated: int, actual: int) -> None:
    counter = TokenCounter()
    before = counter.factor
    counter.calibrate(estimated=estimated, actual=actual, factor=counter.factor)
    assert counter.factor == before
