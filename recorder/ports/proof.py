"""What proving completeness needs from the world, as protocols; beside `recorder/ports/recording.py`.

Calls block and belong into job functions, but for those marked *any thread*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from recorder.model import ItemRef, Window
from recorder.records.audit import AuditEntry
from recorder.records.contacts import ItemRow
from recorder.records.das import DasPage, DasQuery
from recorder.records.drops import Claimed, Dropped, Foreign
from recorder.records.findings import (
    FindingList,
    FindingQuery,
    FindingRow,
    HeldMedia,
    OpenItem,
    RunRow,
    Span,
    Step,
)
from recorder.records.recoveries import (
    Difference,
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryItemList,
    RecoveryItemQuery,
    RecoveryList,
    RecoveryQuery,
    RecoveryRow,
    RecoveryStatus,
    Tended,
    Tending,
)

# --- recoveries ------------------------------------------------------------------------------------


class RecoveryDb(Protocol):
    """Recoveries on record. Every method raises DataCenterDown or DataCenterError.

    Requests may be made on any node. What carries a term is the primary's work: it raises StaleTerm when
    a higher one was seen, and changes nothing of a recovery that runs no more. In one transaction with its
    items, so that counts and items always agree; repeated after a lost answer it changes nothing.
    """

    # -- any node ----
    def request(self, row: RecoveryRow) -> RecoveryRow:
        """Put a request on record. One that is the same and runs already is returned instead."""
        ...

    def cancel(self, recovery_id: str, reason: str) -> RecoveryRow | None:
        """Cancel a recovery that runs, or was stopped or failed; returns it as it is now, None when there is none."""
        ...

    def resume(self, recovery_id: str, *, cancelled: bool = True) -> RecoveryRow | None:
        """Let one that is stopped, failed or cancelled run again where it was; None when there is none.

        Without `cancelled` one that somebody cancelled stays so: what the system resumes is no person's word.
        """
        ...

    def recovery(self, recovery_id: str) -> RecoveryRow | None:
        """None when there is no such recovery."""
        ...

    def recoveries(self, query: RecoveryQuery) -> RecoveryList:
        """A page of recoveries, the newest request first."""
        ...

    def recovery_items(self, query: RecoveryItemQuery) -> RecoveryItemList:
        """A page of the items that were missing, nearest to their deletion first."""
        ...

    # -- the primary ----
    def running(self) -> tuple[RecoveryRow, ...]:
        """Every recovery that runs, the oldest request first."""
        ...

    def stopped(self) -> tuple[RecoveryRow, ...]:
        """Those that are stopped or failed, the newest hundred first; without ids and forecast.

        No dry runs, and none whose period another one completed since.
        """
        ...

    def difference(self, refs: Sequence[ItemRef]) -> Difference:
        """What of one source's listing is archived, not recordable or missing. One query."""
        ...

    def stage(self, items: Sequence[RecoveryItem], recovery_id: str, *, first: bool) -> None:
        """Keep missing items of a section as LISTED until it is whole; `first` drops what was left over."""
        ...

    def record_section(self, section: ListedSection, term: int) -> RecoveryRow:
        """Count a section and make its missing items PENDING; returns the recovery as it is now."""
        ...

    def tend(self, tending: Tending, term: int) -> Tended:
        """See what became of the items in hand, and give more of the pending ones, soonest lost first."""
        ...

    def end(
        self,
        recovery_id: str,
        status: RecoveryStatus,
        reason: str,
        term: int,
        forecast: Forecast | None = None,
    ) -> RecoveryRow:
        """End a recovery that runs; returns it as it is now."""
        ...

    def oldest_us(self, source: str) -> int | None:
        """The oldest `changed_us` of any item of the source; None when there is no item."""
        ...

    def mean_bytes(self, source: str) -> int:
        """The mean size of what was archived of the source lately; 0 when nothing was."""
        ...


# --- the data access service -----------------------------------------------------------------------


class Das(Protocol):
    """Contacts for programs, page by page; see recorder.records.das for what holds under writes."""

    def contacts(self, query: DasQuery) -> DasPage:
        """One page. Raises DataCenterDown, DataCenterError, BadCursor."""
        ...


# --- findings --------------------------------------------------------------------------------------


class FindingsDb(Protocol):
    """What does not agree, on record. Every method raises DataCenterDown or DataCenterError.

    What carries a term is the primary's work: it raises StaleTerm when a higher one was seen.
    """

    # -- any node ----
    def findings(self, query: FindingQuery) -> FindingList:
        """A page of findings, the newest first. Raises BadCursor."""
        ...

    def finding(self, finding_id: str) -> FindingRow | None:
        """None when there is no such finding."""
        ...

    def close_finding(self, finding_id: str, because: str) -> FindingRow | None:
        """Operator: it is over; one that is over stays as it is. None when there is no such finding."""
        ...

    def open_counts(self, source: str | None = None) -> Mapping[tuple[str, str, str], int]:
        """Open findings by (source, severity, cause)."""
        ...

    def runs(self, source: str | None, limit: int) -> tuple[RunRow, ...]:
        """Reconciliations, the newest first."""
        ...

    def note_spans(self, spans: Sequence[Span]) -> None:
        """What was so on this node: a span told again is extended, or closed."""
        ...

    def close_spans(self, node: str, from_us: int) -> None:
        """Spans of `node` that began before and never ended: they ended when they were last seen."""
        ...

    def spans(self, window: Window, limit: int) -> tuple[Span, ...]:
        """What touches a period, the latest first; back in order of time."""
        ...

    # -- to compare ----
    def held(
        self, source: str, window: Window, after: tuple[int, str] | None, limit: int
    ) -> tuple[ItemRow, ...]:
        """Items on record by (`changed_us`, key), behind `after`."""
        ...

    def known(self, source: str, keys: Sequence[str]) -> tuple[ItemRow, ...]:
        """Items by key, in no order. From an index."""
        ...

    def held_media(self, source: str, item_keys: Sequence[str]) -> tuple[HeldMedia, ...]:
        """Files on record of these items, in no order, without those that are being deleted. From an index."""
        ...

    def objects_without_row(self, object_keys: Sequence[str]) -> tuple[str, ...]:
        """Those that no file on record names, in the given order. One query."""
        ...

    def items_behind(self, text: str, limit: int) -> tuple[ItemRow, ...]:
        """Items with a file of this SHA-256, or of an interaction with an attribute of this very value.

        A value that is no id (five to a hundred characters, no blank, a digit) may be looked for among the
        newest 10,000 contacts only.
        """
        ...

    def open_items(self, source: str, after: str, limit: int) -> tuple[OpenItem, ...]:
        """Open findings behind the id `after`, in order of id, with the items they are about."""
        ...

    # -- the primary ----
    def begin_run(self, run: RunRow, term: int) -> RunRow:
        """Put a run on record; one of the same source that did not end is returned instead."""
        ...

    def record_step(self, step: Step, term: int) -> RunRow:
        """Open, refresh and close findings, and move the run on. Nothing twice, however often it is told."""
        ...

    def end_run(self, run_id: str, reason: str, term: int) -> RunRow:
        """End a run; one that ended stays as it is."""
        ...

    def settle(self, step: Step, term: int) -> int:
        """The findings of a step without a run; returns how many changed."""
        ...

    def ended_findings(self, before_us: int, limit: int) -> tuple[FindingRow, ...]:
        """Findings that ended, and were seen last, before an instant; those seen longest ago first."""
        ...

    def forget_findings(self, finding_ids: Sequence[str], told: AuditEntry, term: int) -> int:
        """Delete those of these findings that ended; returns how many there were.

        Where there were any, `told` is in the audit trail from then on: one transaction, never one without the other.
        """
        ...

    def set_recovery(self, source: str, window: Window, recovery_id: str, term: int) -> None:
        """Findings of things at the source and not here, in a period, are fetched by this recovery.

        Open ones, and those that somebody accepted.
        """
        ...


# --- files put down for a recovery -----------------------------------------------------------------


class DropFolder(Protocol):
    """Where people put files with ids; two nodes may share one. Every method raises RecorderError.

    What is done to a file that was taken raises FileTakenOver when it is another node's by now.
    """

    def incoming(self) -> tuple[Dropped, ...]:
        """What was put down and is to be taken, by kind and name; not what is called as unfinished."""
        ...

    def claim(self, dropped: Dropped) -> bool:
        """Take it for this node. False when it is gone by now: taken by the other node, or away."""
        ...

    def claimed(self) -> tuple[Claimed, ...]:
        """What this node took and did not finish, by kind and name; also in an earlier life."""
        ...

    def live(self) -> None:
        """Show other nodes that this one works on what it took; to be repeated every few seconds."""
        ...

    def foreign(self) -> tuple[Foreign, ...]:
        """What other nodes took and did not finish, by kind, node and name."""
        ...

    def take_over(self, foreign: Foreign) -> bool:
        """Take it from its node, which is gone for good; its token stays. False when it is away by now."""
        ...

    def read(self, claimed: Claimed, bytes_max: int) -> bytes:
        """The content, at most one byte more than `bytes_max`."""
        ...

    def decide(self, claimed: Claimed, token: str) -> Claimed:
        """Keep the token with the file, so that it is found again after a crash."""
        ...

    def has_result(self, kind: str, token: str) -> bool:
        """Whether a file was finished under this token."""
        ...

    def finish(self, claimed: Claimed, result: bytes) -> str:
        """Put the result beside the file, and both away as processed; returns where the result is."""
        ...
