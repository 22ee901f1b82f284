"""Recoveries in a world: every count is held to the items it counts, at every write and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from recorder.recovery_rows import RecoveryRow, RecoveryStatus, Stage
from sim.checkers.violation import Violation
from sim.clock import SimClock
from sim.kernel import Epoch
from sim.recovery_tables import MemoryRecoveryDb

if TYPE_CHECKING:
    from sim.world.world import World

PROMISE: Final = "recovery_accounts"
_CALLS: Final = frozenset({"record_section", "tend_recovery", "end_recovery"})


class RecoveryGuard:
    """One per world; where nobody asks for a recovery it has nothing to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        center = world.data_center
        self._tables = center.recovery_tables
        self.db = MemoryRecoveryDb(
            self._tables,
            center.contacts,
            node="operator",
            clock=SimClock(kernel=world.kernel, epoch=Epoch("operator", 0)),
        )
        """As an operator sees them, whatever lies between the nodes and the Data Center."""
        written = center.contacts.control_written

        def seen(call: str, term: int) -> None:
            written(call, term)
            if call in _CALLS:
                self._check()

        center.contacts.control_written = seen

    @property
    def rows(self) -> tuple[RecoveryRow, ...]:
        """Every recovery, by its id."""
        return tuple(row for _, row in sorted(self._tables.rows.items()))

    def unfinished(self) -> Iterator[Violation]:
        """What is still to be waited for."""
        left = [row.recovery_id for row in self.rows if row.status is RecoveryStatus.RUNNING]
        if left:
            yield Violation(PROMISE, "a recovery does not come to its end", tuple(left))

    def _check(self) -> None:
        for row in self.rows:
            held = self._tables.items[row.recovery_id].values()
            stages = Counter(item.stage for item in held)
            counts = row.counts
            agree = (
                counts.add_up
                and counts.pending == stages[Stage.PENDING] + stages[Stage.GIVEN]
                and counts.recovered == stages[Stage.RECOVERED]
                and counts.gone == stages[Stage.GONE]
                and counts.failed == stages[Stage.FAILED]
            )
            if not agree:
                what = f"the counts of a recovery are not those of its items: {counts}"
                self._world.broken(Violation(PROMISE, what, (row.recovery_id,)))
