"""What the operating system knows of this process."""

import contextlib
import ctypes
import os
import sys
from pathlib import Path


def resident_mb() -> float:
    """Return this process's memory in MB: what it holds, or its peak where only that is known."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def give_memory_back() -> None:
    """Return freed memory to the system where the C library (glibc) can; takes milliseconds."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
