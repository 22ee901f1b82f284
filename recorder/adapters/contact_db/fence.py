"""Control writes of a node that is no longer primary change nothing.

The check is part of the writing statement: a node that was stopped between a check and a write would
otherwise write on a stale belief, and a lock held meanwhile would block the one that took over.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Exists, bindparam, exists, select

from cluster.errors import StaleTerm
from recorder.adapters.contact_db.tables import leases


def not_stale(term: ColumnElement[int]) -> ColumnElement[bool]:
    """No higher term than `term` was seen. Parameter `of_cluster` names the pair."""
    higher: Exists = exists().where(
        leases.c.cluster == bindparam("of_cluster"), leases.c.term > term
    )
    return ~higher


def highest_term(connection: Connection, cluster: str) -> int:
    """The highest term seen in the lease of this pair; 0 when it has none yet."""
    statement = select(leases.c.term).where(leases.c.cluster == cluster)
    return connection.execute(statement).scalar() or 0


def refuse_stale(what: str, term: int, seen: int) -> None:
    """Raise StaleTerm when `term` is lower than one already seen."""
    if term < seen:
        raise StaleTerm(
            f"{what} was not written: it carries term {term}, but term {seen} has begun",
            term=term,
            seen=seen,
        )
