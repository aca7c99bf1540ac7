import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Claim:
    """Hold one figure, what it shall be at most (or at least), and what another does in its place.

    `ratio` is our figure divided by the competitor's, measured in the same run.
    """

    name: str
    figure: float
    unit: str
    bar: float | None = None
    at_least: bool = False
    competitor: str = ""
    theirs: float | None = None

    @property
    def met(self) -> bool | None:
        """Tell whether the figure meets its bar; None where there is no bar."""
        if self.bar is None:
            return None
        return self.figure >= self.bar if self.at_least else self.figure <= self.bar

    @property
    def ratio(self) -> float | None:
        """Return our figure over theirs."""
        return self.figure / self.theirs if self.theirs else None


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return the command line that every benchmark has."""
    made = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    return made


def save(path: Path | None, claims: Iterable[Claim], details: Any) -> None:
    """Write the claims and what is behind them as JSON, if a path is given."""
    if path is not None:
        result = {"claims": [asdict(claim) for claim in claims], "details": details}
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[Claim]:
    """Return the claims of a file that `save` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [Claim(**claim) for claim in content["claims"]]


def summary(claims: Mapping[str, list[Claim]]) -> str:
    """Return one table of all claims, by benchmark."""
    width = max((len(claim.name) for group in claims.values() for claim in group), default=0)
    lines = [f"{'claim':{width}}  {'figure':>12}  {'bar':>9}  {'':6}  {'ratio':>6}  competitor"]
    for group in claims.values():
        lines += [_line(claim, width) for claim in group]
    return "\n".join(lines)


def _line(claim: Claim, width: int) -> str:
    bar = "" if claim.bar is None else f"{'≥' if claim.at_least else '≤'} {claim.bar:g}"
    met = {None: "", True: "met", False: "MISSED"}[claim.met]
    ratio = "" if claim.ratio is None else f"{claim.ratio:.2f}"
    theirs = "" if claim.theirs is None else f"{claim.competitor}: {_digits(claim.theirs)}"
    figure = f"{_digits(claim.figure)} {claim.unit}"
    return f"{claim.name:{width}}  {figure:>12}  {bar:>9}  {met:6}  {ratio:>6}  {theirs}"


def _digits(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
