"""Events that are not in the Data Center yet: what is to be written to the disk and to the database next. Pure.

An event leaves only when the Data Center has it, or when there are too many: then the oldest are given up.
What the disk did not take is kept in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from recorder.scn.model import AgentEvent

BATCH_MAX: Final = 500
WAITING_MAX: Final = 100_000
SPENT_MAX: Final = 2_000
"""Records on disk that are not needed any more, before the file is made anew under load."""


class EventSpool:
    """Events in the order they were heard: `fresh` ones are neither on disk nor in the Data Center."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._waiting_max = waiting_max
        self._fresh: list[AgentEvent] = []
        self._waiting: deque[AgentEvent] = deque()
        self._on_disk = 0
        self._torn = False
        """The disk did not take everything that waits."""
        self.lost = 0
        """Given up."""

    def __len__(self) -> int:
        return len(self._fresh) + len(self._waiting)

    def heard(self, events: Iterable[AgentEvent]) -> None:
        """By this node first: they go to its disk, too."""
        self._fresh += events

    def told(self, events: Iterable[AgentEvent]) -> None:
        """By the peer, on whose disk they are."""
        self._wait_for(events)

    def found(self, events: Iterable[AgentEvent]) -> None:
        """On this node's disk, by a former life of it."""
        before = len(self._waiting)
        self._wait_for(events)
        self._on_disk += len(self._waiting) - before

    def fresh(self) -> tuple[AgentEvent, ...]:
        """What the disk must take next."""
        return tuple(self._fresh)

    def spooled(self, count: int, *, durable: bool) -> None:
        """The disk took the first of `fresh`, or did not; either way they wait for the Data Center."""
        events = self._fresh[:count]
        del self._fresh[:count]
        self._wait_for(events)
        if durable:
            self._on_disk += count
        else:
            self._torn = True

    def batch(self) -> tuple[AgentEvent, ...]:
        """What the Data Center must take next."""
        return tuple(islice(self._waiting, BATCH_MAX))

    def recorded(self, events: Iterable[AgentEvent]) -> None:
        """The Data Center has these, the first of those that waited."""
        for event in events:
            if self._waiting and self._waiting[0] is event:
                self._waiting.popleft()

    def is_spent(self) -> bool:
        """Whether the file on disk is to be made anew."""
        spent = self._on_disk - len(self._waiting)
        return self._torn or spent >= SPENT_MAX or (self._on_disk > 0 and not self._waiting)

    def compact(self) -> tuple[AgentEvent, ...]:
        """What the file must hold."""
        return tuple(self._waiting)

    def compacted(self, count: int) -> None:
        """The file holds what `compact` said."""
        self._on_disk = count
        self._torn = False

    def _wait_for(self, events: Iterable[AgentEvent]) -> None:
        self._waiting.extend(events)
        while len(self._waiting) > self._waiting_max:
            self._waiting.popleft()
            self.lost += 1
