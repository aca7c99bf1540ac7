import pytest

from cogs.admin import cache_in_words


def stats(entries: int, megabytes: float, hits: int, misses: int) -> dict[str, float]:
    return {
        "cache_entries": entries,
        "cache_mb": megabytes,
        "cache_hits": hits,
        "cache_misses": misses,
    }


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (stats(0, 0, 0, 0), ""),
        (stats(0, 0, 0, 2), "Phrase cache: 0 phrases · 0.0 MB · 0% of 2 found"),
        (stats(12, 0.34, 3, 1), "Phrase cache: 12 phrases · 0.3 MB · 75% of 4 found"),
    ],
)
def test_the_cache_is_told_in_a_line_once_it_was_asked(told: dict[str, float], words: str) -> None:
    assert cache_in_words(told) == words
