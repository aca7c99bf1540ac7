"""Run every benchmark, or those named, and sum up their claims.

    python -m benchmarks [NAME …]

Each runs in a process of its own, one after the other, and leaves its figures in results/NAME.json.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.claims import Claim, load, summary

HERE = Path(__file__).parent
RESULTS = HERE / "results"
NAMES = (
    "latency",
    "startup",
    "memory",
    "edit_pacing",
    "clock",
    "kokoro",
    "speech_cache",
    "recovery",
    "splitter",
    "llm_client",
    "history",
    "context",
)


def run(name: str) -> list[Claim] | None:
    """Run one benchmark; None when it failed."""
    print(f"\n── {name} ──", flush=True)
    path = RESULTS / f"{name}.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(path)]
    if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
        return None
    return load(path)


def main() -> int:
    """Run, print, and fail if one could not be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"there is no benchmark {min(unknown)!r}; there are: {', '.join(NAMES)}")
    RESULTS.mkdir(exist_ok=True)
    began = time.monotonic()
    results = {name: run(name) for name in names}
    done = {name: claims for name, claims in results.items() if claims is not None}
    print(f"\n── all, {time.monotonic() - began:.0f} s ──\n{summary(done)}")
    failed = sorted(results.keys() - done.keys())
    if failed:
        print(f"\ncould not be run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
