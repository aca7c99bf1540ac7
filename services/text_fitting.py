from collections.abc import Callable


def fit(text: str, room: int, count: Callable[[str], int], *, keep_end: bool = False) -> str:
    """Return as much of a text as fits into `room` by `count`, cut at a word where one is near."""
    if count(text) <= room:
        return text
    shortest, longest = 0, len(text)
    while shortest < longest:
        length = (shortest + longest + 1) // 2
        if count(_part(text, length, keep_end=keep_end)) <= room:
            shortest = length
        else:
            longest = length - 1
    return _part(text, shortest, keep_end=keep_end)


def shortened(text: str, length: int) -> str:
    """Return a text on one line, cut to `length` characters with an ellipsis in their place."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{_part(line, length, keep_end=False)}…"


def _part(text: str, length: int, *, keep_end: bool) -> str:
    """Return a text's first or last characters without a word cut in two, where possible."""
    if length == 0:
        return ""
    if keep_end:
        _, blank, whole = text[-length - 1 :].partition(" ")
        return whole.strip() if blank and 2 * len(whole) >= length else text[-length:].strip()
    whole, blank, _ = text[: length + 1].rpartition(" ")
    return whole.strip() if blank and 2 * len(whole) >= length else text[:length].strip()
