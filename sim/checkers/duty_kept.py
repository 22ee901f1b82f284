"""S6 from inside: who was granted duty, by which lease, and what was begun under it.

What a source sees of two nodes that poll is often too little to tell (`one_primary`); what they grant themselves
is not. Instants are of one clock for all, in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cluster.roles.terms import is_unwitnessed
from sim.checkers.violation import Violation

PROMISE = "one_primary"
SIGHT_NS: Final = 6_000_000_000
"""A witness that answered for so long may be asked: nobody acts without a lease."""
HANGS_NS: Final = 2_000_000_000
"""A question that waits for so long is no sight of the witness: a lease may end meanwhile."""
_SLACK_NS: Final = 400_000_000
"""What a clock that drifts by a twentieth gains or loses while a lease is believed."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A duty as the poller was told of it."""

    node: str
    term: int
    until_ns: int
    leased: bool


@dataclass
class Sight:
    """Since when every question of one process to the witness was answered in time."""

    _since_ns: int | None = None
    _asked_ns: list[int] = field(default_factory=list[int])
    """When those were asked that wait for their answer."""

    def asks(self, now_ns: int) -> None:
        """A question is on its way."""
        self._asked_ns.append(now_ns)

    def answered(self, now_ns: int, *, well: bool) -> None:
        """The oldest one is answered, or failed. `well`: the answer is worth something."""
        in_time = now_ns - self._asked_ns.pop(0) < HANGS_NS
        if not well:
            self._since_ns = None
        elif not in_time or self._since_ns is None:
            self._since_ns = now_ns

    def lost(self) -> None:
        """What was seen before counts no more."""
        self._since_ns = None

    def since_ns(self, now_ns: int) -> int | None:
        """None: the witness is not seen, or a question to it hangs."""
        hangs = any(now_ns - asked_ns >= HANGS_NS for asked_ns in self._asked_ns)
        return None if hangs else self._since_ns


@dataclass
class DutyBook:
    """Takes grants, lease rows and listings as they happen; each method gives what they break."""

    leases: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """When the lease of a node in a term ends."""
    duties: dict[str, Granted] = field(default_factory=dict[str, Granted])
    doubted: bool = False
    """The clock of the witness was set: when leases end is nobody's promise any more."""

    def lease(self, node: str, term: int, ends_ns: int) -> None:
        """The row names `node` in `term` until then."""
        self.leases[node, term] = ends_ns

    def grant(self, duty: Granted, now_ns: int, seen_since_ns: int | None) -> Iterator[Violation]:
        """A poller was granted duty. `seen_since_ns`: since when its node can reach the witness."""
        self.duties[duty.node] = duty
        if duty.leased:
            yield from self._leased(duty, now_ns)
        elif seen_since_ns is not None and now_ns - seen_since_ns >= SIGHT_NS:
            what = "duty without a lease although the witness can be asked"
            yield Violation(PROMISE, what, (duty.node,))

    def reign(
        self, node: str, term: int, now_ns: int, seen_since_ns: int | None
    ) -> Iterator[Violation]:
        """A node begins to act in `term`. `seen_since_ns` as for `grant`."""
        seen = seen_since_ns is not None and now_ns - seen_since_ns >= SIGHT_NS
        if seen and is_unwitnessed(term):
            yield Violation(PROMISE, "took a term alone although the witness can be asked", (node,))

    def over(self, node: str) -> None:
        """The duty was withdrawn, or the process is dead."""
        self.duties.pop(node, None)

    def listing(self, node: str, now_ns: int) -> Iterator[Violation]:
        """A node begins to ask a source for a page of items."""
        duty = self.duties.get(node)
        if duty is None:
            yield Violation(PROMISE, "polls without duty", (node,))
        elif now_ns > duty.until_ns + _SLACK_NS:
            yield Violation(PROMISE, "polls after its duty ended", (node,))

    def _leased(self, duty: Granted, now_ns: int) -> Iterator[Violation]:
        ends_ns = self.leases.get((duty.node, duty.term), 0)
        if duty.until_ns > ends_ns + _SLACK_NS:
            yield Violation(PROMISE, "leased duty that outlives the lease", (duty.node,))
        for other in self.duties.values():
            both = other.leased and other.node != duty.node and other.until_ns > now_ns
            if both and duty.until_ns > now_ns and not self.doubted:
                nodes = (other.node, duty.node)
                yield Violation(PROMISE, "two nodes hold a leased duty", nodes)
