"""Deeds that the contact database knows and the audit trail does not: their doer died in between."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, String, Text, cast, exists, literal, select

from recorder.adapters.contact_db.proof_tables import audit, deletions
from recorder.adapters.contact_db.retention_rows_sql import deletion_of
from recorder.adapters.contact_db.tables import role_history
from recorder.records.audit import Untold, deletion_once, role_once
from recorder.records.contacts import HistoryRow
from recorder.records.retention import Deletion, DeletionState

ENDED: Final = {DeletionState.DELETED: "contact_deleted", DeletionState.WITHDRAWN: "deletion_withdrawn"}  # fmt: skip
"""How the trail calls the ends of a deletion."""


def role_told(row: HistoryRow) -> Untold:
    """As the monitor tells it."""
    return Untold(
        what="role_changed",
        subject=row.node,
        at_us=row.at_us,
        detail={"old": row.old, "new": row.new, "term": row.term, "reason": row.reason},
        once=role_once(row.node, row.at_us, row.term, row.new),
    )


def deletion_told(one: Deletion) -> Untold:
    """As retention tells it."""
    return Untold(
        what=ENDED[one.state],
        subject=one.contact_id,
        at_us=one.ended_us or one.decided_us,
        detail={
            "source": one.source,
            "policy": one.policy,
            "decision": dict(one.decision),
            "reason": one.reason,
            "bytes": one.size_bytes,
            "media": [media.object_key for media in one.media],
        },
        once=deletion_once(one.contact_id, one.number, one.state.value, one.ended_us),
    )


def untold(connection: Connection, since_us: int, limit: int) -> tuple[Untold, ...]:
    """The oldest first of each kind."""
    return (*_roles(connection, since_us, limit), *_deletions(connection, since_us, limit))[:limit]


def _roles(connection: Connection, since_us: int, limit: int) -> list[Untold]:
    row = role_history.c
    name = _joined("role", row.node, row.at_us, row.term, row.new_role)
    statement = (
        select(role_history)
        .where(row.at_us >= since_us, _is_untold(name))
        .order_by(row.at_us)
        .limit(limit)
    )
    return [
        role_told(
            HistoryRow(
                at_us=found.at_us,
                node=found.node,
                old=found.old_role,
                new=found.new_role,
                term=found.term,
                reason=found.reason,
            )
        )
        for found in connection.execute(statement)
    ]


def _deletions(connection: Connection, since_us: int, limit: int) -> list[Untold]:
    row = deletions.c
    name = _joined("deletion", row.contact_id, row.number, row.state, row.ended_us)
    statement = (
        select(deletions)
        .where(
            row.state.in_([state.value for state in ENDED]),
            row.ended_us >= since_us,
            _is_untold(name),
        )
        .order_by(row.ended_us, row.contact_id)
        .limit(limit)
    )
    return [deletion_told(deletion_of(found)) for found in connection.execute(statement)]


def _joined(kind: str, *columns: ColumnElement[object]) -> ColumnElement[str]:
    """The text of `role_once` and `deletion_once`, made by the database."""
    whole: ColumnElement[str] = literal(kind, String)
    for column in columns:
        whole = whole + literal(":", String) + cast(column, Text)
    return whole


def _is_untold(name: ColumnElement[str]) -> ColumnElement[bool]:
    return ~exists().where(audit.c.record_id == name)
