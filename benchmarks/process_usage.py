"""What another process has used, as Linux tells it."""

import os
import re
import sys
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, its threads and the kernel's part included."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return a process's resident memory, MB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", _read(pid, "status"))
    return int(found[1]) / 1000 if found else 0.0


def _read(pid: int, name: str) -> str:
    if sys.platform != "linux":
        sys.exit("This benchmark reads /proc, which only Linux has.")
    return Path(f"/proc/{pid}/{name}").read_text()
