"""The clocks of a simulated node."""

from __future__ import annotations

from typing import TypeVar

from cluster.ports import Address
from sim.clockwork.kernel import Epoch, Event, Kernel

M = TypeVar("M")

_NS = 1_000_000_000
_MILLION = 1_000_000
_MONOTONIC_START_NS_MAX = 10**15
WALL_START_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z: where every world's calendar begins."""


class SimClock:
    """Implements `cluster.ports.Clock` in virtual time, for one life of one node.

    The monotonic clocks of two nodes differ by a seeded amount, so that comparing instants of
    different nodes shows as nonsense. The calendar may be wrong (`jump_wall`), and both may run at a
    wrong rate (`drift`).
    """

    def __init__(self, *, kernel: Kernel, epoch: Epoch) -> None:
        self._kernel = kernel
        self._epoch = epoch
        self._label = f"{epoch.node} timer"
        self._start_ns = kernel.streams.stream("clock", epoch.node).randrange(
            _MONOTONIC_START_NS_MAX
        )
        self._wall_offset_us = 0
        self._ppm = 0
        self._wall_ppm = 0
        self._since_ns = 0
        """Since when the clocks run at these rates."""

    def belong_to(self, epoch: Epoch) -> None:
        """Timers set from now on are those of another life on the same machine."""
        self._epoch = epoch

    def monotonic_ns(self) -> int:
        """Virtual time since an arbitrary start of this node."""
        if self._ppm:
            return self._start_ns + self._kernel.now_ns + self._gained_ns(self._ppm)
        return self._start_ns + self._kernel.now_ns

    def wall_us(self) -> int:
        """The calendar as this node believes it."""
        gained_us = self._gained_ns(self._wall_ppm) // 1000 if self._wall_ppm else 0
        return WALL_START_US + self._kernel.now_ns // 1000 + self._wall_offset_us + gained_us

    def jump_wall(self, seconds: float) -> None:
        """Set the calendar of this node forward, or back when negative; timers do not notice."""
        self._wall_offset_us += round(seconds * 1_000_000)

    def drift(self, *, monotonic_ppm: int, wall_ppm: int) -> None:
        """Let the clocks gain so many parts per million more than they do; less when negative."""
        self._start_ns += self._gained_ns(self._ppm)
        self._wall_offset_us += self._gained_ns(self._wall_ppm) // 1000
        self._since_ns = self._kernel.now_ns
        self._ppm += monotonic_ppm
        self._wall_ppm += wall_ppm

    def _gained_ns(self, ppm: int) -> int:
        return (self._kernel.now_ns - self._since_ns) * ppm // _MILLION

    def call_later(self, delay_s: float, address: Address[M], message: M) -> Event:
        """Tell `message` after `delay_s` virtual seconds, if the node still lives then."""
        delay_ns = round(delay_s * _NS)
        return self._kernel.schedule(
            delay_ns * _MILLION // (_MILLION + self._ppm) if self._ppm else delay_ns,
            lambda: address.tell(message),
            label=self._label,
            epoch=self._epoch,
        )
