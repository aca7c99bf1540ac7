"""Where the parts of conversations lie: newest lines, damaged files kept aside, archives."""

from collections.abc import Iterator
from pathlib import Path

from services.history.lines import PACKED, PARTIAL
from services.history.record import SUFFIX, file_name

ARCHIVE = "archive"
"""The folder into which MemoryManager packs old conversations, as `<name>.<day>-<n>.jsonl.gz`."""

CORRUPT = ".corrupt"


def parts(directory: Path, conversation: str | None = None) -> Iterator[Path]:
    """Yield the files of a conversation, or of all, newest lines first. Raises OSError."""
    stem = None if conversation is None else file_name(conversation).removesuffix(SUFFIX)
    for folder in (directory, directory / ARCHIVE):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            mine = stem is None or path.name.partition(".")[0] == stem
            if mine and path.is_file() and _holds_lines(path.name):
                yield path


def left_overs(directory: Path) -> list[Path]:
    """Return the unfinished files that a crash left behind. Raises OSError."""
    folders = [folder for folder in (directory, directory / ARCHIVE) if folder.is_dir()]
    return [path for folder in folders for path in folder.glob(f"*{SUFFIX}*{PARTIAL}")]


def _holds_lines(name: str) -> bool:
    return name.endswith((SUFFIX, SUFFIX + PACKED)) or (SUFFIX in name and name.endswith(CORRUPT))
