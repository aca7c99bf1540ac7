"""Files of lines, plain or packed: read from their end, read whole, changed in place."""

import gzip
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from io import BufferedWriter, FileIO
from pathlib import Path

from services.core.files import PARTIAL, open_private, sync_directory

log = logging.getLogger(__name__)

LineChange = Callable[[bytes], bytes | None]
"""Returns a line (line break included) as it shall be, None to drop it."""

PACKED = ".gz"

BLOCK_BYTES = 8192

DAMAGED = b"(damaged)\n"
"""Stands for the rest of a packed file from where it is damaged: a line that nobody can read."""


def last_lines(path: Path, count: int) -> list[bytes]:
    """Return the newest complete lines of a file that another thread may append to."""
    try:
        file = FileIO(path)
    except FileNotFoundError:
        return []
    with file:
        start = file.seek(0, os.SEEK_END)
        blocks: list[bytes] = []
        breaks, size = 0, BLOCK_BYTES
        while start > 0 and breaks <= count:
            length = min(size, start)
            start = file.seek(start - length)
            blocks.append(file.read(length))
            breaks += blocks[-1].count(b"\n")
            size *= 2
    lines = b"".join(reversed(blocks)).split(b"\n")
    return lines[(1 if start else 0) : -1][-count:]


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a plain or packed file, none where it is gone. Raises OSError.

    A damaged one ends with DAMAGED.
    """
    try:
        with gzip.open(path) if path.suffix == PACKED else path.open("rb") as lines:
            yield from lines
    except FileNotFoundError:
        return
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        log.warning("%s is damaged: %s", path.name, error)
        yield DAMAGED


def rewrite_lines(path: Path, change: LineChange) -> int:
    """Replace a file by what `change` makes of its lines and return how many it changed.

    A packed file stays packed, and the time of the last change stays, so that the file grows old
    as before. A file of which nothing is left is removed. Whatever happens, the old or the new one
    is whole. Raises OSError.
    """
    if all(change(line) == line for line in read_lines(path)):
        return 0
    partial = path.with_name(path.name + PARTIAL)
    try:
        changed, left = _write_changed(path, partial, change)
        if left:
            status = path.stat()
            os.utime(partial, ns=(status.st_atime_ns, status.st_mtime_ns))
            partial.replace(path)
        else:
            path.unlink()
        sync_directory(path.parent)
    finally:
        partial.unlink(missing_ok=True)
    return changed


def _write_changed(path: Path, partial: Path, change: LineChange) -> tuple[int, int]:
    """Write the changed lines, on the disk itself on return; return how many changed and stay."""
    changed = left = 0
    with BufferedWriter(FileIO(partial, "w", opener=open_private)) as file:
        packed = path.suffix == PACKED
        with gzip.GzipFile("", "wb", fileobj=file) if packed else nullcontext(file) as target:
            for line in read_lines(path):
                new = change(line)
                changed += new != line
                if new is not None:
                    left += 1
                    target.write(new)
        file.flush()
        os.fsync(file.fileno())
    return changed, left
