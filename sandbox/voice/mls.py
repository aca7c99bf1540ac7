"""The little of MLS (RFC 9420) that a voice server speaks: it proposes, clients commit.

`V(x)` below is a byte vector behind the variable-size length of RFC 9420 section 2.1.2.
"""

import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MLS10_PUBLIC_MESSAGE = struct.pack(">HH", 1, 1)
BASIC_CREDENTIAL = struct.pack(">H", 1)
SENDER_EXTERNAL = b"\x02" + struct.pack(">I", 0)
CONTENT_PROPOSAL = b"\x02"
PROPOSAL_ADD = struct.pack(">H", 1)
PROPOSAL_REMOVE = struct.pack(">H", 3)
SIGNATURE_LABEL = b"MLS 1.0 FramedContentTBS"


def vector(data: bytes) -> bytes:
    """Return `V(data)`: 1, 2 or 4 bytes of length, then the data."""
    if len(data) < 0x40:
        return bytes([len(data)]) + data
    if len(data) < 0x4000:
        return struct.pack(">H", len(data) | 0x4000) + data
    return struct.pack(">I", len(data) | 0x80000000) + data


def vector_bounds(data: bytes, start: int) -> tuple[int, int]:
    """Return where the content of the vector at `start` begins and ends.

    Raises ValueError when the data is too short for it.
    """
    prefix = data[start] >> 6 if start < len(data) else 3
    if prefix == 3:
        raise ValueError("a length is missing or longer than 4 bytes")
    size = 1 << prefix
    length = int.from_bytes(data[start : start + size], "big") & ((1 << (8 * size - 2)) - 1)
    end = start + size + length
    if end > len(data):
        raise ValueError("a vector is longer than its message")
    return start + size, end


def skip_vector(data: bytes, start: int) -> int:
    """Return the position behind the vector at `start`. Raises ValueError."""
    return vector_bounds(data, start)[1]


class ExternalSender:
    """Sign proposals in the voice server's name; its public half is what op 25 carries."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.package = vector(point) + BASIC_CREDENTIAL + vector(b"sandbox")

    def add(self, *, group_id: int, epoch: int, key_package: bytes) -> bytes:
        """Return the MLSMessage that proposes to add the owner of a key package."""
        return self._proposal(group_id, epoch, PROPOSAL_ADD + key_package)

    def remove(self, *, group_id: int, epoch: int, leaf: int) -> bytes:
        """Return the MLSMessage that proposes to remove the member at a leaf."""
        return self._proposal(group_id, epoch, PROPOSAL_REMOVE + struct.pack(">I", leaf))

    def _proposal(self, group_id: int, epoch: int, proposal: bytes) -> bytes:
        content = (
            vector(struct.pack(">Q", group_id))
            + struct.pack(">Q", epoch)
            + SENDER_EXTERNAL
            + vector(b"")
            + CONTENT_PROPOSAL
            + proposal
        )
        signed = vector(SIGNATURE_LABEL) + vector(MLS10_PUBLIC_MESSAGE + content)
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return MLS10_PUBLIC_MESSAGE + content + vector(signature)


def split_commit_welcome(body: bytes) -> tuple[bytes, bytes]:
    """Split op 28 into the commit (an MLSMessage) and the Welcome, which may be empty.

    Raises ValueError when the body is no commit of a member.
    """
    position = _skip_framing(body)
    position = skip_vector(body, position)
    if position >= len(body):
        raise ValueError("the commit ends before its path")
    if body[position]:
        position = _skip_leaf_node(body, position + 1)
        position = skip_vector(body, position)
    else:
        position += 1
    for _ in ("signature", "confirmation tag", "membership tag"):
        position = skip_vector(body, position)
    return body[:position], body[position:]


def commit_epoch(commit: bytes) -> int:
    """Return the epoch that a commit ends. Raises ValueError."""
    start = skip_vector(commit, len(MLS10_PUBLIC_MESSAGE))
    if len(commit) < start + 8:
        raise ValueError("the commit ends before its epoch")
    return int.from_bytes(commit[start : start + 8], "big")


def _skip_framing(body: bytes) -> int:
    """Walk group id, epoch, member sender, authenticated data and the content type commit."""
    if not body.startswith(MLS10_PUBLIC_MESSAGE):
        raise ValueError("not an MLS public message")
    position = skip_vector(body, len(MLS10_PUBLIC_MESSAGE)) + 8
    if body[position : position + 1] != b"\x01":
        raise ValueError("the sender is not a member")
    position = skip_vector(body, position + 5)
    if body[position : position + 1] != b"\x03":
        raise ValueError("the message is not a commit")
    return position + 1


def _skip_leaf_node(body: bytes, position: int) -> int:
    """Walk RFC 9420 section 7.2: keys, basic credential, capabilities, source commit, the rest."""
    position = skip_vector(body, position)
    position = skip_vector(body, position)
    position = skip_vector(body, position + 2)
    for _ in ("versions", "cipher suites", "extensions", "proposals", "credentials"):
        position = skip_vector(body, position)
    if body[position : position + 1] != b"\x03":
        raise ValueError("the leaf's source is not a commit")
    position = skip_vector(body, position + 1)
    position = skip_vector(body, position)
    return skip_vector(body, position)
