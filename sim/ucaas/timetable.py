"""A queue of things to happen, carried out when the clock passes them, and a feed of new calls.

What happens is told the instant it was due, not the instant somebody looked.
"""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from sim.ucaas.fake import Mix
from sim.ucaas.surroundings import SECOND_US

Happening: TypeAlias = Callable[[int], None]
ScriptT = TypeVar("ScriptT")


@dataclass(order=True, slots=True)
class _Due:
    at_us: int
    number: int
    happen: Happening = field(compare=False)


class Timetable(ABC, Generic[ScriptT]):
    """Places scripts and lets them happen. Not thread-safe: the service locks."""

    def __init__(self) -> None:
        self._queue: list[_Due] = []
        self._number = 0
        self._feed: Mix[ScriptT] | None = None
        self._rate = 0.0
        self._next_call_us = 0
        self.live = False
        """Calls of the feed begin when they come, so that they can be watched; else they end then."""
        self.happening_us: int | None = None
        """The instant of what happens now; None while nothing does."""

    @abstractmethod
    def place(self, script: ScriptT) -> object:
        """Put a call into the world; what lies in the past happens at the next `advance`."""

    def begun(self, script: ScriptT) -> ScriptT:
        """The same call, beginning where it would have ended."""
        return script

    def at(self, at_us: int, happen: Happening) -> None:
        """Let something happen at an instant of the real clock; equal instants keep their order."""
        self._number += 1
        heapq.heappush(self._queue, _Due(at_us, self._number, happen))

    def feed(self, mix: Mix[ScriptT] | None, calls_per_minute: float, now_us: int) -> None:
        """Let calls end at random instants from now on, at this mean rate; None stops."""
        self._feed = mix if calls_per_minute > 0 else None
        self._rate = calls_per_minute
        self._next_call_us = now_us

    def advance(self, now_us: int) -> None:
        """Let everything happen that is due."""
        while self._feed is not None and self._next_call_us <= now_us:
            script = self._feed.call(self._next_call_us)
            self.place(self.begun(script) if self.live else script)
            self._next_call_us += int(self._feed.gap_s(self._rate) * SECOND_US)
        while self._queue and self._queue[0].at_us <= now_us:
            due = heapq.heappop(self._queue)
            self.happening_us = due.at_us
            due.happen(due.at_us)
            self.happening_us = None

    def pending(self) -> int:
        """Things yet to happen."""
        return len(self._queue)
