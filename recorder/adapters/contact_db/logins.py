"""Logins to the pages that ended before their time, in SQL. Few: those of the last hours."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine, delete, select

from recorder.adapters.contact_db.bulk import write_rows
from recorder.adapters.contact_db.conflicts import first_stays
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.login_tables import ended_logins

KEPT_US: Final = 86_400_000_000
"""Longer than any two clocks of a pair are apart."""


class SqlLoginDb:
    """Implements recorder.ports.logins.LoginDb over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def end_login(self, login_id: str, until_us: int, now_us: int) -> None:
        """See LoginDb."""
        row = {"login_id": login_id, "until_us": until_us}
        over = ended_logins.c.until_us < now_us - KEPT_US
        with (
            translated("recording the end of a login"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            connection.execute(delete(ended_logins).where(over))
            write_rows(connection, ended_logins, first_stays, [row])

    def ended_logins(self, now_us: int) -> frozenset[str]:
        """See LoginDb."""
        chosen = select(ended_logins.c.login_id).where(ended_logins.c.until_us >= now_us - KEPT_US)
        with translated("reading ended logins"), self._engine.connect() as connection:
            return frozenset(connection.execute(chosen).scalars())
