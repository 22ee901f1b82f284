"""The history of roles."""

from __future__ import annotations

from sqlalchemy import Engine, select

from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.pages import bounded
from recorder.adapters.contact_db.sql import insert
from recorder.adapters.contact_db.tables import role_history
from recorder.records.contacts import HistoryRow


def append_history(engine: Engine, cluster: str, row: HistoryRow) -> None:
    """A repeated row is the same row."""
    values = {
        "cluster": cluster,
        "at_us": row.at_us,
        "node": row.node,
        "term": row.term,
        "old_role": row.old,
        "new_role": row.new,
        "reason": row.reason,
    }
    statement = insert(engine.dialect.name, role_history).on_conflict_do_nothing()
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        connection.execute(statement, values)


def read_history(engine: Engine, cluster: str, limit: int) -> tuple[HistoryRow, ...]:
    """Newest first."""
    row = role_history.c
    order = (row.at_us, row.term, row.node, row.new_role)
    statement = (
        select(role_history)
        .where(row.cluster == cluster)
        .order_by(*(column.desc() for column in order))
        .limit(bounded(limit))
    )
    with engine.connect() as connection:
        return tuple(
            HistoryRow(
                at_us=found.at_us,
                node=found.node,
                old=found.old_role,
                new=found.new_role,
                term=found.term,
                reason=found.reason,
            )
            for found in connection.execute(statement)
        )
