import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.core.errors import ConfigurationError
from services.history.encryption import FernetCipher, open_cipher


def key(seed: int) -> str:
    return base64.urlsafe_b64encode(bytes([seed]) * 32).decode()


def test_what_is_sealed_opens_again_and_is_one_line() -> None:
    cipher = FernetCipher(key(1))
    sealed = cipher.seal("é\n".encode() * 1000)
    assert b"\n" not in sealed
    assert cipher.open(sealed + b"\n") == "é\n".encode() * 1000


@pytest.mark.parametrize(
    "sealed",
    [b"", b"nonsense", b"{}", FernetCipher(key(2)).seal(b"a")],
    ids=["nothing", "nonsense", "JSON", "another key's"],
)
def test_anything_else_does_not_open(sealed: bytes) -> None:
    with pytest.raises(ValueError, match="not sealed"):
        FernetCipher(key(1)).open(sealed)


def test_a_new_key_in_front_opens_what_the_old_one_sealed() -> None:
    old = FernetCipher(key(1)).seal(b"a")
    both = FernetCipher(f"{key(2)}, {key(1)}")
    assert both.open(old) == b"a"
    assert FernetCipher(key(2)).open(both.seal(b"b")) == b"b"


@pytest.mark.parametrize("keys", ["short", key(1) + ",", "é" * 44, key(1)[:-5]])
def test_a_bad_key_is_refused_in_one_sentence(keys: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="HISTORY_KEY must be 32 random bytes") as refusal:
        open_cipher(keys, directory=tmp_path)
    assert keys not in str(refusal.value)


def test_a_folder_without_keys_is_plain(tmp_path: Path) -> None:
    assert open_cipher("", directory=tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_sealed_folder_is_not_used_without_its_key(tmp_path: Path) -> None:
    open_cipher(key(1), directory=tmp_path / "history")
    with pytest.raises(ConfigurationError, match="set HISTORY_KEY"):
        open_cipher("", directory=tmp_path / "history")
    with pytest.raises(ConfigurationError, match="does not open"):
        open_cipher(key(2), directory=tmp_path / "history")


def test_a_key_can_be_replaced_for_good(tmp_path: Path) -> None:
    open_cipher(key(1), directory=tmp_path)
    open_cipher(f"{key(2)},{key(1)}", directory=tmp_path)
    assert open_cipher(key(2), directory=tmp_path) is not None


def test_a_start_that_is_cut_short_leaves_the_folder_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    open_cipher(key(1), directory=tmp_path)
    for place, step in (FernetCipher, "seal"), (os, "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(place, step, full)
            with pytest.raises(ConfigurationError, match="No space left"):
                open_cipher(key(1), directory=tmp_path)
        assert open_cipher(key(1), directory=tmp_path) is not None


def test_the_module_makes_a_key() -> None:
    command = [sys.executable, "-m", "services.history.encryption"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    FernetCipher(made)
