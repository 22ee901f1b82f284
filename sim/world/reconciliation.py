"""Reconciliations in a world: every finding is held to the truth, as it opens, as it closes, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from recorder.records.findings import FindingRow, RunRow, Scope, What
from recorder.records.retention import DeletionState
from sim.checkers.findings_true import (
    PROMISE,
    Place,
    Span,
    Thing,
    check_closed,
    check_left,
    check_once,
    check_opened,
    check_told,
)
from sim.checkers.violation import Violation
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.tables.findings import MemoryFindingsDb
from sim.truth import TruthItem
from sim.world.incident import NODES
from sim.world.settings import reconciles

if TYPE_CHECKING:
    from sim.world.incident import Fault
    from sim.world.watch import Watch
    from sim.world.world import World

_CALLS: Final = frozenset({"begin_run", "record_step", "end_run", "settle"})
_MISNAMES: Final = frozenset({"service_wrong_size"})
_SKEWS: Final = frozenset({"service_clock_skew"})
_SKEW_US: Final = 3_600_000_000
HALF_DAY_S: Final = 43_200.0
PATIENCE_S: Final = 300.0
"""Besides what settling takes: a comparison, what it fetches, and a comparison that finds nothing more."""


class ReconciliationGuard:
    """One per world; where nothing is compared it has nothing to do."""

    def __init__(self, world: World, watch: Watch) -> None:
        self._world = world
        self._watched = watch
        self.is_on = reconciles(world.incident)
        settings = world.machines[NODES[0]].config.reconcile
        self._never_rests = (
            self.is_on and settings.enabled and settings.retention_every_s < HALF_DAY_S
        )
        """One comparison follows the other, so that all that differs is told before the end."""
        center = world.data_center
        self._tables = center.finding_tables
        self.db = MemoryFindingsDb(
            self._tables,
            center.contacts,
            node="operator",
            clock=SimClock(kernel=world.kernel, epoch=Epoch("operator", 0)),
        )
        """As an operator sees them."""
        self._lost_us: dict[Place, int] = {}
        self._broken: dict[str, list[Span]] = {}
        self._owners: dict[str, Place] = {}
        """Of objects that were not whole: their rows may be deleted before anybody tells of it."""
        self._strays: dict[Place, list[Span]] = {}
        self._misnamed: list[Span] = []
        self._findings: dict[str, FindingRow] = {}
        self._runs: dict[str, RunRow] = {}
        self._began_us: dict[str, int] = {}
        self._wrote_us: dict[str, int] = {}
        self._calm_us: int | None = None
        skewed = any(fault.kind in _SKEWS for fault in world.incident.faults)
        self._slack_us = _SKEW_US if skewed else 0
        if self.is_on:
            self._watch(center.contacts.control_written)

    @property
    def findings(self) -> tuple[FindingRow, ...]:
        """All, the oldest first."""
        return tuple(sorted(self._tables.findings.values(), key=lambda row: row.opened_us))

    @property
    def runs(self) -> tuple[RunRow, ...]:
        """All, the oldest first."""
        return tuple(sorted(self._tables.runs.values(), key=lambda row: row.started_us))

    @property
    def damaged(self) -> frozenset[str]:
        """Objects that are not whole now."""
        spans = self._broken.items()
        return frozenset(key for key, some in spans if any(to is None for _, to in some))

    # -- what happens ----

    def breaks(self, object_key: str) -> Callable[[], None]:
        """An object is not whole from now on; returns how to say that it is again."""
        media = self._world.data_center.contacts.contacts.media
        for (source, _), one in media.items():
            if one.row.object_key == object_key:
                self._owners[object_key] = (source, one.item_key)
        return self._span(self._broken.setdefault(object_key, []))

    def strays(self, source: str, object_key: str) -> Callable[[], None]:
        """The same for one that somebody put there."""
        return self._span(self._strays.setdefault((source, object_key), []))

    def loses(self, source: str, item_key: str) -> None:
        """What was on record of an item is no more."""
        self._lost_us[source, item_key] = self._now_us()
        self._watched.rows_lost(source, item_key)

    @property
    def by_hand(self) -> int:
        """Comparisons that somebody asked for, and that came to their end."""
        runs = self._tables.runs.values()
        return sum(one.scope is Scope.ASKED and one.ended_us is not None for one in runs)

    def is_lost(self, source: str, item_key: str) -> bool:
        """What was on record of it went at some time."""
        return (source, item_key) in self._lost_us

    def fault_begins(self, fault: Fault) -> Callable[[], None]:
        """Returns how to say that it is over."""
        if fault.kind in _MISNAMES and not fault.options.get("hits"):
            return self._span(self._misnamed)
        return _nothing

    def unfinished(self, *, others: bool) -> Iterator[Violation]:
        """What is still to be waited for; `others`: there is more to be waited for than comparisons."""
        if not self._never_rests:
            return
        if others:
            self._calm_us = None
            return
        if self._calm_us is None:
            self._calm_us = self._now_us()
        recovers = {row.source for row in self._world.recovery.running}
        sources = [one for one in self._world.incident.sources if one not in recovers]
        waits = [one for one in sources if not self._was_compared(one)]
        if waits:
            what = "no reconciliation comes to its end when all is well"
            yield Violation(PROMISE, what, tuple(waits))
            return
        for row in self.findings:
            yield from check_left(
                row, self._thing(row.source, row.what, row.subject), self._now_us()
            )

    # -- inside ----

    def _now_us(self) -> int:
        return self._world.data_center.now_us()

    def _span(self, spans: list[Span]) -> Callable[[], None]:
        number, began_us = len(spans), self._now_us()
        spans.append((began_us, None))

        def over() -> None:
            spans[number] = (began_us, self._now_us())

        return over

    def _watch(self, before: Callable[[str, int], None]) -> None:
        def seen(call: str, term: int) -> None:
            before(call, term)
            if call in _CALLS:
                for violation in self._changed(call):
                    self._world.broken(violation)

        self._world.data_center.contacts.control_written = seen

    def _changed(self, call: str) -> Iterator[Violation]:
        now_us = self._now_us()
        changed = [row for name, row in self._tables.runs.items() if self._runs.get(name) != row]
        for run in changed:
            self._began_us.setdefault(run.run_id, now_us)
        since_us = min((self._wrote_us.get(run.run_id, now_us) for run in changed), default=now_us)
        yield from self._findings_changed((since_us, now_us))
        for run in changed:
            self._runs[run.run_id] = run
            self._wrote_us[run.run_id] = now_us
            if call == "end_run" and run.ended_us is not None and not run.reason:
                yield from self._ended(run, now_us)

    def _findings_changed(self, period: tuple[int, int]) -> Iterator[Violation]:
        for name, row in self._tables.findings.items():
            old = self._findings.get(name)
            if old == row:
                continue
            thing = self._thing(row.source, row.what, row.subject)
            if old is None:
                yield from check_opened(row, thing, period)
            elif old.is_open and not row.is_open:
                yield from check_closed(row, thing, period)
        self._findings = dict(self._tables.findings)
        yield from check_once(self._findings.values())

    def _ended(self, run: RunRow, now_us: int) -> Iterator[Violation]:
        began_us = self._began_us[run.run_id]
        yield from check_told(run, began_us, now_us, self._things(run.source), self.findings)

    def _was_compared(self, source: str) -> bool:
        return any(
            run.source == source
            and run.scope is not Scope.ASKED
            and run.ended_us is not None
            and not run.reason
            and self._began_us[run.run_id] >= (self._calm_us or 0)
            for run in self._tables.runs.values()
        )

    # -- what is so ----

    def _thing(self, source: str, what: What, subject: str) -> Thing:
        if what is What.OBJECT_WITHOUT_ROW:
            return self._object(source, subject)
        truth = self._world.services[source].fake.truth()
        return self._item(source, subject, [item for item in truth if item.key == subject])

    def _things(self, source: str) -> Iterator[Thing]:
        items: dict[str, list[TruthItem]] = {}
        for item in self._world.services[source].fake.truth():
            items.setdefault(item.key, []).append(item)
        for key, versions in items.items():
            yield self._item(source, key, versions)
        for of, key in self._strays:
            if of == source:
                yield self._object(source, key)

    def _item(self, source: str, key: str, versions: Iterable[TruthItem]) -> Thing:
        contacts = self._world.data_center.contacts
        row = contacts.items.rows.get((source, key))
        deletions = contacts.deletions.values()
        going = {one.contact_id for one in deletions if one.state is DeletionState.DELETING}
        objects = [name for name, owner in self._owners.items() if owner == (source, key)]
        known, archived_us = tuple(versions), self._watched.archived_us
        places = {one.version: (source, key, one.version) for one in known}
        return Thing(
            (source, key),
            known,
            row,
            {name: archived_us[at] for name, at in places.items() if at in archived_us},
            lost_us=self._lost_us.get((source, key)),
            broken=[span for one in objects for span in self._broken.get(one, ())],
            misnamed=self._misnamed,
            is_going=row is not None and row.contact_id in going,
            slack_us=self._slack_us,
        )

    def _object(self, source: str, key: str) -> Thing:
        media = self._world.data_center.contacts.contacts.media.values()
        is_there = key in self._world.data_center.objects.objects
        return Thing(
            (source, key),
            stray=self._strays.get((source, key), ()) if is_there else (),
            is_named=any(one.row.object_key == key for one in media),
        )


def _nothing() -> None:
    pass
