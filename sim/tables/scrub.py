"""What the scrub found, over plain dictionaries, for the simulator."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from recorder.adapters.contact_db.fence import refuse_stale
from recorder.errors import DataCenterDown
from recorder.keep.holds import covering
from recorder.records.retention import DeletionState
from recorder.records.scrub import (
    CENSUS,
    READS,
    CensusPage,
    Change,
    Outcome,
    Reading,
    ScrubObject,
    ScrubRow,
    ScrubSummary,
    Walk,
)
from recorder.scn.rendition_keys import RENDITIONS, SCREENS
from recorder.scrub.ledger import enrolment, recorded
from sim.tables.data_center import DataCenterFaults, MemoryContactStore
from sim.tables.retention import RetentionTables
from sim.tables.screens import ScreenTables


@dataclass
class ScrubTables:
    """What the database keeps of the scrub. Outlives the nodes."""

    rows: dict[str, ScrubRow] = field(default_factory=dict[str, ScrubRow])
    walks: dict[str, Walk] = field(default_factory=dict[str, Walk])


class MemoryScrubDb:
    """Implements `recorder.ports.scrub.ScrubDb` beside the contacts of `store`. Any thread."""

    def __init__(
        self,
        tables: ScrubTables,
        store: MemoryContactStore,
        *,
        retention: RetentionTables | None = None,
        screens: ScreenTables | None = None,
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._tables = tables
        self._store = store
        self._retention = retention or RetentionTables()
        self._screens = screens or ScreenTables()

    def census(self, after: str, limit: int) -> tuple[ScrubObject, ...]:
        """See ScrubDb."""
        with self._call("scrub_census"):
            objects = self._objects()
            keys = [key for key in sorted(objects) if key > after][:limit]
            held: dict[str, bool] = {}
            for key in keys:
                contact = objects[key].contact_id
                if contact not in held:
                    held[contact] = self._is_held(contact)
            return tuple(replace(objects[key], held=held[objects[key].contact_id]) for key in keys)

    def enrol(self, page: CensusPage, term: int) -> tuple[Change, ...]:
        """See ScrubDb."""
        with self._call("scrub_enrol"):
            self._fence("scrub_enrol", term)
            before = {
                key: row
                for key, row in sorted(self._tables.rows.items())
                if key > page.after and (page.upto is None or key <= page.upto)
            }
            new = enrolment(before, page)
            self._tables.rows.update({row.object_key: row for row in new.rows})
            for key in new.gone:
                del self._tables.rows[key]
            return new.changes

    def due(self, before_us: int, bad_before_us: int, limit: int) -> tuple[ScrubObject, ...]:
        """See ScrubDb."""
        with self._call("scrub_due"):
            objects = self._objects()
            chosen = [
                (_turn(row), row.read_us, key)
                for key, row in self._tables.rows.items()
                if row.media_key
                and key in objects
                and row.read_us < (bad_before_us if _is_bad(row) else before_us)
            ]
            return tuple(
                replace(objects[key], held=self._tables.rows[key].held)
                for _, _, key in sorted(chosen)[:limit]
            )

    def record(self, readings: Sequence[Reading], term: int) -> tuple[Change, ...]:
        """See ScrubDb."""
        with self._call("scrub_record"):
            self._fence("scrub_record", term)
            going = {
                one.contact_id
                for one in self._store.deletions.values()
                if one.state is DeletionState.DELETING
            }
            objects, changes = self._objects(), list[Change]()
            now = {key: one for key, one in objects.items() if one.contact_id not in going}
            for reading in readings:
                one, key = reading.object, reading.object.object_key
                if key not in now:
                    self._tables.rows.pop(key, None)
                elif (now[key].sha256, now[key].size_bytes) == (one.sha256, one.size_bytes):
                    row, change = recorded(self._tables.rows.get(key), reading)
                    self._tables.rows[key] = row
                    changes += [change] if change is not None else []
            return tuple(changes)

    def walk(self, name: str) -> Walk:
        """See ScrubDb."""
        with self._call("scrub_walk"):
            return self._tables.walks.get(name, Walk())

    def save_walk(self, name: str, walk: Walk, term: int) -> None:
        """See ScrubDb."""
        with self._call("scrub_save_walk"):
            self._fence("scrub_save_walk", term)
            self._tables.walks[name] = walk

    def summary(self) -> ScrubSummary:
        """See ScrubDb."""
        with self._call("scrub_summary"):
            every = list(self._tables.rows.values())
            mine = [row for row in every if row.media_key]
            reads = self._tables.walks.get(READS, Walk())
            since_us = max(1, reads.started_us)
            return ScrubSummary(
                objects=len(mine),
                held=sum(row.held for row in mine),
                unread=sum(row.read_us == 0 for row in mine),
                read_in_pass=sum(row.read_us >= since_us for row in mine),
                damaged=_count(every, Outcome.DAMAGED),
                missing=_count(every, Outcome.MISSING),
                stray=_count(every, Outcome.STRAY),
                oldest_read_us=min((row.read_us for row in mine), default=0) or None,
                reads=reads,
                census=self._tables.walks.get(CENSUS, Walk()),
            )

    def bad(self, limit: int) -> tuple[ScrubRow, ...]:
        """See ScrubDb."""
        with self._call("scrub_bad"):
            found = [row for row in self._tables.rows.values() if row.outcome.is_bad]
            return tuple(sorted(found, key=lambda row: (row.since_us or 0, row.object_key))[:limit])

    def _objects(self) -> dict[str, ScrubObject]:
        return {**self._made_here(), **self._media()}

    def _made_here(self) -> dict[str, ScrubObject]:
        """Parts of screens that are not forgotten, and the newest rendition of each contact with its files."""
        screens = self._screens
        with screens.lock:
            parts = [one for key, one in screens.parts.items() if key not in screens.forgotten]
            newest = [every[-1] for every in screens.renditions.values() if every]
        found = [
            ScrubObject(one.object_key, SCREENS, one.part_key, "", one.size_bytes, one.sha256)
            for one in parts
        ]
        for one in newest:
            name, home = f"{one.contact_id}/{one.number}", one.contact_id
            for more, key, size_bytes, sha256 in (
                ("", one.object_key, one.size_bytes, one.sha256),
                ("/peaks", one.peaks_key, one.peaks_bytes, one.peaks_sha256),
                ("/timeline", one.timeline_key, one.timeline_bytes, one.timeline_sha256),
            ):
                if sha256:
                    found.append(
                        ScrubObject(key, RENDITIONS, f"{name}{more}", home, size_bytes, sha256)
                    )
        return {one.object_key: one for one in found}

    def _media(self) -> dict[str, ScrubObject]:
        return {
            one.row.object_key: ScrubObject(
                object_key=one.row.object_key,
                source=source,
                media_key=key,
                contact_id=one.contact_id,
                size_bytes=one.row.size_bytes,
                sha256=one.row.sha256,
            )
            for (source, key), one in sorted(self._store.contacts.media.items(), reverse=True)
        }

    def _is_held(self, contact_id: str) -> bool:
        facts = self._store.contacts.facts(contact_id)
        return facts is not None and covering(facts, self._retention.holds.values()) is not None

    def _fence(self, call: str, term: int) -> None:
        highest = self._store.highest_term()
        self._store.refused += term < highest
        refuse_stale("what was scrubbed", term, highest)
        self._store.control_written(call, term)

    @contextmanager
    def _call(self, name: str) -> Generator[None]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._store.lock:
            yield
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            raise DataCenterDown(f"the contact database did not answer {name}")


def _is_bad(row: ScrubRow) -> bool:
    return row.outcome in {Outcome.DAMAGED, Outcome.MISSING}


def _turn(row: ScrubRow) -> int:
    return 0 if _is_bad(row) else 1 if row.held else 2


def _count(rows: Sequence[ScrubRow], outcome: Outcome) -> int:
    return sum(row.outcome is outcome for row in rows)
