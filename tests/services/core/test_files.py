import os
import stat
from io import FileIO
from pathlib import Path

import pytest

from services.core.files import (
    make_private_directory,
    open_private,
    replace_private,
    sync_directory,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_directory_is_made_or_closed_to_others(tmp_path: Path) -> None:
    make_private_directory(tmp_path / "a" / "b")
    (tmp_path / "open").mkdir(mode=0o755)
    make_private_directory(tmp_path / "open")
    assert mode(tmp_path / "a" / "b") == mode(tmp_path / "open") == 0o700


def test_a_disk_that_refuses_keeps_the_old_file_and_nothing_of_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "7.json"
    replace_private(path, b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_private(path, b"new words")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"7.json": b"old"}


def test_somebody_elses_directory_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    tmp_path.joinpath("theirs").mkdir(mode=0o755)
    make_private_directory(tmp_path / "theirs")


def test_a_private_file_is_its_owners_alone_and_no_link(tmp_path: Path) -> None:
    with FileIO(tmp_path / "file", "w", opener=open_private):
        assert mode(tmp_path / "file") == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="symbolic links"):
        FileIO(tmp_path / "link", "w", opener=open_private)


def test_a_directory_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    sync_directory(tmp_path)
    assert synced == [True]
