"""Ids of recoveries, read once: a request never changes them, and a file may hold a hundred thousand."""

from __future__ import annotations

import threading

from sqlalchemy import Connection, select

from recorder.adapters.contact_db.proof_tables import recoveries
from recorder.adapters.contact_db.recovery_rows_sql import ids_of

KEPT_MAX = 200_000
"""Ids of all recoveries together; those of the one that was asked for last are kept in any case."""


class KnownIds:
    """Any thread. What is forgotten is read again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, ...]] = {}

    def of(self, connection: Connection, recovery_id: str) -> tuple[str, ...]:
        """Of a recovery that is on record."""
        with self._lock:
            found = self._kept.get(recovery_id)
        if found is not None:
            return found
        statement = select(recoveries.c.details).where(recoveries.c.recovery_id == recovery_id)
        found = ids_of(connection.execute(statement).scalar_one())
        with self._lock:
            self._kept.pop(recovery_id, None)
            self._kept[recovery_id] = found
            while sum(map(len, self._kept.values())) > KEPT_MAX and len(self._kept) > 1:
                del self._kept[next(iter(self._kept))]
        return found
