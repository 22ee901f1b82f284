"""The clock of a desktop: the calendar as it was at the start, carried on by a clock that never jumps.

Another process has another such clock. What it says of frames of an earlier one is worked out from marks: the same
instant on that clock, and on clocks that outlive a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cluster.ports import Clock


class Boot(Protocol):
    """A clock that runs since the start of the computer, and that nobody sets. Any thread."""

    @property
    def boot(self) -> str:
        """Another one after each start; empty where nobody tells."""
        ...

    def since_us(self) -> int:
        """Since the start."""
        ...


@dataclass(frozen=True, slots=True)
class ClockMark:
    """One instant on the clock of a desktop's process, and on others. Microseconds."""

    boot: str
    since_boot_us: int
    desktop_us: int
    calendar_us: int


class DesktopClock:
    """Frame times and what a node is told of the clock come from here, so that they agree. Any thread."""

    def __init__(self, clock: Clock, boot: Boot | None = None) -> None:
        self._clock = clock
        self._boot = boot
        self._ahead_us = clock.wall_us() - clock.monotonic_ns() // 1000

    def now_us(self) -> int:
        """Microseconds since 1970, never going back, whatever becomes of the calendar meanwhile."""
        return self._clock.monotonic_ns() // 1000 + self._ahead_us

    def mark(self) -> ClockMark:
        """This instant."""
        boot = self._boot
        return ClockMark(
            boot="" if boot is None else boot.boot,
            since_boot_us=0 if boot is None else boot.since_us(),
            desktop_us=self.now_us(),
            calendar_us=self._clock.wall_us(),
        )


def moved_us(then: ClockMark, now: ClockMark) -> int:
    """What an instant of an earlier process's clock is more on this one's. Pure.

    Since the same start of the computer that is known, whatever became of the calendar. Over a start of the
    computer the calendar is believed: as it was when the frames were put aside, and as it is now.
    """
    if then.boot and then.boot == now.boot:
        return (now.desktop_us - now.since_boot_us) - (then.desktop_us - then.since_boot_us)
    return (now.desktop_us - now.calendar_us) - (then.desktop_us - then.calendar_us)
