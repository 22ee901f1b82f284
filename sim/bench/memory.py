"""The largest memory of this process so far."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Of this program alone: what its parent had when it was started is not counted. Linux only."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6
