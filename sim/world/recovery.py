"""Recoveries in a world: every count is held to the items it counts, at every write and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from recorder.model import ItemState
from recorder.records.recoveries import RecoveryKind, RecoveryRow, RecoveryStatus, Stage
from sim.checkers.violation import Violation
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.tables.recoveries import MemoryRecoveryDb

if TYPE_CHECKING:
    from sim.world.world import World

PROMISE: Final = "recovery_accounts"
_FINAL: Final = frozenset(state.value for state in ItemState if state.is_final)
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
        self._cancelled: dict[str, RecoveryRow] = {}
        written = center.contacts.control_written

        def seen(call: str, term: int) -> None:
            written(call, term)
            if call in _CALLS:
                self._check()

        center.contacts.control_written = seen

    def is_cancelled(self, row: RecoveryRow) -> None:
        """Somebody was told that it is: it is so for good, whoever dies."""
        if row.status is RecoveryStatus.CANCELLED:
            self._cancelled.setdefault(row.recovery_id, row)

    @property
    def rows(self) -> tuple[RecoveryRow, ...]:
        """Every recovery, by its id."""
        return tuple(row for _, row in sorted(self._tables.rows.items()))

    def unfinished(self) -> Iterator[Violation]:
        """What is still to be waited for, and what somebody was told and is not so."""
        for name, row in self._cancelled.items():
            now = self._tables.rows[name]
            if now != row:
                what = f"a recovery that was cancelled is {now.status.value}: {now.counts}"
                yield Violation(PROMISE, what, (name,))
        left = [row.recovery_id for row in self.running if not self.watches(row)]
        if left:
            yield Violation(PROMISE, "a recovery does not come to its end", tuple(left))

    @property
    def running(self) -> tuple[RecoveryRow, ...]:
        """Those that have not come to an end."""
        return tuple(row for row in self.rows if row.status is RecoveryStatus.RUNNING)

    def watches(self, row: RecoveryRow) -> bool:
        """What holds it never gets a file, and is watched for longer than any world lasts.

        Either it is all that is left to be fetched, or the watermark waits for it, and this recovery for the watermark.
        """
        truth = self._world.services[row.source].fake.truth()
        absent = {item.key for item in truth if item.absent}
        rows = self._world.data_center.contacts.items.rows.values()
        mine = [one for one in rows if one.ref.source == row.source and one.ref.key in absent]
        watched = {one.ref.key for one in mine if one.state not in _FINAL}
        if not row.is_listed:
            return bool(watched) and row.kind is RecoveryKind.AUTOMATIC
        held = self._tables.items[row.recovery_id].values()
        left = {item.ref.key for item in held if item.stage in {Stage.PENDING, Stage.GIVEN}}
        return bool(left) and left <= watched

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
