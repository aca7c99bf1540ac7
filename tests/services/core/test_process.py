import platform

import pytest

from services.core.process import give_memory_back, resident_mb


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone keeps and gives back")
def test_memory_that_was_freed_is_given_back() -> None:
    blocks = [bytearray(100_000) for _ in range(2000)]
    del blocks[:-1]  # the last one lies above them all
    kept = resident_mb()
    give_memory_back()
    assert resident_mb() < kept - 150
