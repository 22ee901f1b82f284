"""What the primary writes about findings: steps of a reconciliation, each in one transaction and fenced."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import BigInteger, Connection, Engine, bindparam, func, select, update

from recorder.adapters.contact_db.bulk import Shape, write_rows
from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.fence import highest_term, not_stale, refuse_stale
from recorder.adapters.contact_db.proof_tables import findings, reconciliations
from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.sql import Upsert, among, texts, to_json
from recorder.records.findings import (
    NOTED,
    Closing,
    FindingRow,
    RunRow,
    Scope,
    Severity,
    Sighting,
    Step,
    What,
    Why,
    finding_id,
    stays_closed,
)

_AT_ONCE = 2_000
_PARAMETERS = "places"


Found: TypeAlias = dict[tuple[str, str, str], FindingRow]
"""Rows by what they are about."""


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """One transaction that writes."""
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        yield connection


@dataclass(frozen=True, slots=True)
class Pen:
    """A primary that writes."""

    connection: Connection
    cluster: str
    node: str
    term: int
    now_us: int

    def fence(self, what: str) -> None:
        """Raise StaleTerm when this is not the newest term."""
        refuse_stale(what, self.term, highest_term(self.connection, self.cluster))


# --- rows ------------------------------------------------------------------------------------------


def finding_of(row: AnyRow) -> FindingRow:
    """From a row of `findings`."""
    return FindingRow(
        finding_id=row.finding_id,
        source=row.source,
        what=What(row.what),
        subject=row.subject,
        why=Why(row.cause),
        severity=Severity(row.severity),
        at_us=row.at_us,
        detail=row.detail,
        opened_us=row.opened_us,
        seen_us=row.seen_us,
        closed_us=row.closed_us,
        closed_because=row.closed_because,
        recovery_id=row.recovery_id,
        run_id=row.run_id,
    )


def run_of(row: AnyRow) -> RunRow:
    """From a row of `reconciliations`."""
    return RunRow(
        run_id=row.run_id,
        source=row.source,
        scope=Scope(row.scope),
        from_us=row.from_us,
        to_us=row.to_us,
        started_us=row.started_us,
        reached_us=row.reached_us,
        ended_us=row.ended_us,
        updated_us=row.updated_us,
        node=row.node,
        term=row.term,
        counts=json.loads(row.counts or "{}"),
        reason=row.reason,
    )


def run_values(run: RunRow) -> Values:
    """A row of `reconciliations`."""
    return {
        "run_id": run.run_id,
        "source": run.source,
        "scope": run.scope.value,
        "from_us": run.from_us,
        "to_us": run.to_us,
        "started_us": run.started_us,
        "reached_us": run.reached_us,
        "ended_us": run.ended_us,
        "updated_us": run.updated_us,
        "node": run.node,
        "term": run.term,
        "counts": to_json(dict(run.counts)),
        "reason": run.reason,
    }


# --- a run -----------------------------------------------------------------------------------------


def read_run(connection: Connection, run_id: str, *, lock: bool = False) -> RunRow | None:
    """A run; `lock` keeps others from changing it until the end of the transaction."""
    statement = select(reconciliations).where(reconciliations.c.run_id == run_id)
    found = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return None if found is None else run_of(found)


def move_run(pen: Pen, run: RunRow, more: Values) -> None:
    """Write to the row of a run. Raises StaleTerm, and then nothing is changed."""
    statement = (
        update(reconciliations)
        .where(reconciliations.c.run_id == run.run_id, reconciliations.c.ended_us.is_(None))
        .where(not_stale(bindparam("of_term", type_=BigInteger)))
        .values(**more, node=pen.node, term=pen.term, updated_us=pen.now_us)
    )
    given = {"of_term": pen.term, "of_cluster": pen.cluster}
    if pen.connection.execute(statement, given).rowcount == 0:
        pen.fence(f"a step of reconciliation {run.run_id}")


def added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Sums by name, in order of name."""
    names = sorted({*counts, *more})
    return {name: counts.get(name, 0) + more.get(name, 0) for name in names}


# --- findings --------------------------------------------------------------------------------------


def write_findings(pen: Pen, step: Step) -> int:
    """Open, refresh and close; returns how many rows changed."""
    sightings = {one.place: one for one in step.sightings}
    places = list(sightings)
    known = _open_ones(pen.connection, places)
    closed = _closed_ones(pen.connection, [place for place in places if place not in known])
    seen: list[str] = []
    changed: list[tuple[FindingRow, Sighting]] = []
    new: list[Sighting] = []
    for place, sighting in sightings.items():
        row = known.get(_cleaned(place)) or closed.get(_cleaned(place))
        if row is None:
            new.append(sighting)
        elif not row.is_open or _is_same(row, sighting):
            seen.append(row.finding_id)
        else:
            changed.append((row, sighting))
    write_rows(
        pen.connection, findings, _first_stays, [_values(one, step.run_id, pen) for one in new]
    )
    _refresh(pen, seen, changed)
    return len(new) + len(changed) + _close(pen, step.closings)


def _first_stays(statement: Upsert, shape: Shape) -> Upsert:
    del shape
    return statement.on_conflict_do_nothing()


def _open_ones(connection: Connection, places: Sequence[tuple[str, ...]]) -> Found:
    return _newest(connection, places, is_open=True)


def _closed_ones(connection: Connection, places: Sequence[tuple[str, ...]]) -> Found:
    found = _newest(connection, places, is_open=False)
    return {place: row for place, row in found.items() if stays_closed(row.closed_because)}


def _newest(connection: Connection, places: Sequence[tuple[str, ...]], *, is_open: bool) -> Found:
    column = findings.c
    state = column.closed_us.is_(None) if is_open else column.closed_us.is_not(None)
    dialect = connection.dialect.name
    statement = (
        select(findings)
        .where(among(dialect, column.subject, _PARAMETERS), state)
        .order_by(column.opened_us, column.finding_id)
    )
    wanted = {_cleaned(place) for place in places}
    found: dict[tuple[str, str, str], FindingRow] = {}
    subjects = list(dict.fromkeys(place[2] for place in places))
    for start in range(0, len(subjects), _AT_ONCE):
        given = {_PARAMETERS: texts(dialect, subjects[start : start + _AT_ONCE])}
        for row in map(finding_of, connection.execute(statement, given)):
            place = (row.source, row.what.value, row.subject)
            if place in wanted:
                found[place] = row
    return found


def _cleaned(place: tuple[str, ...]) -> tuple[str, str, str]:
    source, what, subject = place
    return clean(source), str(what), clean(subject)


def _says(row: FindingRow) -> tuple[str, ...]:
    return (row.why, row.severity, row.detail)


def _is_same(row: FindingRow, sighting: Sighting) -> bool:
    return _says(row) == _said(sighting) and row.at_us == row.about_us(sighting)


def _said(sighting: Sighting) -> tuple[str, ...]:
    return (sighting.why, sighting.severity, clean(sighting.detail))


def _values(sighting: Sighting, run_id: str, pen: Pen) -> Values:
    noted = sighting.is_noted_only
    return {
        "finding_id": finding_id(sighting, pen.now_us),
        "source": sighting.source,
        "what": sighting.what.value,
        "subject": sighting.subject,
        "cause": sighting.why.value,
        "severity": sighting.severity.value,
        "at_us": sighting.at_us,
        "detail": sighting.detail,
        "opened_us": pen.now_us,
        "seen_us": pen.now_us,
        "closed_us": pen.now_us if noted else None,
        "closed_because": NOTED + sighting.detail if noted else "",
        "run_id": run_id,
    }


def _refresh(pen: Pen, seen: Iterable[str], changed: Iterable[tuple[FindingRow, Sighting]]) -> None:
    column = findings.c
    again = update(findings).where(column.finding_id == bindparam("of_finding"))
    rows = [{"of_finding": one} for one in seen]
    if rows:
        pen.connection.execute(again.values(seen_us=pen.now_us), rows)
    told = [
        {
            "of_finding": row.finding_id,
            "now_cause": sighting.why.value,
            "now_severity": sighting.severity.value,
            "now_detail": clean(sighting.detail),
            "now_at_us": row.about_us(sighting),
        }
        for row, sighting in changed
    ]
    if told:
        values: Values = {
            "cause": bindparam("now_cause"),
            "severity": bindparam("now_severity"),
            "detail": bindparam("now_detail"),
            "at_us": bindparam("now_at_us"),
        }
        pen.connection.execute(again.values(seen_us=pen.now_us, **values), told)


def _close(pen: Pen, closings: Sequence[Closing]) -> int:
    if not closings:
        return 0
    column = findings.c
    statement = (
        update(findings)
        .where(column.finding_id == bindparam("of_finding"), column.closed_us.is_(None))
        .values(closed_us=pen.now_us, closed_because=bindparam("now_because"))
    )
    rows = [{"of_finding": one.finding_id, "now_because": clean(one.because)} for one in closings]
    pen.connection.execute(statement, rows)
    return len(rows)


def open_totals(connection: Connection, source: str | None) -> dict[tuple[str, str, str], int]:
    """Open findings by (source, severity, cause)."""
    column = findings.c
    names = (column.source, column.severity, column.cause)
    statement = select(*names, func.count()).where(column.closed_us.is_(None)).group_by(*names)
    if source is not None:
        statement = statement.where(column.source == source)
    rows = connection.execute(statement.order_by(*names))
    return {(row[0], row[1], row[2]): int(row[3]) for row in rows}
