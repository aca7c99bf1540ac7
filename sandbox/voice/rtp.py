"""RTP as Discord's voice servers speak it: an AEAD whose nonce stands at the packet's end."""

import struct
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

OPUS_PAYLOAD_TYPE = 0x78
SILENCE = b"\xf8\xff\xfe"
"""The Opus frame that ends speech; Discord's clients send five and never encrypt them."""

NONCE_SIZE = 4
TAG_SIZE = 16
FIXED_HEADER = struct.Struct(">BBHII")
PADDING_BIT, EXTENSION_BIT = 0x20, 0x10
EXTENSION = b"\xbe\xde\x00\x01"
AUDIO_LEVEL = b"\x10\x7f\x00\x00"
"""One-byte header extension (RFC 8285) with an audio level; its body travels encrypted."""

SMALLEST_SUPPLEMENT = 12
"""What DAVE appends to an Opus frame at least: tag 8, nonce 1, size 1, marker 2."""

DISCOVERY_SIZE = 74
DISCOVERY_REPLY = struct.Struct(">HHI64sH")


class Cipher(Protocol):
    """Seal and open packets under one key."""

    def seal(self, nonce: bytes, header: bytes, plaintext: bytes) -> bytes:
        """Return ciphertext and tag."""
        ...

    def open(self, nonce: bytes, header: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext. Raises ValueError."""
        ...


class AesGcm:
    """AEAD AES-256-GCM with a 12-byte nonce: the packet's four bytes, then zeros."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, nonce: bytes, header: bytes, plaintext: bytes) -> bytes:
        """Return ciphertext and tag."""
        return self._aead.encrypt(nonce + bytes(8), plaintext, header)

    def open(self, nonce: bytes, header: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext. Raises ValueError."""
        try:
            return self._aead.decrypt(nonce + bytes(8), ciphertext, header)
        except InvalidTag:
            raise ValueError("the packet's tag is wrong") from None


class XChaCha:
    """AEAD XChaCha20-Poly1305 with a 24-byte nonce: the packet's four bytes, then zeros."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, nonce: bytes, header: bytes, plaintext: bytes) -> bytes:
        """Return ciphertext and tag."""
        return crypto_aead_xchacha20poly1305_ietf_encrypt(
            plaintext, header, nonce + bytes(20), self._key
        )

    def open(self, nonce: bytes, header: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext. Raises ValueError."""
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(
                ciphertext, header, nonce + bytes(20), self._key
            )
        except CryptoError:
            raise ValueError("the packet's tag is wrong") from None


CIPHERS: dict[str, type[AesGcm] | type[XChaCha]] = {
    "aead_aes256_gcm_rtpsize": AesGcm,
    "aead_xchacha20_poly1305_rtpsize": XChaCha,
}
"""The modes on offer, the preferred one first."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Hold one opened RTP packet; `nonce` is its four bytes as an integer."""

    sequence: int
    timestamp: int
    ssrc: int
    nonce: int
    payload: bytes


def packet_ssrc(data: bytes) -> int | None:
    """Return the SSRC of an RTP packet with Opus; None for anything else, RTCP too."""
    if len(data) < FIXED_HEADER.size + TAG_SIZE + NONCE_SIZE:
        return None
    if data[0] >> 6 != 2 or data[1] & 0x7F != OPUS_PAYLOAD_TYPE:
        return None
    return int.from_bytes(data[8:12], "big")


def open_packet(data: bytes, cipher: Cipher) -> Packet:
    """Decrypt an RTP packet; strip header extension and padding. Raises ValueError."""
    first, _, sequence, timestamp, ssrc = FIXED_HEADER.unpack_from(data)
    size = FIXED_HEADER.size + 4 * (first & 0x0F) + (4 if first & EXTENSION_BIT else 0)
    if len(data) < size + TAG_SIZE + NONCE_SIZE:
        raise ValueError("the packet is shorter than its header says")
    nonce = data[-NONCE_SIZE:]
    payload = cipher.open(nonce, data[:size], data[size:-NONCE_SIZE])
    if first & PADDING_BIT and payload:
        payload = payload[: -payload[-1] or None]
    if first & EXTENSION_BIT:
        payload = payload[4 * int.from_bytes(data[size - 2 : size], "big") :]
    return Packet(sequence, timestamp, ssrc, int.from_bytes(nonce, "big"), payload)


def seal_packet(packet: Packet, cipher: Cipher, *, padding: int) -> bytes:
    """Encrypt a packet as the service does: with a header extension, padded where asked."""
    first = 0x80 | EXTENSION_BIT | (PADDING_BIT if padding else 0)
    header = (
        FIXED_HEADER.pack(first, OPUS_PAYLOAD_TYPE, packet.sequence, packet.timestamp, packet.ssrc)
        + EXTENSION
    )
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    nonce = packet.nonce.to_bytes(NONCE_SIZE, "big")
    return header + cipher.seal(nonce, header, AUDIO_LEVEL + packet.payload + tail) + nonce


def discovery_ssrc(data: bytes) -> int | None:
    """Return the SSRC of an IP discovery request; None for anything else."""
    if len(data) != DISCOVERY_SIZE or data[:4] != b"\x00\x01\x00\x46":
        return None
    return int.from_bytes(data[4:8], "big")


def discovery_reply(ssrc: int, address: tuple[str, int]) -> bytes:
    """Tell a client the address that its request came from."""
    return DISCOVERY_REPLY.pack(2, 70, ssrc, address[0].encode(), address[1])


def is_dave_frame(payload: bytes) -> bool:
    """Tell whether a payload ends with DAVE's supplemental block: its size, then FA FA."""
    return (
        len(payload) > SMALLEST_SUPPLEMENT
        and payload[-2:] == b"\xfa\xfa"
        and SMALLEST_SUPPLEMENT <= payload[-3] <= len(payload)
    )
