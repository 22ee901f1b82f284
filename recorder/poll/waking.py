"""Which waiting items to try before their time, because the source seems to be well again. Pure.

After a long outage an item waits up to the cap of the back-off, or parked, for an hour. A source that answers
again is reason enough to try at once; only items that failed for a reason of their own gain nothing by that.

Where others succeed and one item goes on failing, it is woken ever more rarely: after a tenth of the time it
has been failing, and at most once in a poll interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from recorder.model import ItemState
from recorder.poll.ledger import Item

SPREAD_S = 3.0
"""Those woken together come back over so long."""
LOOK_NS = 1_000_000_000
"""Successes come by the hundred: they are reason to look this often."""
SHARE = 10


class Sign(StrEnum):
    """Why the source is thought to be well."""

    POLL_RECOVERED = "poll_recovered"
    """A poll succeeded after one that failed."""
    POLLED = "polled"
    """A poll succeeded, as the one before."""
    FETCHED = "fetched"
    """An item was archived."""


class Waking:
    """Remembers the last success of a fetch. Instants are monotonic nanoseconds."""

    def __init__(self, *, interval_s: float, cap_s: float) -> None:
        self._interval_ns = int(interval_s * 1e9)
        self._cap_ns = max(self._interval_ns, int(cap_s * 1e9))
        self._fetched_ns: int | None = None

    def keys(self, sign: Sign, items: Mapping[str, Item], now_ns: int) -> tuple[str, ...]:
        """Keys of the items to try now, in the order they were found."""
        if sign is Sign.FETCHED:
            if self._fetched_ns is not None and now_ns - self._fetched_ns < LOOK_NS:
                return ()
            self._fetched_ns = now_ns
        hopeful = [key for key, item in items.items() if _is_hopeful(item, now_ns)]
        if sign is Sign.POLL_RECOVERED:
            return tuple(hopeful)
        if sign is Sign.FETCHED:
            return tuple(key for key in hopeful if self._rested(items[key], now_ns))
        return self._probe(hopeful, items)

    def _rested(self, item: Item, now_ns: int) -> bool:
        if item.woken_ns is None:
            return True
        share_ns = (now_ns - item.failing_since_ns) // SHARE
        pause_ns = min(self._cap_ns, max(self._interval_ns, share_ns))
        return now_ns - item.woken_ns >= pause_ns

    def _probe(self, hopeful: list[str], items: Mapping[str, Item]) -> tuple[str, ...]:
        """Polls succeed and no fetch does: one item finds out whether that is over."""
        since_ns = self._fetched_ns
        suspect = [key for key in hopeful if since_ns is None or items[key].failed_ns > since_ns]
        return (min(suspect, key=lambda key: items[key].failed_ns),) if suspect else ()


def _is_hopeful(item: Item, now_ns: int) -> bool:
    return (
        item.state is ItemState.FAILED
        and item.ending is None
        and not item.own_fault
        and now_ns >= item.not_before_ns
    )
