from typing import TextIO

WIDTH = 60
"""Characters of a text that fit on a line beside time and name."""

NAME_WIDTH = 12


class Transcript:
    """Print what happens as aligned lines: seconds, who, what."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def heading(self, text: str) -> None:
        """Open a chapter."""
        self._print(f"\n{text}")

    def line(self, who: str, what: str, *, at: float | None = None) -> None:
        """Print one event; `at` is seconds since the request it belongs to."""
        time = " " * 9 if at is None else f"{at:7.2f} s"
        self._print(f"{time}  {who:<{NAME_WIDTH}}  {what}".rstrip())

    def beginning(self, who: str, text: str, *, at: float) -> None:
        """Print a text's beginning on one line."""
        flat = " ".join(text.split())
        cut = flat[: WIDTH - 2].rpartition(" ")[0] or flat[: WIDTH - 2]
        self.line(who, flat if len(flat) <= WIDTH else f"{cut} …", at=at)

    def growth(self, who: str, text: str, *, at: float) -> None:
        """Print a text's end on one line, as it has grown so far."""
        flat = " ".join(text.split())
        cut = flat[2 - WIDTH :].partition(" ")[2] or flat[2 - WIDTH :]
        self.line(who, flat if len(flat) <= WIDTH else f"… {cut}", at=at)

    def _print(self, line: str) -> None:
        print(line, file=self._output, flush=True)
