"""Which contacts are looked at for stitching before anybody asks, and when. Pure.

A screen is in the archive minutes before the contact it belongs to, whose audio comes with the next poll, and more
may come later. So the calls of new parts are watched: looked up again and again, ever more seldom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FIRST_S: Final = 15.0
LONGEST_S: Final = 3600.0
FORGET_S: Final = 3 * 86_400.0
CALLS_MAX: Final = 2_000
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class _Watched:
    since_ns: int
    due_ns: int
    wait_s: float
    stitched: int = 0
    """Revision of the contact that was stitched last."""


class Ahead:
    """Calls that are watched; bounded, the newest win."""

    def __init__(self) -> None:
        self._calls: dict[str, _Watched] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def watch(self, calls: Iterable[str], now_ns: int) -> None:
        """A part of these calls is new: look at them soon, also at those that were stitched before."""
        for call in calls:
            self._calls.pop(call, None)
            self._calls[call] = _Watched(now_ns, now_ns, FIRST_S)
        while len(self._calls) > CALLS_MAX:
            del self._calls[next(iter(self._calls))]

    def due(self, now_ns: int, limit: int) -> tuple[str, ...]:
        """Calls to look up now, the newest first; each waits twice as long for its next turn."""
        old = [call for call, one in self._calls.items() if now_ns - one.since_ns > FORGET_S * _NS]
        for call in old:
            del self._calls[call]
        found = [call for call, one in reversed(self._calls.items()) if one.due_ns <= now_ns]
        for call in found[:limit]:
            one = self._calls[call]
            one.due_ns = now_ns + int(one.wait_s * _NS)
            one.wait_s = min(2 * one.wait_s, LONGEST_S)
        return tuple(found[:limit])

    def wants(self, call: str, revision: int) -> bool:
        """Whether this revision of the call's contact was not stitched yet."""
        one = self._calls.get(call)
        return one is not None and one.stitched != revision

    def stitched(self, call: str, revision: int) -> None:
        """It is done, until the contact changes or another part comes."""
        if call in self._calls:
            self._calls[call].stitched = revision

    def again(self, call: str, now_ns: int) -> None:
        """It was too early: look soon."""
        if call in self._calls:
            self._calls[call].due_ns = now_ns + int(FIRST_S * _NS)
