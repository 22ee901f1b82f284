"""The watermark: up to which instant a source is archived, whole. Pure.

Invariant: **no item that the source shows at or below `W` is unfinished**, where finished means committed in
the Data Center, or recorded there as gone, not recordable or parked. It holds because

    W = min(scan horizon, oldest item not final - granularity)

moves only over a contiguous prefix: the horizon passes an instant only after every page of a window that
touches the prefix was listed, and an item leaves the set of pending ones only after the Data Center said so.
"The newest finished item" would not do: items finish out of order, and one still in flight below it would be
skipped by whoever starts there next.

`W` says something about the source and the Data Center, not about a node. Hence any two sound values may be
merged by maximum, in any order, late, twice or never, and it does not matter which node polls or how often
that changes. Within an epoch `W` never goes back; an operator's rewind raises the epoch, so that the lower
value wins everywhere.

The lower bound of the next window is closed (`>=`) because items share instants: those at `W` may not all
have been visible together. Items already archived that the closed bound lists again are recognised by key.
"""

from __future__ import annotations

import heapq

from cluster.frames import Mark


class Watermark:
    """Horizon, pending items and the mark that follows from them. Instants are source microseconds."""

    def __init__(self, *, mark: Mark, granularity_us: int) -> None:
        """Start from a sound mark: nothing is pending below it, nothing is known above it."""
        assert granularity_us >= 1, "the resolution of a source's instants is at least 1 us"
        self._granularity_us = granularity_us
        self._mark = mark
        self._horizon_us = mark.at_us
        self._pending: dict[str, int] = {}
        self._oldest: list[tuple[int, str]] = []

    @property
    def mark(self) -> Mark:
        """(epoch, W): what is saved and shared."""
        return self._mark

    @property
    def horizon_us(self) -> int:
        """Every item at or below this was listed, from W on, by this process or before W was set."""
        return self._horizon_us

    @property
    def next_from_us(self) -> int:
        """Where a window must begin at the latest to leave no gap."""
        return self._horizon_us + self._granularity_us

    @property
    def pending(self) -> int:
        """Items that hold the watermark."""
        return len(self._pending)

    def is_pending(self, key: str) -> bool:
        """Whether this item holds the watermark."""
        return key in self._pending

    def found(self, key: str, changed_us: int) -> None:
        """An unfinished item was listed. To be told before `scanned` of its window.

        Listed again, the item counts from the earlier instant. An item below W (the source showed it
        late) does not pull W back, but holds it until it is final.
        """
        known_us = self._pending.get(key)
        if known_us is None or changed_us < known_us:
            self._pending[key] = changed_us
            heapq.heappush(self._oldest, (changed_us, key))

    def scanned(self, from_us: int, to_us: int) -> None:
        """All pages of [from_us, to_us) were listed and every unfinished item was `found`.

        A window that leaves a gap above the horizon proves nothing about W and is ignored.
        """
        if from_us <= self.next_from_us:
            self._horizon_us = max(self._horizon_us, to_us - self._granularity_us)
            self._advance()

    def final(self, key: str) -> None:
        """The Data Center confirmed the item's end, or that it is parked. Unknown keys are harmless."""
        if self._pending.pop(key, None) is not None:
            self._advance()

    def heard(self, mark: Mark) -> bool:
        """Merge a mark from disk, the peer or the Data Center. True when it was higher."""
        if mark <= self._mark:
            return False
        if mark.epoch > self._mark.epoch:
            self._horizon_us = mark.at_us
        self._mark = mark
        self._horizon_us = max(self._horizon_us, mark.at_us)
        self._advance()
        return True

    def rewind(self, to_us: int) -> None:
        """An operator wants everything from `to_us` on looked at again, or skipped up to there."""
        self._mark = Mark(self._mark.epoch + 1, to_us)
        self._horizon_us = to_us

    def _advance(self) -> None:
        while self._oldest and self._pending.get(self._oldest[0][1]) != self._oldest[0][0]:
            heapq.heappop(self._oldest)
        at_us = self._horizon_us
        if self._oldest:
            at_us = min(at_us, self._oldest[0][0] - self._granularity_us)
        if at_us > self._mark.at_us:
            self._mark = Mark(self._mark.epoch, at_us)
