import pytest

from services.chatter import NO_TEXT, NOT_SPOKEN, STOPPED, TOO_LONG, answer_in
from services.core.errors import BusyError, ProviderRateLimitError


@pytest.mark.parametrize(
    "shown",
    [
        NO_TEXT,
        STOPPED,
        BusyError.user_message,
        f"{ProviderRateLimitError.user_message}\n-# answered by spare",
        "-# only small print",
    ],
)
def test_small_talk_and_refusals_answer_nothing(shown: str) -> None:
    assert answer_in(shown) == ""


@pytest.mark.parametrize(
    "shown",
    [
        "Tea.",
        f"Tea. {STOPPED}",
        f"Tea.\n\n{TOO_LONG}\n{NOT_SPOKEN}",
        "Tea.\n-# answered by spare\n-# I read only the beginning of a.txt.",
    ],
)
def test_an_answer_is_told_without_its_notes(shown: str) -> None:
    assert answer_in(shown) == "Tea."
