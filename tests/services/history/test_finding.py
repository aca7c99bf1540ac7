import os
from pathlib import Path

import pytest

from services.history.finding import PartFinder

STEM = "channel-1"


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("line\n")


def found(finder: PartFinder, folder: Path, stem: str = STEM) -> list[str]:
    return [str(path.relative_to(folder)) for path in finder.parts(stem)]


def test_all_parts_of_one_conversation_are_found_and_no_other(tmp_path: Path) -> None:
    mine = [
        "channel-1.jsonl",
        "channel-1.jsonl.corrupt",
        "archive/channel-1.20260101-1.jsonl.gz",
        "archive/channel-1.20260102-1.jsonl",
    ]
    put(tmp_path, *mine, "channel-11.jsonl", "archive/channel-11.20260101-1.jsonl.gz", "a.corrupt")
    assert found(PartFinder(tmp_path), tmp_path) == mine
    assert found(PartFinder(tmp_path), tmp_path, "channel-2") == []
    assert found(PartFinder(tmp_path / "nowhere"), tmp_path) == []


def test_what_comes_later_is_found_too(tmp_path: Path) -> None:
    finder = PartFinder(tmp_path)
    assert found(finder, tmp_path) == []
    put(tmp_path, "archive/channel-1.20260101-1.jsonl.gz", "channel-1.jsonl.corrupt")
    os.utime(tmp_path / "archive", ns=(1, 1))
    finder.add_damaged(tmp_path / "channel-1.jsonl.corrupt")
    assert len(found(finder, tmp_path)) == 2
    put(tmp_path, "archive/channel-1.20260102-1.jsonl.gz", "channel-1.jsonl")
    os.utime(tmp_path / "archive", ns=(2, 2))
    assert len(found(finder, tmp_path)) == 4


def test_what_a_crash_left_unfinished_is_removed_once(tmp_path: Path) -> None:
    put(tmp_path, "channel-1.jsonl.part", "archive/channel-2.20260101-1.jsonl.gz.part")
    PartFinder(tmp_path).parts(STEM)
    assert not list(tmp_path.rglob("*.part"))


def test_an_unchanged_folder_is_not_listed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "archive/channel-1.20260101-1.jsonl.gz")
    finder = PartFinder(tmp_path)
    before = found(finder, tmp_path)
    monkeypatch.setattr(os, "scandir", None)
    assert found(finder, tmp_path) == before
