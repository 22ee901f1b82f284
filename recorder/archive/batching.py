"""Which items go into the next commit. Pure.

Everything that waits shares one commit, up to a limit: that is what makes a commit cheap. When the
database refuses a batch without being down, one item in it must be bad: the batch is halved until the
bad one stands alone, and that one is set aside for a while, so that it never keeps the others.
"""

from __future__ import annotations

from collections import deque


class Batching:
    """Every key is in one place: waiting, in a part of a batch that failed, in flight, or aside."""

    def __init__(self, batch_max: int) -> None:
        assert batch_max > 0, "a batch holds at least one item"
        self._batch_max = batch_max
        self._waiting: dict[str, None] = {}
        self._parts: deque[tuple[str, ...]] = deque()
        self._in_flight: tuple[str, ...] = ()
        self._aside: dict[str, int] = {}

    @property
    def in_flight(self) -> tuple[str, ...]:
        """The batch being committed; empty when none is."""
        return self._in_flight

    @property
    def aside(self) -> tuple[str, ...]:
        """Keys refused on their own, waiting to be tried again."""
        return tuple(self._aside)

    def add(self, key: str) -> None:
        """Let `key` wait for the next batch. It must not be here yet."""
        assert key not in self._waiting, f"{key} waits already"
        self._waiting[key] = None

    def next(self, now_ns: int) -> tuple[str, ...]:
        """Put the next batch in flight: parts of a split one first, then what waits, then what was aside.

        An item that was aside goes alone, lest it spoil a batch again. Empty when there is nothing.
        """
        assert not self._in_flight, "one batch at a time"
        if self._parts:
            self._in_flight = self._parts.popleft()
        elif self._waiting:
            self._in_flight = tuple(self._waiting)[: self._batch_max]
            for key in self._in_flight:
                del self._waiting[key]
        else:
            due = (key for key, due_ns in self._aside.items() if due_ns <= now_ns)
            self._in_flight = tuple(key for key in (next(due, None),) if key is not None)
            for key in self._in_flight:
                del self._aside[key]
        return self._in_flight

    def landed(self) -> tuple[str, ...]:
        """The batch in flight is over; its keys are nowhere until they are put back."""
        keys, self._in_flight = self._in_flight, ()
        return keys

    def first(self, keys: tuple[str, ...]) -> None:
        """These come next: the commit failed for a reason that is not theirs."""
        if keys:
            self._parts.appendleft(keys)

    def split(self, keys: tuple[str, ...]) -> None:
        """The database refused these: try each half on its own."""
        assert len(keys) > 1, "one item cannot be split"
        middle = len(keys) // 2
        self._parts.extendleft([keys[middle:], keys[:middle]])

    def set_aside(self, key: str, due_ns: int) -> None:
        """Try `key` again after `due_ns`. It must not be anywhere else any more."""
        self._aside[key] = due_ns
