"""What nobody can know any more: listed while the Data Center was away, and forgotten with the process that listed it.

Such an item is listed again by whoever polls next. But what the source deleted in between leaves no trace: the one
known limit of S1, and no recording is lost by it, for a file that was fetched in time is in the call buffer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from sim.truth import TruthItem

_MARGIN_US: Final = 10_000_000
"""Between a listing and its record, and for a service's clock that is a little off."""
_FOR_EVER: Final = 1 << 62


@dataclass
class Forgotten:
    """Takes outages of the Data Center and the ends of processes, in true time."""

    _away: list[list[int]] = field(default_factory=list[list[int]])
    _active: int = 0
    _ends_us: list[int] = field(default_factory=list[int])
    _listed: dict[tuple[str, str], bool] = field(default_factory=dict[tuple[str, str], bool])
    """Whether the first listing that showed an item was a poll."""

    def away(self, now_us: int) -> None:
        """The Data Center does not take what it is told, by one node or by both."""
        if not self._active:
            self._away.append([now_us, _FOR_EVER])
        self._active += 1

    def back(self, now_us: int) -> None:
        """It does again."""
        self._active -= 1
        if not self._active:
            self._away[-1][1] = now_us

    def ended(self, now_us: int) -> None:
        """A process ended, and with it all that it only remembered."""
        self._ends_us.append(now_us)

    def listed(self, item: TruthItem, *, by_poll: bool) -> None:
        """A listing showed it; a check of credentials keeps nothing of what it sees."""
        if item.first_listed_us is not None:
            self._listed.setdefault((item.source, item.key), by_poll)

    def without(self, truth: Iterable[TruthItem]) -> Iterator[TruthItem]:
        """The truth as if such items had never been listed."""
        for item in truth:
            listed_us = item.first_listed_us
            if (
                item.deleted_us is None
                or listed_us is None
                or (self._listed.get((item.source, item.key), True) and not self._lost(listed_us))
            ):
                yield item
            else:
                yield replace(item, first_listed_us=None)

    def _lost(self, listed_us: int) -> bool:
        return any(
            begin_us - _MARGIN_US <= listed_us <= ended_us <= end_us + _MARGIN_US
            for begin_us, end_us in self._away
            for ended_us in self._ends_us
        )
