import base64
import logging
import secrets
from pathlib import Path

from services.core.errors import ConfigurationError
from services.core.files import replace_private

log = logging.getLogger(__name__)

MARK = ".sealed"
"""A file under history/ that only the right key opens; it tells that one is needed."""

BAD_KEY = (
    "HISTORY_KEY must be 32 random bytes in URL-safe base64; make one with: "
    ".venv/bin/python -m services.history.encryption"
)
NO_KEY = "history/ is encrypted: set HISTORY_KEY to its key again, or move the folder away."
WRONG_KEY = (
    "HISTORY_KEY does not open history/: put the key it was written with behind the new one, "
    "after a comma."
)


class FernetCipher:
    """Seal with the first of several comma-separated keys, open with any (Fernet, AES-128-CBC)."""

    def __init__(self, keys: str) -> None:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet

        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
        except ValueError:
            raise ConfigurationError(BAD_KEY) from None
        self._invalid = InvalidToken

    def seal(self, data: bytes) -> bytes:
        """Return the data encrypted, as one line of ASCII."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises ValueError for anything else."""
        try:
            return self._fernet.decrypt(sealed.strip())
        except self._invalid:
            raise ValueError("not sealed with any of the keys") from None


def open_cipher(keys: str, *, directory: Path) -> FernetCipher | None:
    """Return the cipher of a folder, None without keys; blocks. Raises ConfigurationError.

    A folder once written with a key is never read without it, nor with another alone.
    """
    mark = directory / MARK
    if not keys:
        if mark.exists():
            raise ConfigurationError(NO_KEY)
        return None
    cipher = FernetCipher(keys)
    if mark.exists():
        try:
            cipher.open(mark.read_bytes())
        except ValueError:
            raise ConfigurationError(WRONG_KEY) from None
    try:
        replace_private(mark, cipher.seal(b"history"))
    except OSError as error:
        raise ConfigurationError(f"HISTORY_DIR cannot be written: {error}") from error
    return cipher


if __name__ == "__main__":
    print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())  # noqa: T201
