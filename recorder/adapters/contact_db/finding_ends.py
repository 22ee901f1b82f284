"""Findings that ended long ago leave the contact database; open ones never do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine, delete, select

from recorder.adapters.contact_db.audit import append_within
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.fence import highest_term, refuse_stale
from recorder.adapters.contact_db.finding_work import finding_of, writing
from recorder.adapters.contact_db.pages import bounded
from recorder.adapters.contact_db.proof_tables import findings
from recorder.adapters.contact_db.sql import among, texts
from recorder.records.audit import AuditEntry
from recorder.records.findings import FindingRow

_NAMED: Final = "of_findings"


class SqlEndedFindings:
    """The part of recorder.ports.proof.FindingsDb that forgets."""

    def __init__(self, engine: Engine, *, cluster: str) -> None:
        self._engine = engine
        self._cluster = cluster

    def ended_findings(self, before_us: int, limit: int) -> tuple[FindingRow, ...]:
        """From an index: those that are seen again and again are not read."""
        column = findings.c
        statement = (
            select(findings)
            .where(column.closed_us.is_not(None), column.seen_us < before_us)
            .where(column.closed_us < before_us)
            .order_by(column.seen_us, column.finding_id)
            .limit(bounded(limit))
        )
        with translated("looking for old findings"), self._engine.connect() as connection:
            return tuple(finding_of(row) for row in connection.execute(statement))

    def forget_findings(self, finding_ids: Sequence[str], told: AuditEntry, term: int) -> int:
        """Raises StaleTerm."""
        with translated("forgetting old findings"), writing(self._engine) as connection:
            what = "that old findings are forgotten"
            refuse_stale(what, term, highest_term(connection, self._cluster))
            dialect = connection.dialect.name
            mine = among(dialect, findings.c.finding_id, _NAMED)
            statement = delete(findings).where(mine, findings.c.closed_us.is_not(None))
            gone = connection.execute(statement, {_NAMED: texts(dialect, finding_ids)}).rowcount
            if gone:
                append_within(connection, [told])
            return gone
