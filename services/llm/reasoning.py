import re

OPENINGS = ("<think>", "<thinking>")
CLOSINGS = ("</think>", "</thinking>")


class ReasoningFilter:
    """Hide what a model thinks between <think> and </think> from a streamed answer.

    The tags may be split over any number of deltas. Thinking that never ends hides the rest.
    White space between leading thoughts and the answer goes with them.
    """

    def __init__(self) -> None:
        self._thinking = False
        self._held = ""
        self._answered = False
        self._hid = False

    def push(self, text: str) -> str:
        """Return what of the answer is now certain to be meant for the reader."""
        if not self._thinking and not self._held and "<" not in text:
            return self._show(text)
        text = self._held + text
        self._held = ""
        shown: list[str] = []
        while text:
            tags = _CLOSING if self._thinking else _OPENING
            tag = tags.search(text)
            end = tag.start() if tag else _certain(text, closing=self._thinking)
            if not self._thinking:
                shown.append(self._show(text[:end]))
            if tag is None:
                self._held = text[end:]
                break
            self._thinking = not self._thinking
            self._hid = True
            text = text[tag.end() :]
        return "".join(shown)

    def flush(self) -> str:
        """Return what was held back in case it became a tag."""
        held, self._held = self._held, ""
        return "" if self._thinking else self._show(held)

    def _show(self, text: str) -> str:
        if self._answered:
            return text
        if self._hid:
            text = text.lstrip()
        self._answered = not (text == "" or text.isspace())
        return text


_OPENING = re.compile("|".join(OPENINGS), re.IGNORECASE)
_CLOSING = re.compile("|".join(CLOSINGS), re.IGNORECASE)
_LONGEST = max(map(len, CLOSINGS))


def _certain(text: str, *, closing: bool) -> int:
    """Return where a tag that the next delta may complete begins, else the text's length."""
    start = text.rfind("<", -_LONGEST)
    beginning = text[start:].lower()
    tags = CLOSINGS if closing else OPENINGS
    maybe = start >= 0 and any(tag.startswith(beginning) for tag in tags)
    return start if maybe else len(text)
