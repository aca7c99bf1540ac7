import asyncio
import errno
import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp

from services.core.errors import BotError
from services.core.files import sync_directory

Report = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are there, and its size where it is known."""

SPARE_BYTES: Final = 50_000_000
"""What a download leaves free on the disk."""

TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)

_DIGEST: Final = re.compile(r'(?:W/)?"?([0-9a-f]{64})"?')
_RANGE: Final = re.compile(r"bytes (\d+|\*)(?:-\d+)?/(\d+|\*)")
_BROKEN: Final = (
    aiohttp.ClientPayloadError,
    aiohttp.ClientOSError,
    aiohttp.ServerDisconnectedError,
    TimeoutError,
)


class DownloadError(BotError):
    """Say in one sentence why a file is not there."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Name a file under the download's address, and its SHA-256 where it is known."""

    name: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class _Offer:
    """Hold what a server says of a file: its size, and its SHA-256 as Hugging Face gives it."""

    size: int | None
    sha256: str


class ModelDownload:
    """Fetch files into a folder, each once, and put it in its place when it is whole and right.

    A broken download is kept beside it (".part") and gone on with, at once while the server goes
    on sending, else with the next call. `free_bytes` tells the room on a folder's disk.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        folder: Path,
        report: Report,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._folder = folder
        self._report = report
        self._free_bytes = free_bytes

    async def fetch(self, file: RemoteFile) -> bool:
        """Return whether the file had to be fetched. Raises DownloadError."""
        target = self._folder / file.name
        part = target.with_name(target.name + ".part")
        try:
            if await asyncio.to_thread(_is_right, target, file.sha256):
                return False
            await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
            offer = await self._whole(file, part)
            await asyncio.to_thread(_put_in_place, part, target, file, offer)
        except OSError as error:
            raise DownloadError(user_message=_disk_sentence(error)) from error
        return True

    async def _whole(self, file: RemoteFile, part: Path) -> _Offer:
        """Fetch until the part is whole, as long as every broken connection brought some of it."""
        while True:
            before = await asyncio.to_thread(_size, part)
            try:
                return await self._transfer(file, part, before)
            except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
                sentence = f"I can't reach {self._url}: is this machine online?"
                raise DownloadError(str(error), user_message=sentence) from error
            except _BROKEN as error:
                if await asyncio.to_thread(_size, part) <= before:
                    raise DownloadError(
                        repr(error),
                        user_message=f"The download of {file.name} broke off; "
                        "what has come is kept: try again later.",
                    ) from error
            except aiohttp.ClientError as error:
                odd = (
                    f"The server's answer for {file.name} makes no sense ({type(error).__name__})."
                )
                raise DownloadError(str(error), user_message=odd) from error

    async def _transfer(self, file: RemoteFile, part: Path, start: int) -> _Offer:
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        url = f"{self._url}/{file.name}"
        async with self._session.get(url, headers=headers, timeout=TIMEOUT) as answer:
            offered_from, size = _range(answer)
            offer = _Offer(size, _digest(answer))
            if answer.status == 416:
                if size == start:
                    return offer
                await asyncio.to_thread(part.unlink)
                return await self._transfer(file, part, 0)
            self._check(file, answer)
            if offered_from not in (0, start):
                raise aiohttp.ClientError("another part than was asked for")
            await self._check_room(file, size, offered_from)
            await self._receive(file, answer, part, offered_from, size)
            return offer

    async def _receive(
        self,
        file: RemoteFile,
        answer: aiohttp.ClientResponse,
        part: Path,
        start: int,
        size: int | None,
    ) -> None:
        opened: BinaryIO = await asyncio.to_thread(part.open, "ab" if start else "wb")
        done = start
        try:
            async for chunk in answer.content.iter_any():
                await asyncio.to_thread(opened.write, chunk)
                done += len(chunk)
                self._report(file.name, done, size)
        finally:
            await asyncio.to_thread(opened.close)

    def _check(self, file: RemoteFile, answer: aiohttp.ClientResponse) -> None:
        if answer.status in (200, 206):
            return
        words = {
            401: f"The server does not give {file.name} to everybody (401).",
            403: f"The server does not give {file.name} to everybody (403).",
            404: f"The server has no {file.name} (404): is that name right?",
            429: "The server asks for patience (429): try again later.",
        }
        fallback = f"The server can't give {file.name} right now ({answer.status})."
        raise DownloadError(user_message=words.get(answer.status, fallback))

    async def _check_room(self, file: RemoteFile, size: int | None, start: int) -> None:
        if size is None:
            return
        missing = size - start + SPARE_BYTES
        free = await asyncio.to_thread(self._free_bytes, self._folder)
        if missing > free:
            raise DownloadError(
                user_message=f"The disk is too full for {file.name}: "
                f"it takes {missing / 1e6:.0f} MB and {free / 1e6:.0f} MB are free."
            )


def _range(answer: aiohttp.ClientResponse) -> tuple[int, int | None]:
    """Return where an answer's bytes begin, and the size of the whole file."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None or answer.status not in (206, 416):
        return 0, answer.content_length
    start = int(found[1]) if found[1] != "*" else 0
    return start, int(found[2]) if found[2] != "*" else None


def _digest(answer: aiohttp.ClientResponse) -> str:
    """Return the SHA-256 that Hugging Face tells before it sends one to where the file lies."""
    for step in (*answer.history, answer):
        if found := _DIGEST.fullmatch(step.headers.get("X-Linked-Etag", "")):
            return found[1]
    return ""


def _put_in_place(part: Path, target: Path, file: RemoteFile, offer: _Offer) -> None:
    expected = file.sha256 or offer.sha256
    too_short = offer.size is not None and part.stat().st_size != offer.size
    if too_short or (expected and _sha256(part) != expected):
        part.unlink()
        raise DownloadError(
            user_message=f"{file.name} is damaged (its {'size' if too_short else 'checksum'} "
            "is wrong), so I threw it away: try again, or another KOKORO_DOWNLOAD_URL."
        )
    part.replace(target)
    sync_directory(target.parent)


def _is_right(path: Path, sha256: str) -> bool:
    return _size(path) > 0 and (not sha256 or _sha256(path) == sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _disk_sentence(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full; what has come is kept."
    return f"I can't write the voice's files: {error.strerror} ({error.filename})."
