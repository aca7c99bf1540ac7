import contextlib
import logging
import os
from collections import OrderedDict
from io import FileIO
from pathlib import Path

from services.core.files import make_private_directory, open_private, sync_directory
from services.history.lines import BLOCK_BYTES

log = logging.getLogger(__name__)

MAX_OPEN_FILES = 32


class AppendOnlyFiles:
    """Append to the files of one directory, at most MAX_OPEN_FILES of them open; one thread's own.

    Files are readable by their owner alone. A last line that a crash left unfinished is dropped
    when its file is next opened. A file that was moved or removed meanwhile is begun afresh.
    Raises OSError.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: OrderedDict[str, tuple[FileIO, tuple[int, int]]] = OrderedDict()
        self._unsynced: set[str] = set()
        self._directory_unsynced = False

    def append(self, name: str, data: bytes) -> None:
        """Write data with one call; a write that fails half-way leaves nothing behind."""
        file, size = self._current(name)
        self._unsynced.add(name)
        view = memoryview(data)
        try:
            while view:
                view = view[file.write(view) :]
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(size)
            raise

    def set_aside(self, name: str) -> Path:
        """Rename a file to a name of its own that ends in .corrupt and return that."""
        self.close(name)
        source = self._directory / name
        target = source.with_name(f"{name}.corrupt")
        count = 1
        while target.exists():
            count += 1
            target = source.with_name(f"{name}.{count}.corrupt")
        source.rename(target)
        sync_directory(self._directory)
        return target

    def sync(self) -> None:
        """Bring what was written to the disk itself."""
        for name in list(self._unsynced):
            self._sync_file(name)
        if self._directory_unsynced:
            self._directory_unsynced = False
            sync_directory(self._directory)

    def close(self, name: str) -> None:
        """Bring one file to the disk and close it."""
        if name not in self._open:
            return
        self._sync_file(name)
        self._open.pop(name)[0].close()

    def close_all(self) -> None:
        """Bring all to the disk and close all."""
        for name in list(self._open):
            self.close(name)
        self.sync()

    def _sync_file(self, name: str) -> None:
        if name not in self._unsynced:
            return
        self._unsynced.discard(name)
        try:
            os.fsync(self._open[name][0].fileno())
        except OSError as error:  # trying again would report success for what is lost
            log.error("%s could not be brought to the disk: %s", name, error)

    def _current(self, name: str) -> tuple[FileIO, int]:
        """Return the file, opened where it isn't, and its size."""
        if name in self._open:
            file, identity = self._open[name]
            with contextlib.suppress(FileNotFoundError):
                status = (self._directory / name).stat()
                if (status.st_dev, status.st_ino) == identity:
                    self._open.move_to_end(name)
                    return file, status.st_size
            self.close(name)
        if len(self._open) >= MAX_OPEN_FILES:
            self.close(next(iter(self._open)))
        return self._open_file(name)

    def _open_file(self, name: str) -> tuple[FileIO, int]:
        make_private_directory(self._directory)
        file = FileIO(self._directory / name, "a+", opener=open_private)
        status = os.fstat(file.fileno())
        size = _drop_unfinished_line(file, status.st_size, name)
        self._directory_unsynced |= status.st_size == 0
        self._open[name] = (file, (status.st_dev, status.st_ino))
        return file, size


def _drop_unfinished_line(file: FileIO, size: int, name: str) -> int:
    """Cut a file after its last line break and return its size."""
    end = size
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        file.seek(start)
        found = (file.read(end - start) or b"").rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end < size:
        log.warning("%s: dropped an unfinished last line of %d bytes", name, size - end)
        file.truncate(end)
    return end
