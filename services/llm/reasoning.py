import re


class ReasoningFilter:
    """Hide what a model thinks between <think> and </think> from a streamed answer.

    The tags may be split over any number of deltas. Thinking that never ends hides the rest.
    White space between leading thoughts and the answer goes with them. With `presumed` the text
    is taken to begin within thoughts, as where the model's template has opened them already;
    `begins_within` tells whether it did.
    """

    def __init__(self, *, presumed: bool = False) -> None:
        self.begins_within = presumed
        self._thinking = presumed
        self._presumed: list[str] | None = [] if presumed else None
        self._held = ""
        self._answered = False
        self._hid = False

    def push(self, text: str) -> str:
        """Return what of the answer is now certain to be meant for the reader."""
        if not self._thinking and not self._held and "<" not in text:
            return self._show(text)
        text = self._held + text
        shown: list[str] = []
        while tag := _TAG.search(text):
            ends = bool(tag[1])
            if ends is self._thinking:
                shown.append(self._pass(text[: tag.start()]))
                self._thinking, self._presumed, self._hid = not ends, None, True
            else:
                self.begins_within |= ends and not self._hid
                shown.append(self._pass(text[: tag.end()]))
            text = text[tag.end() :]
        certain = _certain(text)
        self._held = text[certain:]
        return "".join([*shown, self._pass(text[:certain])])

    def flush(self, *, cut: bool = False) -> str:
        """Return what was held back: the start of a tag, or thoughts that turn out to be none.

        Presumed thoughts that no tag ended are the answer, unless they were `cut` off.
        """
        held, self._held = self._held, ""
        if self._presumed is None or cut:
            return self._pass(held)
        answer, self._presumed = "".join([*self._presumed, held]), None
        self._thinking = self.begins_within = False
        return self._show(answer)

    def _pass(self, text: str) -> str:
        if not self._thinking:
            return self._show(text)
        if self._presumed is not None:
            self._presumed.append(text)
        return ""

    def _show(self, text: str) -> str:
        if self._answered:
            return text
        if self._hid:
            text = text.lstrip()
        self._answered = not (text == "" or text.isspace())
        return text


_TAG = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_TAGS = ("<think>", "<thinking>", "</think>", "</thinking>")
_LONGEST = max(map(len, _TAGS))


def _certain(text: str) -> int:
    """Return where a tag that the next delta may complete begins, else the text's length."""
    start = text.rfind("<", -_LONGEST)
    beginning = text[start:].lower()
    return start if start >= 0 and any(tag.startswith(beginning) for tag in _TAGS) else len(text)
