"""Plans that were shown and confirmed, and runs of retention, in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Engine, func, select, text, update

from cluster.ports import Clock
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.fence import highest_term, refuse_stale
from recorder.adapters.contact_db.proof_tables import retention_plans, retention_runs
from recorder.adapters.contact_db.retention_rows_sql import (
    plan_of,
    plan_values,
    run_of,
    run_values,
)
from recorder.adapters.contact_db.sql import insert as upsert
from recorder.records.retention import Plan, Run

_CLOCKS: Final = {
    "postgresql": "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}


class SqlPlans:
    """The part of recorder.ports.retention.RetentionDb that has to do with agreement."""

    def __init__(self, engine: Engine, *, cluster: str, clock: Clock) -> None:
        self._engine = engine
        self._cluster = cluster
        self._clock = clock

    def now_us(self) -> int:
        """The calendar of the database's host; in one transaction of its own."""
        with translated("asking for the time"), self._engine.connect() as connection:
            return int(connection.execute(text(_CLOCKS[connection.dialect.name])).scalar_one())

    def save_plan(self, plan: Plan) -> None:
        """Keep what was shown; one with this id stays as it is."""
        with (
            translated("keeping a retention plan"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            statement = upsert(connection.dialect.name, retention_plans)
            connection.execute(statement.on_conflict_do_nothing(), plan_values(plan))

    def plan(self, plan_id: str) -> Plan | None:
        """None when there is no such plan."""
        with translated("reading a retention plan"), self._engine.connect() as connection:
            return _plan(connection, plan_id)

    def confirm_plan(self, plan_id: str, by: str) -> Plan | None:
        """Put on record that somebody agreed. Again is later: what was confirmed last is in force."""
        row = retention_plans.c
        with (
            translated("confirming a retention plan"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            newest = connection.execute(select(func.max(row.confirmed_us))).scalar() or 0
            at_us = max(self._clock.wall_us(), newest + 1)
            values = {"confirmed_us": at_us, "confirmed_by": by}
            connection.execute(update(retention_plans).where(row.plan_id == plan_id).values(values))
            return _plan(connection, plan_id)

    def confirmed_plan(self) -> Plan | None:
        """The one confirmed last."""
        row = retention_plans.c
        statement = (
            select(retention_plans)
            .where(row.confirmed_us.is_not(None))
            .order_by(row.confirmed_us.desc())
            .limit(1)
        )
        with translated("reading retention plans"), self._engine.connect() as connection:
            found = connection.execute(statement).one_or_none()
        return None if found is None else plan_of(found)

    def runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first."""
        row = retention_runs.c
        order = (row.started_us.desc(), row.run_id.desc())
        statement = select(retention_runs).order_by(*order).limit(limit)
        with translated("reading runs of retention"), self._engine.connect() as connection:
            return tuple(map(run_of, connection.execute(statement)))

    def record_run(self, run: Run, term: int) -> None:
        """Put a run on record, as it is now. Raises StaleTerm."""
        values = run_values(run)
        with (
            translated("recording a run of retention"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            self._fence("a run of retention", connection, term)
            statement = upsert(connection.dialect.name, retention_runs)
            new = {name: statement.excluded[name] for name in values if name != "run_id"}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["run_id"], set_=new), values
            )
            self._fence("a run of retention", connection, term)

    def _fence(self, what: str, connection: Connection, term: int) -> None:
        """Raises StaleTerm; a database that is away ends the transaction."""
        refuse_stale(what, term, highest_term(connection, self._cluster))


def _plan(connection: Connection, plan_id: str) -> Plan | None:
    statement = select(retention_plans).where(retention_plans.c.plan_id == plan_id)
    found = connection.execute(statement).one_or_none()
    return None if found is None else plan_of(found)
