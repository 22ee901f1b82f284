"""Findings over plain dictionaries, for the simulator: a second telling of the database's rules."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from cluster.ports import Clock
from recorder.adapters.contact_db.columns import clean, tidy
from recorder.adapters.contact_db.fence import refuse_stale
from recorder.adapters.contact_db.finding_work import added
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.errors import DataCenterDown
from recorder.model import Window
from recorder.records.audit import AuditEntry
from recorder.records.contacts import ItemRow
from recorder.records.findings import (
    NOTED,
    FindingList,
    FindingQuery,
    FindingRow,
    HeldMedia,
    OpenItem,
    RunRow,
    Sighting,
    Span,
    Step,
    What,
    finding_id,
    stays_closed,
)
from recorder.records.retention import DeletionState
from sim.tables.audit import MemoryAuditStore
from sim.tables.data_center import DataCenterFaults, MemoryContactStore


@dataclass
class FindingTables:
    """What the database keeps of findings."""

    findings: dict[str, FindingRow] = field(default_factory=dict[str, FindingRow])
    runs: dict[str, RunRow] = field(default_factory=dict[str, RunRow])
    spans: dict[tuple[str, str, str, int], Span] = field(
        default_factory=dict[tuple[str, str, str, int], Span]
    )
    trail: MemoryAuditStore = field(default_factory=MemoryAuditStore)


class MemoryFindingsDb:
    """FindingsDb in memory, beside the ledger of `contacts`. Any thread."""

    def __init__(
        self,
        tables: FindingTables,
        contacts: MemoryContactStore,
        *,
        node: str,
        clock: Clock,
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._tables = tables
        self._contacts = contacts
        self._node = node
        self._clock = clock

    # -- any node ----

    def findings(self, query: FindingQuery) -> FindingList:
        """See FindingsDb."""
        limit = bounded(query.limit)
        with self._call("findings") as tables:
            rows = [row for row in tables.findings.values() if _matches(row, query)]
        rows.sort(key=lambda row: (row.opened_us, row.finding_id), reverse=True)
        if query.after is not None:
            at_us, name = decode_cursor(query.after, int, str)
            rows = [row for row in rows if (row.opened_us, row.finding_id) < (at_us, name)]
        last = rows[limit - 1] if len(rows) > limit else None
        cursor = None if last is None else encode_cursor(last.opened_us, last.finding_id)
        return FindingList(tuple(rows[:limit]), cursor)

    def finding(self, finding_id: str) -> FindingRow | None:
        """See FindingsDb."""
        with self._call("finding") as tables:
            return tables.findings.get(clean(finding_id))

    def close_finding(self, finding_id: str, because: str) -> FindingRow | None:
        """See FindingsDb."""
        with self._call("close_finding") as tables:
            row = tables.findings.get(clean(finding_id))
            if row is not None and row.is_open:
                self._close(tables, row.finding_id, because)
            return tables.findings.get(clean(finding_id))

    def open_counts(self, source: str | None = None) -> Mapping[tuple[str, str, str], int]:
        """See FindingsDb."""
        counts: dict[tuple[str, str, str], int] = {}
        with self._call("open_counts") as tables:
            for row in tables.findings.values():
                if row.is_open and source in {None, row.source}:
                    key = (row.source, row.severity.value, row.why.value)
                    counts[key] = counts.get(key, 0) + 1
        return dict(sorted(counts.items()))

    def runs(self, source: str | None, limit: int) -> tuple[RunRow, ...]:
        """See FindingsDb."""
        with self._call("runs") as tables:
            rows = [row for row in tables.runs.values() if source in {None, row.source}]
        rows.sort(key=lambda row: (row.started_us, row.run_id), reverse=True)
        return tuple(rows[: bounded(limit)])

    def note_spans(self, spans: Sequence[Span]) -> None:
        """See FindingsDb."""
        with self._call("note_spans") as tables:
            for span in map(tidy, spans):
                tables.spans[span.node, span.code, span.subject, span.opened_us] = span

    def close_spans(self, node: str, from_us: int) -> None:
        """See FindingsDb."""
        with self._call("close_spans") as tables:
            for key, span in tables.spans.items():
                if span.node == node and span.opened_us < from_us and span.closed_us is None:
                    tables.spans[key] = replace(span, closed_us=span.seen_us)

    def spans(self, window: Window, limit: int) -> tuple[Span, ...]:
        """See FindingsDb."""
        with self._call("spans") as tables:
            found = [
                span
                for span in tables.spans.values()
                if span.opened_us < window.to_us and span.until_us >= window.from_us
            ]
        found.sort(key=lambda span: (span.opened_us, span.node, span.code, span.subject))
        return tuple(found[-bounded(limit) :])

    # -- to compare ----

    def held(
        self, source: str, window: Window, after: tuple[int, str] | None, limit: int
    ) -> tuple[ItemRow, ...]:
        """See FindingsDb."""
        with self._call("held"):
            rows = [
                row
                for row in self._contacts.items.rows.values()
                if row.ref.source == source
                and window.from_us <= row.ref.changed_us < window.to_us
                and (after is None or (row.ref.changed_us, row.ref.key) > after)
            ]
        rows.sort(key=lambda row: (row.ref.changed_us, row.ref.key))
        return tuple(rows[:limit])

    def known(self, source: str, keys: Sequence[str]) -> tuple[ItemRow, ...]:
        """See FindingsDb."""
        with self._call("known"):
            return self._known(source, keys)

    def held_media(self, source: str, item_keys: Sequence[str]) -> tuple[HeldMedia, ...]:
        """See FindingsDb."""
        wanted = {(source, key) for key in item_keys}
        with self._call("held_media"):
            going = {
                contact_id
                for (contact_id, _), one in self._contacts.deletions.items()
                if one.state is DeletionState.DELETING
            }
            return tuple(
                HeldMedia(
                    one.item_key,
                    one.row.media_key,
                    one.row.object_key,
                    one.row.size_bytes,
                    one.row.sha256,
                )
                for (of, _), one in self._contacts.contacts.media.items()
                if (of, one.item_key) in wanted and one.contact_id not in going
            )

    def objects_without_row(self, object_keys: Sequence[str]) -> tuple[str, ...]:
        """See FindingsDb."""
        with self._call("objects_without_row"):
            known = {one.row.object_key for one in self._contacts.contacts.media.values()}
        return tuple(key for key in object_keys if key not in known)

    def open_items(self, source: str, after: str, limit: int) -> tuple[OpenItem, ...]:
        """See FindingsDb."""
        with self._call("open_items") as tables:
            rows = [
                row
                for name, row in sorted(tables.findings.items())
                if row.is_open and row.source == source and name > after
                if row.what is not What.OBJECT_WITHOUT_ROW
            ][:limit]
            known = {row.ref.key: row for row in self._known(source, [one.subject for one in rows])}
        return tuple(OpenItem(row, known.get(row.subject)) for row in rows)

    def items_behind(self, text: str, limit: int) -> tuple[ItemRow, ...]:
        """See FindingsDb."""
        with self._call("items_behind"):
            tables = self._contacts.contacts
            named = {
                (contact_id, key)
                for contact_id, session in tables.sessions.items()
                for key, interaction in session.items()
                if text in interaction.attributes.values()
            }
            keys = {
                (source, one.item_key)
                for (source, _), one in tables.media.items()
                if one.row.sha256 == text.lower()
                or (one.contact_id, one.row.interaction_key) in named
            }
            rows = self._contacts.items.rows
            return tuple(rows[key] for key in sorted(keys)[:limit] if key in rows)

    # -- the primary ----

    def begin_run(self, run: RunRow, term: int) -> RunRow:
        """See FindingsDb."""
        with self._call("begin_run") as tables:
            self._fence("a reconciliation", term)
            runs = tables.runs.values()
            running = [row for row in runs if row.source == run.source and row.ended_us is None]
            begun = min(running, key=lambda row: row.started_us, default=run)
            begun = tables.runs.setdefault(begun.run_id, begun)
            self._contacts.control_written("begin_run", term)
            return begun

    def record_step(self, step: Step, term: int) -> RunRow:
        """See FindingsDb."""
        with self._call("record_step") as tables:
            self._fence("a step of a reconciliation", term)
            run = tables.runs[step.run_id]
            if run.ended_us is None and run.reached_us == step.begin_us:
                self._write(tables, step)
                counts = added(run.counts, step.counts)
                run = replace(run, reached_us=step.reached_us, counts=counts)
                tables.runs[run.run_id] = self._signed(run, term)
                self._contacts.control_written("record_step", term)
            return tables.runs[step.run_id]

    def end_run(self, run_id: str, reason: str, term: int) -> RunRow:
        """See FindingsDb."""
        with self._call("end_run") as tables:
            self._fence("the end of a reconciliation", term)
            run = tables.runs[run_id]
            if run.ended_us is None:
                run = replace(run, ended_us=self._clock.wall_us(), reason=clean(reason))
                tables.runs[run_id] = self._signed(run, term)
                self._contacts.control_written("end_run", term)
            return tables.runs[run_id]

    def settle(self, step: Step, term: int) -> int:
        """See FindingsDb."""
        with self._call("settle") as tables:
            self._fence("findings", term)
            changed = self._write(tables, step)
            self._contacts.control_written("settle", term)
            return changed

    def set_recovery(self, source: str, window: Window, recovery_id: str, term: int) -> None:
        """See FindingsDb."""
        with self._call("set_recovery") as tables:
            self._fence("the recovery of findings", term)
            for name, row in tables.findings.items():
                inside = window.from_us <= row.at_us < window.to_us
                wanted = inside and row.what in {What.NOT_HERE, What.DIFFERS}
                if wanted and row.source == source and (row.is_open or row.is_accepted):
                    tables.findings[name] = replace(row, recovery_id=recovery_id)
            self._contacts.control_written("set_recovery", term)

    def ended_findings(self, before_us: int, limit: int) -> tuple[FindingRow, ...]:
        """See FindingsDb."""
        with self._call("ended_findings") as tables:
            rows = [
                row
                for row in tables.findings.values()
                if row.closed_us is not None and max(row.closed_us, row.seen_us) < before_us
            ]
        rows.sort(key=lambda row: (row.seen_us, row.finding_id))
        return tuple(rows[: bounded(limit)])

    def forget_findings(self, finding_ids: Sequence[str], told: AuditEntry, term: int) -> int:
        """See FindingsDb."""
        with self._call("forget_findings") as tables:
            self._fence("that old findings are forgotten", term)
            named = [tables.findings[one] for one in finding_ids if one in tables.findings]
            gone = [tables.findings.pop(row.finding_id) for row in named if not row.is_open]
            tables.trail.append([told] if gone else [])
            self._contacts.control_written("forget_findings", term)
            return len(gone)

    # -- inside a call ----

    def _known(self, source: str, keys: Sequence[str]) -> tuple[ItemRow, ...]:
        rows = self._contacts.items.rows
        return tuple(rows[source, key] for key in dict.fromkeys(keys) if (source, key) in rows)

    def _write(self, tables: FindingTables, step: Step) -> int:
        now_us, changed = self._clock.wall_us(), 0
        for sighting in {one.place: one for one in map(tidy, step.sightings)}.values():
            row = _row_about(tables, sighting)
            if row is None:
                new = _opened(sighting, step.run_id, now_us)
                tables.findings[new.finding_id] = new
                changed += 1
                continue
            now = replace(
                row,
                why=sighting.why,
                severity=sighting.severity,
                detail=sighting.detail,
                at_us=row.about_us(sighting),
            )
            if row.is_open and now != row:
                changed += 1
                row = now
            tables.findings[row.finding_id] = replace(row, seen_us=now_us)
        for closing in step.closings:
            row = tables.findings.get(closing.finding_id)
            if row is not None and row.is_open:
                self._close(tables, row.finding_id, closing.because)
        return changed + len(step.closings)

    def _close(self, tables: FindingTables, name: str, because: str) -> None:
        row = tables.findings[name]
        now_us = self._clock.wall_us()
        tables.findings[name] = replace(row, closed_us=now_us, closed_because=clean(because))

    def _signed(self, run: RunRow, term: int) -> RunRow:
        return replace(run, node=self._node, term=term, updated_us=self._clock.wall_us())

    def _fence(self, what: str, term: int) -> None:
        highest = self._contacts.highest_term()
        self._contacts.refused += term < highest
        refuse_stale(what, term, highest)

    @contextmanager
    def _call(self, name: str) -> Generator[FindingTables]:
        """One transaction: alone in the store, and with the faults of this node."""
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._contacts.lock:
            yield self._tables
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            self._contacts.unanswered += 1
            raise DataCenterDown(f"the contact database did not answer {name}")


def _row_about(tables: FindingTables, sighting: Sighting) -> FindingRow | None:
    rows = [
        row
        for row in tables.findings.values()
        if (row.source, row.what, row.subject) == sighting.place
    ]
    rows.sort(key=lambda row: (row.opened_us, row.finding_id))
    found = next((row for row in rows if row.is_open), None)
    if found is None and rows and stays_closed(rows[-1].closed_because):
        return rows[-1]
    return found


def _opened(sighting: Sighting, run_id: str, now_us: int) -> FindingRow:
    noted = sighting.is_noted_only
    return FindingRow(
        finding_id=finding_id(sighting, now_us),
        source=sighting.source,
        what=sighting.what,
        subject=sighting.subject,
        why=sighting.why,
        severity=sighting.severity,
        at_us=sighting.at_us,
        detail=sighting.detail,
        opened_us=now_us,
        seen_us=now_us,
        closed_us=now_us if noted else None,
        closed_because=NOTED + sighting.detail if noted else "",
        run_id=run_id,
    )


def _matches(row: FindingRow, query: FindingQuery) -> bool:
    if query.source not in {None, row.source} or query.is_open not in {None, row.is_open}:
        return False
    if query.subject is not None and row.subject != clean(query.subject):
        return False
    since_us = query.accepted_since_us
    if since_us is not None and (not row.is_accepted or row.seen_us < since_us):
        return False
    from_us, to_us = query.from_us, query.to_us
    if from_us is None or to_us is None:
        return True
    lasted = row.closed_us is None or row.closed_us >= from_us
    about = from_us <= row.at_us < to_us
    return about or (not query.about_only and row.opened_us < to_us and lasted)
