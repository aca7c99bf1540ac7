import re

TOKEN = re.compile(r" ?[^\W_]{1,10}| ?[^\w\s]{1,3}|\s|_")


def tokenise(text: str) -> list[str]:
    """Cut a text into word-sized pieces, each with the space before it; nothing is lost."""
    return TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """Return how many pieces `tokenise` makes of a text."""
    return sum(1 for _ in TOKEN.finditer(text))
