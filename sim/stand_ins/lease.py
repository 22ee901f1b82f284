"""The Lease port in memory, with faults that can be switched on.

One `SimLeaseTable` is the row of a pair and the beats of its nodes, on a clock of its own; each node
calls through its own `SimLease`, whose faults are its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cluster.errors import LeaseUnavailable
from cluster.ports import OTHER_INSTANCE, LeaseView

_NS = 1_000_000_000


def _unwatched(holder: str, term: int) -> None:
    del holder, term


class SimLeaseTable:
    """The witness: one lease row and one beat row per node."""

    def __init__(self, *, clock_ns: Callable[[], int], lease_s: float) -> None:
        self._clock_ns = clock_ns
        self._lease_ns = round(lease_s * _NS)
        self._term = 0
        self._holder = self._instance = ""
        self._expires_ns = 0
        self._beats_ns: dict[str, int] = {}
        self.given: Callable[[str, int], None] = _unwatched
        """Called with holder and term whenever the row names somebody for a lease; for checkers."""

    @property
    def row(self) -> tuple[str, int, int]:
        """Holder, term and the instant of expiry, for checkers."""
        return self._holder, self._term, self._expires_ns

    def change(self, node: str, *, when: Callable[[SimLeaseTable, bool], bool]) -> bool:
        """Write the beat of `node`; tell whether `when(table, ended)` holds now."""
        now_ns = self._clock_ns()
        self._beats_ns[node] = now_ns
        return when(self, self._expires_ns <= now_ns)

    def is_of(self, node: str, instance: str) -> bool:
        """The row names `node`, in this installation or in one that is not known."""
        return self._holder == node and self._instance in ("", instance)

    def give(self, holder: str, term: int, instance: str = "") -> None:
        """The row names `holder` in `term` for a whole lease from now."""
        assert term >= self._term, "the row's term never goes back"
        self._holder, self._term, self._instance = holder, term, instance
        self._expires_ns = self._clock_ns() + self._lease_ns
        self.given(holder, term)

    def end(self) -> None:
        """The lease ends now; the row keeps its holder and term."""
        self._expires_ns = min(self._expires_ns, self._clock_ns())

    def view(self, node: str, instance: str, *, granted: bool) -> LeaseView:
        """What this installation of `node` is told."""
        now_ns = self._clock_ns()
        cloned = self._holder == node and not self.is_of(node, instance)
        others = [at_ns for name, at_ns in sorted(self._beats_ns.items()) if name != node]
        return LeaseView(
            granted=granted,
            term=self._term,
            holder=OTHER_INSTANCE if cloned and self._expires_ns > now_ns else self._holder,
            expires_in_s=(self._expires_ns - now_ns) / _NS,
            peer_age_s=(now_ns - max(others)) / _NS if others else None,
        )

    def lease(self, node: str, instance: str = "") -> SimLease:
        """The port of one installation of a node; without a name it is whichever there is."""
        return SimLease(table=self, node=node, instance=instance)


@dataclass
class SimLease:
    """One node's way to the witness. Faults: set the fields."""

    table: SimLeaseTable
    node: str
    instance: str = ""
    unreachable: bool = False
    """Calls fail and change nothing."""
    answer_lost: bool = False
    """Calls act and then fail: the outcome is unknown to the caller."""
    slow_s: float = 0.0
    """Passed to `wait` before the call acts."""
    wait: Callable[[float], None] | None = None
    """How the world lets time pass for a slow call."""

    def look(self) -> LeaseView:
        """See the port."""
        return self._call(lambda row, ended: self._is_mine(row) and not ended, lambda _: None)

    def acquire(self, seen_term: int, *, peer_is_dead: bool) -> LeaseView:
        """See the port."""
        return self._call(
            lambda row, ended: (
                ended
                or row.row[0] == ""
                or self._is_mine(row)
                or (peer_is_dead and row.row[1] <= seen_term and row.row[0] != self.node)
            ),
            lambda row: row.give(self.node, max(row.row[1], seen_term) + 1, self.instance),
        )

    def renew(self, term: int) -> LeaseView:
        """See the port."""
        return self._call(self._is_ours(term), lambda row: row.give(self.node, term, self.instance))

    def transfer(self, term: int, to_node: str) -> LeaseView:
        """See the port."""
        return self._call(self._is_ours(term), lambda row: row.give(to_node, term + 1))

    def release(self, term: int) -> LeaseView:
        """See the port. Nobody is granted anything."""
        return replace(self._call(self._is_ours(term), lambda row: row.end()), granted=False)

    def _is_ours(self, term: int) -> Callable[[SimLeaseTable, bool], bool]:
        return lambda row, _: self._is_mine(row) and row.row[1] == term

    def _is_mine(self, row: SimLeaseTable) -> bool:
        return row.is_of(self.node, self.instance)

    def _call(
        self,
        when: Callable[[SimLeaseTable, bool], bool],
        then: Callable[[SimLeaseTable], None],
    ) -> LeaseView:
        if self.slow_s and self.wait is not None:
            self.wait(self.slow_s)
        if self.unreachable:
            raise LeaseUnavailable("the witness cannot be reached", hint="The world cut it off.")
        granted = self.table.change(self.node, when=when)
        if granted:
            then(self.table)
        if self.answer_lost:
            raise LeaseUnavailable("the answer of the witness was lost")
        return self.table.view(self.node, self.instance, granted=granted)
