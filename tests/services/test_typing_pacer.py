import pytest

from services.typing_pacer import TypingPacer


@pytest.mark.parametrize(
    ("characters", "elapsed", "expected"),
    [(10, 0.0, 0.5), (200, 0.0, 1.0), (4000, 0.0, 2.0), (200, 0.4, 0.6), (200, 3.0, 0.0)],
)
def test_the_delay_is_a_floor_that_the_time_spent_counts_against(
    characters: int, elapsed: float, expected: float
) -> None:
    pacer = TypingPacer(minimum=0.5, maximum=2.0)
    assert pacer.remaining(characters=characters, elapsed=elapsed) == pytest.approx(expected)


def test_the_bounds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="shortest"):
        TypingPacer(minimum=2.0, maximum=1.0)
