"""Durable and private files: what the standard library leaves to its callers."""

import contextlib
import os
from io import FileIO
from pathlib import Path

PARTIAL = ".part"
"""How the name of a file ends that is being written."""


def make_private_directory(directory: Path) -> None:
    """Create a directory that its owner alone may enter, or close an existing one to others."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & 0o077:
        with contextlib.suppress(PermissionError):  # a mounted volume may be somebody else's
            directory.chmod(0o700)


def open_private(path: str, flags: int) -> int:
    """Open a file that its owner alone may read, never through a link; for `opener=`."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def sync_directory(directory: Path) -> None:
    """Bring a directory's own entries to the disk, where the system has a way to."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_private(path: Path, data: bytes) -> None:
    """Write a private file so that at every moment the old or the new one is whole; blocks.

    Creates its directory, private too. Raises OSError.
    """
    make_private_directory(path.parent)
    partial = path.with_name(path.name + PARTIAL)
    try:
        with FileIO(partial, "w", opener=open_private) as file:
            file.write(data)
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def remove_unfinished(directory: Path) -> None:
    """Remove what a crash left half-written in a folder and its folders; blocks.

    For the start, before anything is written there. Raises OSError.
    """
    for path in list(directory.rglob(f"*{PARTIAL}")):
        path.unlink(missing_ok=True)
