"""Where the parts of conversations lie: newest lines, damaged files kept aside, archives."""

from collections.abc import Iterator
from pathlib import Path

from services.core.files import PARTIAL
from services.history.lines import PACKED
from services.history.record import SUFFIX

ARCHIVE = "archive"
"""The folder into which MemoryManager packs old conversations, as `<name>.<day>-<n>.jsonl.gz`."""

CORRUPT = ".corrupt"


def parts(directory: Path) -> Iterator[Path]:
    """Yield the files of all conversations, newest lines first. Raises OSError."""
    for folder in (directory, directory / ARCHIVE):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_file() and holds_lines(path.name):
                yield path


def stem_of(name: str) -> str:
    """Return what the names of all files of one conversation begin with."""
    return name.partition(".")[0]


def left_overs(directory: Path) -> list[Path]:
    """Return the unfinished files that a crash left behind. Raises OSError."""
    folders = [folder for folder in (directory, directory / ARCHIVE) if folder.is_dir()]
    return [path for folder in folders for path in folder.glob(f"*{SUFFIX}*{PARTIAL}")]


def holds_lines(name: str) -> bool:
    """Tell by a file's name whether it holds lines of a history."""
    return name.endswith((SUFFIX, SUFFIX + PACKED)) or (SUFFIX in name and name.endswith(CORRUPT))
