import os
from pathlib import Path

from services.history.layout import ARCHIVE, CORRUPT, holds_lines, left_overs, stem_of
from services.history.record import SUFFIX


class PartFinder:
    """Find the files of one conversation with two looks at the disk, however many there are.

    Damaged files and archives are listed once, archives again when their folder has changed. What
    a crash left unfinished is removed then. One thread's own. Raises OSError.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._damaged: dict[str, list[Path]] | None = None
        self._archived: dict[str, list[Path]] = {}
        self._archive_changed = 0

    def parts(self, stem: str) -> list[Path]:
        """Return the files of the conversation whose files' names begin with `stem`."""
        if self._damaged is None:
            for path in left_overs(self._directory):
                path.unlink(missing_ok=True)
            self._damaged = _by_stem(self._directory, CORRUPT)
        self._list_archives()
        newest = self._directory / f"{stem}{SUFFIX}"
        found = [newest] if newest.is_file() else []
        return [*found, *self._damaged.get(stem, ()), *self._archived.get(stem, ())]

    def add_damaged(self, path: Path) -> None:
        """Take note of a file that was set aside."""
        if self._damaged is not None:
            self._damaged.setdefault(stem_of(path.name), []).append(path)

    def _list_archives(self) -> None:
        archive = self._directory / ARCHIVE
        changed = archive.stat().st_mtime_ns if archive.is_dir() else 0
        if changed != self._archive_changed:
            self._archived = _by_stem(archive, "")
            self._archive_changed = changed


def _by_stem(folder: Path, ending: str) -> dict[str, list[Path]]:
    """Return the files of a folder that hold lines, by the beginnings of their names."""
    found: dict[str, list[Path]] = {}
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for name in sorted(each.name for each in entries if each.name.endswith(ending)):
                if holds_lines(name):
                    found.setdefault(stem_of(name), []).append(folder / name)
    return found
