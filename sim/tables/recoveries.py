"""Recoveries over plain dictionaries, for the simulator: a second telling of the database's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from cluster.ports import Clock
from recorder.adapters.contact_db.fence import refuse_stale
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.errors import DataCenterDown
from recorder.model import ItemRef, ItemState
from recorder.records.contacts import ItemRow
from recorder.records.recoveries import (
    Counts,
    Difference,
    Forecast,
    ListedSection,
    OnRecord,
    RecoveryItem,
    RecoveryItemList,
    RecoveryItemQuery,
    RecoveryList,
    RecoveryQuery,
    RecoveryRow,
    RecoveryStatus,
    Stage,
    Tended,
    Tending,
    Verdict,
    judge_given,
    judge_waiting,
    must_be_made_due,
    waits_for_another_try,
)
from sim.tables.data_center import DataCenterFaults, MemoryContactStore
from sim.tables.recovery_order import age_of, asked_at, in_words, is_completed_by

_MEAN_OF = 1_000
_LOOK_MIN = 100
_STOPPED = frozenset({RecoveryStatus.STOPPED, RecoveryStatus.FAILED})
_STOPPED_MAX = 100
_WAITS = frozenset({Stage.LISTED, Stage.PENDING})


@dataclass
class RecoveryTables:
    """What the database keeps of recoveries."""

    rows: dict[str, RecoveryRow] = field(default_factory=dict[str, RecoveryRow])
    items: dict[str, dict[str, RecoveryItem]] = field(
        default_factory=dict[str, dict[str, RecoveryItem]]
    )
    made_due: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])


class MemoryRecoveryDb:
    """RecoveryDb in memory, beside the ledger of `contacts`. Any thread."""

    def __init__(
        self,
        tables: RecoveryTables,
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

    def request(self, row: RecoveryRow) -> RecoveryRow:
        """See RecoveryDb."""
        with self._call("request_recovery") as tables:
            if row.recovery_id in tables.rows:
                return tables.rows[row.recovery_id]
            for other in tables.rows.values():
                if other.status is RecoveryStatus.RUNNING and in_words(other) == in_words(row):
                    return other
            tables.rows[row.recovery_id] = replace(row, listed=row.begin)
            tables.items[row.recovery_id] = {}
            return tables.rows[row.recovery_id]

    def cancel(self, recovery_id: str, reason: str) -> RecoveryRow | None:
        """See RecoveryDb."""
        with self._call("cancel_recovery") as tables:
            row, now_us = tables.rows.get(recovery_id), self._clock.wall_us()
            if row is not None and row.status in {RecoveryStatus.RUNNING, *_STOPPED}:
                tables.rows[recovery_id] = replace(
                    row,
                    status=RecoveryStatus.CANCELLED,
                    reason=reason,
                    ended_us=now_us,
                    updated_us=now_us,
                )
            return tables.rows.get(recovery_id)

    def resume(self, recovery_id: str, *, cancelled: bool = True) -> RecoveryRow | None:
        """See RecoveryDb."""
        again = {*_STOPPED, *([RecoveryStatus.CANCELLED] if cancelled else [])}
        with self._call("resume_recovery") as tables:
            row = tables.rows.get(recovery_id)
            if row is not None and row.status in again:
                tables.rows[recovery_id] = replace(
                    row, status=RecoveryStatus.RUNNING, reason="", ended_us=None
                )
            return tables.rows.get(recovery_id)

    def recovery(self, recovery_id: str) -> RecoveryRow | None:
        """See RecoveryDb."""
        with self._call("recovery") as tables:
            return tables.rows.get(recovery_id)

    def recoveries(self, query: RecoveryQuery) -> RecoveryList:
        """See RecoveryDb."""
        with self._call("recoveries") as tables:
            place = None if query.after is None else decode_cursor(query.after, int, str)
            rows = [
                row
                for row in tables.rows.values()
                if query.source in {None, row.source}
                and query.status in {None, row.status}
                and query.kind in {None, row.kind}
                and (place is None or [row.requested_us, row.recovery_id] < place)
            ]
            rows.sort(key=asked_at, reverse=True)
            limit = bounded(query.limit)
            cursor = encode_cursor(*asked_at(rows[limit - 1])) if len(rows) > limit else None
            return RecoveryList(tuple(rows[:limit]), cursor)

    def recovery_items(self, query: RecoveryItemQuery) -> RecoveryItemList:
        """See RecoveryDb."""
        with self._call("recovery_items") as tables:
            place = None if query.after is None else decode_cursor(query.after, int, str)
            found = [
                item
                for item in tables.items.get(query.recovery_id, {}).values()
                if (item.stage in query.stages if query.stages else item.stage != Stage.LISTED)
                and (place is None or list(age_of(item)) > place)
            ]
            found.sort(key=age_of)
            limit = bounded(query.limit)
            cursor = encode_cursor(*age_of(found[limit - 1])) if len(found) > limit else None
            return RecoveryItemList(tuple(found[:limit]), cursor)

    # -- the primary ----

    def running(self) -> tuple[RecoveryRow, ...]:
        """See RecoveryDb."""
        with self._call("running_recoveries") as tables:
            runs = (row for row in tables.rows.values() if row.status is RecoveryStatus.RUNNING)
            return tuple(sorted(runs, key=asked_at))

    def stopped(self) -> tuple[RecoveryRow, ...]:
        """See RecoveryDb."""
        with self._call("stopped_recoveries") as tables:
            rows = tables.rows.values()
            found = [
                replace(row, ids=())
                for row in rows
                if row.status in _STOPPED
                and not row.dry_run
                and not any(is_completed_by(row, other) for other in rows)
            ]
            found.sort(key=asked_at, reverse=True)
            return tuple(found[:_STOPPED_MAX])

    def difference(self, refs: Sequence[ItemRef]) -> Difference:
        """See RecoveryDb."""
        with self._call("difference"):
            verdicts = [(ref, judge_waiting(ref, self._on_record(ref))) for ref in refs]
            return Difference(
                already_here=sum(one.stage is Stage.ALREADY_HERE for _, one in verdicts),
                not_recordable=sum(one.stage is Stage.NOT_RECORDABLE for _, one in verdicts),
                missing=tuple(ref for ref, one in verdicts if one.stage is Stage.GIVEN),
            )

    def stage(self, items: Sequence[RecoveryItem], recovery_id: str, *, first: bool) -> None:
        """See RecoveryDb."""
        with self._call("stage_recovery"):
            self._stage(items, recovery_id, first=first)

    def record_section(self, section: ListedSection, term: int) -> RecoveryRow:
        """See RecoveryDb."""
        with self._call("record_section") as tables:
            self._fence("what a recovery listed", term)
            row, now_us = tables.rows[section.recovery_id], self._clock.wall_us()
            if row.status is not RecoveryStatus.RUNNING or row.listed != section.begin:
                return row
            waiting = [item for item in section.missing if item.stage is Stage.PENDING]
            self._stage(waiting, row.recovery_id, first=not section.staged)
            held = tables.items[row.recovery_id]
            fresh = [key for key, item in held.items() if item.stage is Stage.LISTED]
            for key in fresh:
                held[key] = replace(held[key], stage=Stage.PENDING)
            moves = Counter[str](
                already_here=section.already_here,
                not_recordable=section.not_recordable,
                pending=len(fresh),
            )
            for item in section.missing:
                if item.stage is not Stage.PENDING and item.ref.key not in held:
                    held[item.ref.key] = replace(item, updated_us=now_us)
                    moves[item.stage.value] += 1
            fetching_us = now_us if section.to >= row.end else row.fetching_us
            row = replace(
                row,
                listed=section.to,
                fetching_us=fetching_us,
                api_calls=row.api_calls + section.api_calls,
                counts=replace(row.counts, detected=row.counts.detected + sum(moves.values())),
            )
            return self._count(row, moves, term, "record_section")

    def tend(self, tending: Tending, term: int) -> Tended:
        """See RecoveryDb."""
        with self._call("tend_recovery") as tables:
            self._fence("what became of a recovery", term)
            row = tables.rows[tending.recovery_id]
            if row.status is not RecoveryStatus.RUNNING:
                return Tended(row)
            held = tables.items[row.recovery_id]
            verdicts, give, in_hand = self._look_at_given(row.recovery_id, again=tending.again)
            left = sum(item.stage is Stage.GIVEN for item in held.values()) - len(verdicts)
            room = min(tending.room, tending.given_max - left)
            pending = [item for item in held.values() if item.stage is Stage.PENDING]
            pending.sort(key=lambda item: (item.expires_us or 0, *age_of(item)))
            for item in pending[: max(room, _LOOK_MIN)] if room > 0 else ():
                verdict = judge_waiting(item.ref, self._on_record(item.ref))
                if verdict.stage is Stage.GIVEN:
                    if room == 0:
                        continue
                    room -= 1
                    in_hand += 1
                    give.append(item.ref)
                    self._make_due(row.recovery_id, item.ref)
                verdicts[item.ref.key] = verdict
            if verdicts:
                row = self._move(row, verdicts, term)
            return Tended(row, tuple(give), in_hand)

    def end(
        self,
        recovery_id: str,
        status: RecoveryStatus,
        reason: str,
        term: int,
        forecast: Forecast | None = None,
    ) -> RecoveryRow:
        """See RecoveryDb."""
        with self._call("end_recovery") as tables:
            self._fence("the end of a recovery", term)
            row = tables.rows[recovery_id]
            if row.status is not RecoveryStatus.RUNNING:
                return row
            row = replace(
                row,
                status=status,
                reason=reason,
                ended_us=self._clock.wall_us(),
                forecast=forecast or row.forecast,
            )
            return self._count(row, Counter(), term, "end_recovery")

    def oldest_us(self, source: str) -> int | None:
        """See RecoveryDb."""
        with self._call("oldest_us"):
            return min((row.ref.changed_us for row in self._ledger(source)), default=None)

    def mean_bytes(self, source: str) -> int:
        """See RecoveryDb."""
        with self._call("mean_bytes"):
            archived = [row for row in self._ledger(source) if row.state == ItemState.ARCHIVED]
            archived.sort(key=lambda row: row.updated_us, reverse=True)
            sizes = [row.size_bytes for row in archived[:_MEAN_OF]]
            return round(sum(sizes) / len(sizes)) if sizes else 0

    # -- inside ----

    def _ledger(self, source: str) -> list[ItemRow]:
        return [row for row in self._contacts.items.rows.values() if row.ref.source == source]

    def _on_record(self, ref: ItemRef) -> OnRecord | None:
        row = self._contacts.items.rows.get((ref.source, ref.key))
        if row is None:
            return None
        return OnRecord(
            version=row.ref.version,
            changed_us=row.ref.changed_us,
            state=row.state,
            parked=row.parked,
            reason=row.reason,
            updated_us=row.updated_us,
            size_bytes=row.size_bytes,
        )

    def _stage(self, items: Sequence[RecoveryItem], recovery_id: str, *, first: bool) -> None:
        held = self._tables.items[recovery_id]
        if first:
            for key in [key for key, item in held.items() if item.stage is Stage.LISTED]:
                del held[key]
        for item in items:
            old = held.get(item.ref.key)
            if old is None or old.stage in _WAITS:
                stage = Stage.LISTED if old is None else old.stage
                held[item.ref.key] = replace(item, stage=stage, updated_us=self._clock.wall_us())

    def _look_at_given(
        self, recovery_id: str, *, again: bool
    ) -> tuple[dict[str, Verdict], list[ItemRef], int]:
        tables, in_hand = self._tables, 0
        verdicts: dict[str, Verdict] = {}
        give: list[ItemRef] = []
        given = [one for one in tables.items[recovery_id].values() if one.stage is Stage.GIVEN]
        for item in sorted(given, key=lambda item: (item.expires_us or 0, *age_of(item))):
            found = self._on_record(item.ref)
            due_us = tables.made_due.get((recovery_id, item.ref.key))
            verdict = judge_given(item.ref, found, due_us)
            if verdict is not None:
                verdicts[item.ref.key] = verdict
                continue
            in_hand += not waits_for_another_try(found)
            give += [item.ref] if again else []
        return verdicts, give, in_hand

    def _make_due(self, recovery_id: str, ref: ItemRef) -> None:
        place = (recovery_id, ref.key)
        self._tables.made_due.pop(place, None)
        if must_be_made_due(ref, self._on_record(ref)):
            now_us = self._clock.wall_us()
            self._contacts.items.retry(ref.source, ref.key, now_us)
            self._tables.made_due[place] = now_us

    def _move(self, row: RecoveryRow, verdicts: dict[str, Verdict], term: int) -> RecoveryRow:
        held, now_us = self._tables.items[row.recovery_id], self._clock.wall_us()
        for key, verdict in verdicts.items():
            held[key] = replace(
                held[key], stage=verdict.stage, reason=verdict.reason, updated_us=now_us
            )
        ended = [one for one in verdicts.values() if one.stage is not Stage.GIVEN]
        moves = Counter(one.stage.value for one in ended)
        moves["pending"] = -len(ended)
        size_bytes = row.size_bytes + sum(one.size_bytes for one in ended)
        return self._count(replace(row, size_bytes=size_bytes), moves, term, "tend_recovery")

    def _count(self, row: RecoveryRow, moves: Counter[str], term: int, call: str) -> RecoveryRow:
        now_us, old = self._clock.wall_us(), row.counts
        counts = Counts(
            detected=old.detected,
            already_here=old.already_here + moves["already_here"],
            recovered=old.recovered + moves["recovered"],
            not_recordable=old.not_recordable + moves["not_recordable"],
            gone=old.gone + moves["gone"],
            failed=old.failed + moves["failed"],
            pending=old.pending + moves["pending"],
        )
        started_us = now_us if row.started_us is None else row.started_us
        self._tables.rows[row.recovery_id] = replace(
            row, counts=counts, started_us=started_us, node=self._node, term=term, updated_us=now_us
        )
        self._contacts.control_written(call, term)
        return self._tables.rows[row.recovery_id]

    def _fence(self, what: str, term: int) -> None:
        highest = self._contacts.highest_term()
        self._contacts.refused += term < highest
        refuse_stale(what, term, highest)

    @contextmanager
    def _call(self, name: str) -> Generator[RecoveryTables]:
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
