"""What MemoryManager does on the disk; every function blocks and belongs into a thread."""

import gzip
import itertools
import logging
import math
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from services.core.files import PARTIAL, make_private_directory, open_private, sync_directory

log = logging.getLogger(__name__)

ARCHIVE = "archive"
LEARNED = ("summaries", "profiles")
"""Folders with what was made of conversations, one file for each or for each person."""
HISTORY_SUFFIX = ".jsonl"
CORRUPT_SUFFIX = ".corrupt"
COMPRESSION = 3
"""gzip level; see benchmarks/history.py for its speed."""

_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Hold how many files a folder has and their size."""

    files: int
    bytes: int


def measure(directory: Path) -> DiskUse:
    """Return the regular files of a folder and its folders, dotfiles apart."""
    sizes = [size for size, _ in map(_size_and_time, _files(directory)) if size >= 0]
    return DiskUse(len(sizes), sum(sizes))


def delete_old(directory: Path, *, before: float) -> dict[str, int]:
    """Delete regular files last changed before a time, seconds since the epoch."""
    return _delete(_files(directory), before=before)


def delete_archived(directory: Path, *, before: float) -> dict[str, int]:
    """Delete what a history has last changed before a time: archives, summaries, facts, damage."""
    whole = (_files(directory / name) for name in (ARCHIVE, *LEARNED))
    damaged = (entry for entry in _files(directory) if entry.name.endswith(CORRUPT_SUFFIX))
    return _delete(itertools.chain(*whole, damaged), before=before)


def _delete(entries: Iterable["os.DirEntry[str]"], *, before: float) -> dict[str, int]:
    deleted = freed = failed = 0
    for entry in entries:
        size, changed = _size_and_time(entry)
        if size < 0 or changed >= before:
            continue
        try:
            Path(entry.path).unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("Cannot delete an old file: %s", error)
            failed += 1
        else:
            deleted += 1
            freed += size
    return {"deleted_files": deleted, "freed_bytes": freed, "failed_files": failed}


def archive_old(directory: Path, *, before: float) -> dict[str, int]:
    """Pack the conversations of a folder that were last changed before a time into archive/."""
    archive = directory / ARCHIVE
    archived = freed = failed = 0
    left_over = list(_conversations(archive, before=math.inf))
    for source in itertools.chain(left_over, _conversations(directory, before=before)):
        try:
            size = source.stat().st_size
            place = source if source.parent == archive else _move(source, archive)
            freed += size - _pack(place)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("Cannot pack a conversation away: %s", error)
            failed += 1
        else:
            archived += 1
    return {"archived_files": archived, "freed_bytes": freed, "failed_files": failed}


def _conversations(directory: Path, *, before: float) -> Iterator[Path]:
    for entry in _entries(directory):
        _, changed = _size_and_time(entry)
        regular = entry.is_file(follow_symlinks=False)
        if regular and entry.name.endswith(HISTORY_SUFFIX) and changed < before:
            yield Path(entry.path)


def _move(source: Path, archive: Path) -> Path:
    """Move a conversation away, so that whoever writes on begins a new file; return its place."""
    make_private_directory(archive)
    day = datetime.fromtimestamp(source.stat().st_mtime, UTC).strftime("%Y%m%d")
    for number in itertools.count(1):
        place = archive / f"{source.stem}.{day}-{number}{HISTORY_SUFFIX}"
        if not place.exists() and not _packed(place).exists():
            break
    source.rename(place)
    return place


def _pack(place: Path) -> int:
    """Replace a moved conversation by a compressed one and return that one's bytes.

    At every moment its content is whole under one name or the other. A line written while it was
    being read has it read again.
    """
    partial = place.with_name(place.name + PARTIAL)
    try:
        while _compress(place, partial) < place.stat().st_size:
            log.debug("A conversation grew while it was packed")
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(_packed(place))
    sync_directory(place.parent)
    place.unlink()
    sync_directory(place.parent.parent)
    return _packed(place).stat().st_size


def _packed(place: Path) -> Path:
    return place.with_name(f"{place.name}.gz")


def _compress(source: Path, target: Path) -> int:
    """Write a compressed copy, on the disk itself on return; return the bytes read."""
    with source.open("rb") as plain, FileIO(target, "w", opener=open_private) as file:
        with gzip.GzipFile("", "wb", COMPRESSION, file) as packed:
            shutil.copyfileobj(plain, packed, _COPY_BYTES)
        os.fsync(file.fileno())
        return plain.tell()


def _files(directory: Path) -> Iterator["os.DirEntry[str]"]:
    """Walk the regular files of a folder and its folders; no links, no dotfiles."""
    folders: list[Path | str] = [directory]
    while folders:
        for entry in _entries(folders.pop()):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                yield entry


def _entries(directory: Path | str) -> Iterator["os.DirEntry[str]"]:
    """Return what stands in one folder, dotfiles apart; nothing if it is not there."""
    try:
        with os.scandir(directory) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("Cannot read a folder: %s", error)


def _size_and_time(entry: "os.DirEntry[str]") -> tuple[int, float]:
    """Return a file's bytes and last change; (-1, inf) for one that is gone."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return -1, math.inf
    return status.st_size, status.st_mtime
