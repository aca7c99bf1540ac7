import asyncio
import hashlib
import json
import logging
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from services.core.errors import StorageError
from services.core.files import replace_private

log = logging.getLogger(__name__)

SUFFIX: Final = ".phrase"

Content = tuple[list[bytes], set[int]]
"""Packets, and the ids of those whose words they say."""

_NOTHING: Final[Content] = ([], set())


class PhraseFiles:
    """Keep phrases in files that their owner alone may read, at most `max_bytes` of them.

    The oldest go first. A file that is gone or damaged counts as none. The names are digests, and
    nothing in a file tells the text but its sound.
    """

    def __init__(self, directory: Path, *, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._sizes: OrderedDict[str, int] = OrderedDict()  # the oldest first
        self._writing = asyncio.Lock()

    async def start(self) -> None:
        """See which files there are; never raises."""
        self._sizes = OrderedDict(await asyncio.to_thread(_found, self._directory))

    def may_have(self, key: bytes) -> bool:
        """Tell whether there was a file of this key; answers from memory."""
        return _name(key) in self._sizes

    async def read(self, key: bytes) -> Content:
        """Return what is kept under a key, nothing where there is no sound file of it."""
        name = _name(key)
        content = await asyncio.to_thread(_read, self._directory / name)
        if not content[0]:
            self._sizes.pop(name, None)
        return content

    async def write(self, key: bytes, packets: Sequence[bytes], users: set[int]) -> None:
        """Keep a phrase; a disk that refuses it is logged."""
        name, data = _name(key), _encode(packets, users)
        async with self._writing:
            self._sizes.pop(name, None)
            too_old = list(self._make_room(len(data)))
            try:
                await asyncio.to_thread(self._replace, name, data, too_old)
            except OSError as error:
                log.warning("A phrase could not be kept on the disk: %s", error)
            else:
                self._sizes[name] = len(data)

    async def forget(self, user_id: int) -> int:
        """Delete the files of phrases that are this person's alone; return how many.

        Raises StorageError once all that can be deleted is.
        """
        async with self._writing:
            try:
                gone = await asyncio.to_thread(_forget, self._directory, list(self._sizes), user_id)
            except OSError as error:
                raise StorageError(f"a phrase on the disk is not forgotten: {error}") from error
            for name in gone:
                self._sizes.pop(name, None)
        return len(gone)

    async def of_user(self, user_id: int) -> dict[bytes, int]:
        """Return how many packets each phrase has that is this person's alone, by its key."""
        return await asyncio.to_thread(_of_user, self._directory, list(self._sizes), user_id)

    def _make_room(self, size: int) -> Iterator[str]:
        total = sum(self._sizes.values()) + size
        while self._sizes and total > self._max_bytes:
            name, freed = self._sizes.popitem(last=False)
            total -= freed
            yield name

    def _replace(self, name: str, data: bytes, too_old: Sequence[str]) -> None:
        for old in too_old:
            (self._directory / old).unlink(missing_ok=True)
        _write(self._directory / name, data)


def _name(key: bytes) -> str:
    return key.hex() + SUFFIX


def _found(directory: Path) -> list[tuple[str, int]]:
    files = []
    try:
        _delete_halves(directory)
        for path in directory.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):  # cleaned up meanwhile
                files.append((path, path.stat()))
    except OSError as error:
        log.warning("The phrases on the disk cannot be read: %s", error)
    files.sort(key=lambda file: file[1].st_mtime)
    return [(path.name, state.st_size) for path, state in files]


def _delete_halves(directory: Path) -> None:
    """Delete what was not written to its end: forgetting a person would not find it."""
    for path in directory.glob(f"*{SUFFIX}.part"):
        path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    try:
        replace_private(path, data)
    except OSError:
        _delete_halves(path.parent)
        raise


def _encode(packets: Sequence[bytes], users: set[int]) -> bytes:
    """Return one line of JSON and the packets; the line's own digest of both comes first."""
    head = json.dumps({"users": sorted(users), "lengths": [len(each) for each in packets]})
    body = head.encode() + b"\n" + b"".join(packets)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _decode(data: bytes) -> Content:
    """Return what `_encode` was given. Raises ValueError for anything else."""
    digest, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ValueError("the digest is another one")
    line, _, sound = body.partition(b"\n")
    head = json.loads(line)
    packets, start = [], 0
    for length in head["lengths"]:
        packets.append(sound[start : start + length])
        start += length
    return packets, set(head["users"])


def _read(path: Path) -> Content:
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return _NOTHING
    except (OSError, ValueError, KeyError) as error:
        log.warning("A phrase on the disk is of no use: %s", error)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return _NOTHING


def _of_user(directory: Path, names: Sequence[str], user_id: int) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for name in names:
        packets, users = _read(directory / name)
        if users == {user_id}:
            found[bytes.fromhex(name.removesuffix(SUFFIX))] = len(packets)
    return found


def _forget(directory: Path, names: Sequence[str], user_id: int) -> list[str]:
    gone: list[str] = []
    failure: OSError | None = None
    for name in names:
        packets, users = _read(directory / name)
        if user_id not in users:
            continue
        try:
            if not _left_to(users - {user_id}, directory / name, packets):
                gone.append(name)
        except OSError as error:
            failure = error
    if failure is not None:
        raise failure
    return gone


def _left_to(users: set[int], path: Path, packets: Sequence[bytes]) -> bool:
    """Leave a phrase to others; return whether there is still a file of it. Raises OSError."""
    if users:
        with suppress(OSError):  # a full disk: it goes then
            status = path.stat()
            _write(path, _encode(packets, users))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # it stays as old
            return True
    path.unlink(missing_ok=True)
    return False
