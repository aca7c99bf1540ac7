import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from services.tts.model_download import SPARE_BYTES, DownloadError, ModelDownload, RemoteFile
from tests.services.tts.model_server import ModelServer

NAME = "voices/af_heart.pt"
CONTENT = bytes(range(256)) * 2000
FILE = RemoteFile(NAME)

Build = Callable[..., ModelDownload]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    server.files[NAME] = CONTENT
    async with server.running():
        yield server


@pytest_asyncio.fixture
async def build(server: ModelServer, tmp_path: Path) -> AsyncIterator[Build]:
    async with aiohttp.ClientSession() as session:

        def build(**options: object) -> ModelDownload:
            usual = {"url": server.url, "folder": tmp_path, "report": lambda *_: None}
            return ModelDownload(session, **{**usual, **options})  # type: ignore[arg-type]

        yield build


def part_of(folder: Path) -> Path:
    return folder / f"{NAME}.part"


async def refused(download: ModelDownload, file: RemoteFile = FILE) -> str:
    with pytest.raises(DownloadError) as caught:
        await download.fetch(file)
    assert "\n" not in caught.value.user_message
    return caught.value.user_message


async def test_a_file_is_fetched_once_and_its_progress_told(
    build: Build, server: ModelServer, tmp_path: Path
) -> None:
    seen: list[tuple[str, int, int | None]] = []
    download = build(report=lambda *news: seen.append(news))

    assert await download.fetch(FILE)
    assert not await download.fetch(FILE)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert not part_of(tmp_path).exists()
    assert seen[-1] == (NAME, len(CONTENT), len(CONTENT))
    assert len(server.asked) == 1


async def test_a_cut_connection_is_gone_on_with_where_it_broke_off(
    build: Build, server: ModelServer, tmp_path: Path
) -> None:
    server.cut = [100_000, 200_000]
    assert await build().fetch(FILE)

    assert [asked for _, asked in server.asked] == ["", "bytes=100000-", "bytes=300000-"]
    assert (tmp_path / NAME).read_bytes() == CONTENT


async def test_a_connection_that_brings_nothing_more_is_given_up_and_its_part_kept(
    build: Build, server: ModelServer, tmp_path: Path
) -> None:
    server.cut = [100_000, 0]

    assert "broke off" in await refused(build())
    assert part_of(tmp_path).read_bytes() == CONTENT[:100_000]
    assert await build().fetch(FILE)
    assert server.asked[-1] == (NAME, "bytes=100000-")
    assert (tmp_path / NAME).read_bytes() == CONTENT


async def test_a_server_that_knows_no_ranges_sends_all_of_it_again(
    build: Build, server: ModelServer, tmp_path: Path
) -> None:
    server.ranges = False
    part_of(tmp_path).parent.mkdir()
    part_of(tmp_path).write_bytes(b"old")
    assert await build().fetch(FILE)

    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"and more"])
async def test_a_part_that_is_whole_or_too_long_is_no_dead_end(
    build: Build, server: ModelServer, tmp_path: Path, left: bytes
) -> None:
    part_of(tmp_path).parent.mkdir()
    part_of(tmp_path).write_bytes(left)
    assert await build().fetch(FILE)

    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_checksum_is_told_and_nothing_of_it_kept(
    build: Build, server: ModelServer, tmp_path: Path, known: bool
) -> None:
    wrong = hashlib.sha256(b"another").hexdigest()
    server.lie = "" if known else wrong

    said = await refused(build(), RemoteFile(NAME, wrong if known else ""))
    assert "its checksum is wrong" in said
    assert list((tmp_path / "voices").iterdir()) == []


async def test_a_damaged_file_in_place_is_fetched_again(build: Build, tmp_path: Path) -> None:
    (tmp_path / NAME).parent.mkdir()
    (tmp_path / NAME).write_bytes(b"damaged")

    assert await build().fetch(RemoteFile(NAME, hashlib.sha256(CONTENT).hexdigest()))
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "is that name right?"), (401, "not give"), (429, "patience"), (500, "right now (500)")],
)
async def test_a_refusal_is_one_sentence(
    build: Build, server: ModelServer, status: int, words: str
) -> None:
    server.status = status
    assert words in await refused(build())
    assert len(server.asked) == 1


async def test_without_a_network_it_is_told_at_once(build: Build) -> None:
    said = await refused(build(url="http://127.0.0.1:9/hub"))
    assert said == "I can't reach http://127.0.0.1:9/hub: is this machine online?"


async def test_a_disk_without_room_is_told_before_anything_comes(
    build: Build, tmp_path: Path
) -> None:
    room = SPARE_BYTES + len(CONTENT)
    said = await refused(build(free_bytes=lambda _: room - 1))

    assert said == f"The disk is too full for {NAME}: it takes 51 MB and 51 MB are free."
    assert not part_of(tmp_path).exists()
    assert await build(free_bytes=lambda _: room).fetch(FILE)


async def test_a_folder_that_cannot_be_written_is_one_sentence(
    build: Build, tmp_path: Path
) -> None:
    (tmp_path / "voices").write_text("a file")
    assert (await refused(build())).startswith("I can't write the voice's files: ")
