"""Periods proven complete, as disjoint half-open intervals. Pure.

Invariant: intervals are sorted, do not touch, and are at most `INTERVALS_MAX`; when there are more, the
oldest are forgotten, which claims less than is true and never more.
"""

from __future__ import annotations

from collections.abc import Iterable

from recorder.model import Window

INTERVALS_MAX = 64


class Coverage:
    """A set of instants, built by adding windows. Instants are source microseconds."""

    def __init__(self, windows: Iterable[Window] = ()) -> None:
        self._parts: list[tuple[int, int]] = []
        for window in windows:
            self.add(window)

    @property
    def windows(self) -> tuple[Window, ...]:
        """The intervals, oldest first."""
        return tuple(Window(start, end) for start, end in self._parts)

    @property
    def start_us(self) -> int | None:
        """The oldest instant covered; None when nothing is."""
        return self._parts[0][0] if self._parts else None

    def add(self, window: Window) -> None:
        """Count this window as complete; an empty one changes nothing."""
        start, end = window.from_us, window.to_us
        if start >= end:
            return
        apart = [part for part in self._parts if part[1] < start or part[0] > end]
        joined = [part for part in self._parts if not (part[1] < start or part[0] > end)]
        start = min([start, *(part[0] for part in joined)])
        end = max([end, *(part[1] for part in joined)])
        self._parts = sorted([*apart, (start, end)])[-INTERVALS_MAX:]

    def cut(self, from_us: int) -> None:
        """Nothing from this instant on counts as complete any more."""
        self._parts = [(start, min(end, from_us)) for start, end in self._parts if start < from_us]

    def gaps(self, from_us: int, to_us: int) -> tuple[Window, ...]:
        """What of [from_us, to_us) is not covered, oldest first."""
        found: list[Window] = []
        at_us = from_us
        for start, end in self._parts:
            if start > at_us and at_us < to_us:
                found.append(Window(at_us, min(start, to_us)))
            at_us = max(at_us, end)
        if at_us < to_us:
            found.append(Window(at_us, to_us))
        return tuple(found)

    def within(self, from_us: int, to_us: int) -> tuple[Window, ...]:
        """What of [from_us, to_us) is covered, oldest first."""
        return tuple(
            Window(max(start, from_us), min(end, to_us))
            for start, end in self._parts
            if start < to_us and end > from_us
        )
