import asyncio
import errno
import os
import stat
from pathlib import Path

import pytest

from services.core.errors import StorageError
from services.core.types import VoiceStyle
from services.tts.phrase_files import PhraseFiles
from services.tts.phrases import Phrase, PhraseCache, files_version, phrase_key
from services.tts.phrases_ahead import MAX_STYLES, MAX_TEXTS, PhrasesAhead

STYLE = VoiceStyle()
PACKETS = (b"one", b"", b"three" * 50)


def key(text: str, engine: str = "e 1") -> bytes:
    return phrase_key(engine=engine, text=text, voice=STYLE)


def cache(folder: Path | None = None, *, max_bytes: int = 2**20) -> PhraseCache:
    files = None if folder is None else PhraseFiles(folder, max_bytes=max_bytes)
    ahead = PhrasesAhead(sentences=lambda _: (), style=STYLE)
    return PhraseCache(max_bytes=max_bytes, files=files, ahead=ahead, private=lambda _: False)


async def opened(folder: Path, *, max_bytes: int = 2**20) -> PhraseCache:
    made = cache(folder, max_bytes=max_bytes)
    await made.start()
    return made


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def phrase(*users: int, packets: tuple[bytes, ...] = PACKETS) -> Phrase:
    return Phrase.of(packets, set(users))


def test_packets_come_back_as_they_were() -> None:
    assert phrase(1).packets() == PACKETS


def test_an_engines_version_is_part_of_the_key(tmp_path: Path) -> None:
    assert key("a b") == key(" a  b\n") != key("a b", "e 2")
    model = tmp_path / "model"
    model.write_bytes(b"1")
    before = files_version(tmp_path)
    model.write_bytes(b"12")
    assert files_version(tmp_path) != before
    assert files_version(tmp_path / "missing") == files_version(tmp_path / "missing")
    before = files_version(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    assert files_version(tmp_path) == before


async def test_a_phrase_survives_a_restart_on_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "phrases"
    await (await opened(folder)).keep(key("hello"), phrase(7))
    (path,) = files_in(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = await opened(folder)
    assert again.has(key("hello"))
    found = await again.find(key("hello"))
    assert found is not None
    assert found.packets() == PACKETS
    assert found.users == {7}
    assert await again.find(key("other")) is None


async def test_what_is_cleared_from_memory_is_read_from_the_disk(tmp_path: Path) -> None:
    kept = await opened(tmp_path)
    await kept.keep(key("hello"), phrase(7))
    kept.clear()
    assert await kept.find(key("hello")) is not None


async def test_without_a_disk_nothing_outlives_the_memory() -> None:
    kept = cache()
    await kept.start()
    await kept.keep(key("hello"), phrase(7))
    assert await kept.find(key("hello")) is not None
    kept.clear()
    assert not kept.has(key("hello"))
    assert await kept.find(key("hello")) is None


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"{}\n\n", None])
async def test_a_damaged_or_deleted_file_counts_as_none(
    tmp_path: Path, damage: bytes | None
) -> None:
    await (await opened(tmp_path)).keep(key("hello"), phrase(7))
    again = await opened(tmp_path)
    (path,) = files_in(tmp_path)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert await again.find(key("hello")) is None
    assert not again.has(key("hello"))
    assert not files_in(tmp_path)


async def test_a_disk_that_neither_reads_nor_deletes_costs_the_phrase_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await opened(tmp_path)).keep(key("hello"), phrase(7))
    again = await opened(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert await again.find(key("hello")) is None


async def test_a_file_that_goes_while_the_others_are_looked_at_costs_none_of_them(
    tmp_path: Path,
) -> None:
    await (await opened(tmp_path)).keep(key("hello"), phrase(7))
    (tmp_path / "gone.phrase").symlink_to(tmp_path / "nothing")
    again = await opened(tmp_path)
    assert again.has(key("hello"))
    assert await again.forget(7) == 1


async def test_half_a_file_is_left_neither_by_a_full_disk_nor_by_a_sudden_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse)
    await (await opened(tmp_path)).keep(key("hello"), phrase(7))
    assert not files_in(tmp_path)
    (tmp_path / f"{key('hello').hex()}.phrase.part").touch()
    await opened(tmp_path)
    assert not files_in(tmp_path)


async def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    await (await opened(tmp_path)).keep(key("hello"), phrase(7))
    (path,) = files_in(tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert await (await opened(tmp_path)).find(key("hello")) is None


async def test_the_oldest_files_make_room(tmp_path: Path) -> None:
    kept = await opened(tmp_path, max_bytes=3000)
    packets = (bytes(990),)
    for number, text in enumerate("abcd"):
        await kept.keep(key(text), phrase(7, packets=packets))
        for path in files_in(tmp_path):
            if path.name.startswith(key(text).hex()):
                os.utime(path, (number, number))
    again = await opened(tmp_path, max_bytes=3000)
    assert [again.has(key(text)) for text in "abcd"] == [False, False, True, True]
    assert sum(path.stat().st_size for path in files_in(tmp_path)) <= 3000


async def test_forgetting_reaches_the_disk(tmp_path: Path) -> None:
    kept = await opened(tmp_path)
    await kept.keep(key("mine"), phrase(7))
    await kept.keep(key("ours"), phrase(7, 8))
    again = await opened(tmp_path)
    for path in files_in(tmp_path):
        os.utime(path, (1000, 1000))
    assert await again.forget(7) == 1
    assert [path.stat().st_mtime for path in files_in(tmp_path)] == [1000]
    assert not again.has(key("mine"))
    assert await again.forget(8) == 1
    assert not files_in(tmp_path)


async def test_a_full_disk_keeps_nobody_s_phrase_from_being_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await opened(tmp_path)
    for text, users in {"ours": (7, 8), "mine": (7,)}.items():
        await kept.keep(key(text), phrase(*users))
    monkeypatch.setattr(os, "fsync", refuse)
    await kept.forget(7)
    assert not files_in(tmp_path)


async def test_a_file_that_cannot_be_deleted_is_told_after_all_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await opened(tmp_path)
    for text in "ab":
        await kept.keep(key(text), phrase(7))
    delete = Path.unlink

    def unlink(path: Path, *, missing_ok: bool) -> None:
        if path.name.startswith(key("a").hex()):
            refuse()
        delete(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(StorageError):
        await kept.forget(7)
    assert [path.stem for path in files_in(tmp_path)] == [key("a").hex()]


@pytest.mark.parametrize("first", ["find", "forget"])
async def test_what_is_read_while_its_person_is_forgotten_is_not_kept(
    tmp_path: Path, first: str
) -> None:
    await (await opened(tmp_path)).keep(key("mine"), phrase(7))
    again = await opened(tmp_path)
    steps = {"find": again.find(key("mine")), "forget": again.forget(7)}
    await asyncio.gather(steps.pop(first), *steps.values())
    assert await again.find(key("mine")) is None
    assert not files_in(tmp_path)


async def test_a_disk_that_refuses_costs_the_disk_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = await opened(tmp_path / "file" / "phrases")
    await kept.keep(key("hello"), phrase(7))
    assert await kept.find(key("hello")) is not None


async def test_a_phrase_of_nobody_is_not_kept() -> None:
    kept = cache()
    await kept.keep(key("hello"), phrase())
    assert not kept.has(key("hello"))
    assert kept.users_of(0) == set()
    assert kept.users_of(7) == {7}


def test_what_is_remembered_to_make_ahead_is_bounded() -> None:
    ahead = PhrasesAhead(sentences=lambda language: (language,), style=STYLE)
    for number in range(MAX_TEXTS + 5):
        style = VoiceStyle(voice=str(number), language="de")
        for user in (1, 2):
            ahead.note(f"text {number}", style, users={user})
    wanted = list(ahead.wanted())
    assert len({style for _, style, _ in wanted}) == MAX_STYLES
    assert len({text for text, _, _ in wanted}) == MAX_TEXTS + 1
    assert wanted[0][0] == "de"
    assert wanted[1][0] == f"text {MAX_TEXTS + 4}"
    ahead.forget(1)
    ahead.forget(2)
    assert {text for text, _, _ in ahead.wanted()} == {"de"}


def test_a_text_is_remembered_only_while_several_people_share_it() -> None:
    ahead = PhrasesAhead(sentences=lambda _: (), style=STYLE)

    def texts() -> list[str]:
        return [said.text for said in ahead._said.values()]

    ahead.note("Good night.", STYLE, users={1})
    assert texts() == [""]
    ahead.note("Good night.", STYLE, users={2})
    assert texts() == ["Good night."]
    ahead.forget(1)
    assert texts() == [""]
    assert not list(ahead.wanted())
    ahead.forget(2)
    assert texts() == []
