"""A clock that runs since the computer was started, also while it sleeps, and that nobody sets. Linux has one."""

from __future__ import annotations

import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class BootClock:
    """Implements recorder.desktop.desktop_clock.Boot. Any thread."""

    def __init__(self) -> None:
        try:
            self._boot = _BOOT_ID.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            self._boot = ""

    @property
    def boot(self) -> str:
        """Another one after each start of the computer; empty where nobody tells."""
        return self._boot

    def since_us(self) -> int:
        """Since the start."""
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return now_ns // 1000
