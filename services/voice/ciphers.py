import struct
from collections.abc import Callable

import nacl.bindings
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Seal = Callable[[bytes, bytes, bytes], bytes]
"""Encrypt (packet, header, suffix) to ciphertext and tag; the suffix is the nonce's 4 bytes."""

AES_GCM = "aead_aes256_gcm_rtpsize"
XCHACHA = "aead_xchacha20_poly1305_rtpsize"

MODES = (AES_GCM, XCHACHA)
"""Discord's transport encryptions that we speak, the cheaper one first."""

RTP_HEADER = struct.Struct(">BBHII")
"""Version and flags, payload type, sequence, timestamp, SSRC; RFC 3550."""

NONCE_SUFFIX = struct.Struct(">I")
"""The counter that is sent behind the ciphertext."""


def seal_for(mode: str, key: bytes) -> Seal:
    """Return the encryption of a mode of MODES under a 32-byte key. Raises KeyError."""
    return {AES_GCM: _aes_gcm, XCHACHA: _xchacha}[mode](key)


def _aes_gcm(key: bytes) -> Seal:
    encrypt = AESGCM(key).encrypt
    padding = bytes(8)
    return lambda packet, header, suffix: encrypt(suffix + padding, packet, header)


def _xchacha(key: bytes) -> Seal:
    encrypt = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt
    padding = bytes(20)
    return lambda packet, header, suffix: encrypt(packet, header, suffix + padding, key)
