"""The lease: one row per pair in the contact database, changed on the database's own clock.

Each change is one conditional statement that holds no lock when it returned, so a node that is stopped
in the middle of a call blocks nobody, and two nodes that ask at once cannot both be right.
"""

# ruff: noqa: S608 - the only thing put into the statements is the clock of the database

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cluster.errors import LeaseUnavailable
from cluster.ports import OTHER_INSTANCE, LeaseView
from recorder.adapters.contact_db.engine import WRITES, open_engine
from recorder.adapters.contact_db.errors import first_line
from recorder.adapters.contact_db.sql import POSTGRES

_NOW_US: Mapping[str, str] = {
    "postgresql": "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    "sqlite": "(CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER) * 1000)",
}
_SHORTEST_S = 0.05


@dataclass(frozen=True, slots=True)
class _Statements:
    """Written once per database, with its clock."""

    beat: TextClause
    acquire: TextClause
    renew: TextClause
    transfer: TextClause
    release: TextClause
    read: TextClause

    @classmethod
    def on(cls, dialect: str) -> _Statements:
        """The same statements for both databases, but for the clock and the greater of two."""
        now = _NOW_US[dialect]
        greater = "greatest" if dialect == POSTGRES else "max"
        # An older program leaves the instance of a former holder behind: only `<holder>/…` counts.
        known = "(holder_instance = :me OR substr(holder_instance, 1, :prefix) <> :node || '/')"
        mine = f"WHERE cluster = :cluster AND holder = :node AND term = :term AND {known}"
        known_there = known.replace("holder_instance", "leases.holder_instance")
        return cls(
            beat=text(
                "INSERT INTO nodes (cluster, node, boot, seen_us) "
                f"VALUES (:cluster, :node, :boot, {now}) "
                "ON CONFLICT (cluster, node) "
                "DO UPDATE SET boot = excluded.boot, seen_us = excluded.seen_us"
            ),
            acquire=text(
                "INSERT INTO leases (cluster, term, holder, holder_instance, expires_us) "
                f"VALUES (:cluster, :seen + 1, :node, :me, {now} + :lease_us) "
                "ON CONFLICT (cluster) DO UPDATE SET holder = excluded.holder, "
                "holder_instance = excluded.holder_instance, "
                f"term = {greater}(leases.term, :seen) + 1, expires_us = {now} + :lease_us "
                f"WHERE (leases.holder = :node AND {known_there}) OR leases.expires_us <= {now} "
                "OR (:dead = 1 AND leases.term <= :seen AND leases.holder <> :node)"
            ),
            renew=text(
                f"UPDATE leases SET expires_us = {now} + :lease_us, holder_instance = :me {mine}"
            ),
            transfer=text(
                "UPDATE leases SET holder = :to_node, holder_instance = '', term = term + 1, "
                f"expires_us = {now} + :lease_us {mine}"
            ),
            release=text(f"UPDATE leases SET expires_us = {now} {mine}"),
            read=text(
                "SELECT coalesce(leases.term, 0) AS term, coalesce(leases.holder, '') AS holder, "
                f"coalesce(leases.expires_us - {now}, 0) AS left_us, "
                f"coalesce(leases.holder = :node AND NOT {known_there}, false) AS cloned, "
                f"(SELECT {now} - max(seen_us) FROM nodes "
                "WHERE cluster = :cluster AND node <> :node) AS peer_age_us "
                "FROM (SELECT 1) AS one LEFT JOIN leases ON leases.cluster = :cluster"
            ),
        )


class SqlLease:
    """Implements cluster.ports.Lease over the database behind `engine`, with connections of its own.

    Every failure is LeaseUnavailable within about `call_timeout_s`, whatever the database does. Own
    connections: a lease call never waits for one that a commit holds.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        cluster: str,
        node: str,
        instance: str,
        boot: str,
        lease_s: float,
        call_timeout_s: float,
    ) -> None:
        self._call_timeout_s = call_timeout_s
        self._one_call = threading.Lock()
        self._ends_at = 0.0
        self._engine = open_engine(
            engine.url,
            busy_timeout_s=call_timeout_s,
            connect_timeout_s=call_timeout_s,
            statement_timeout_s=call_timeout_s,
            connections=1,
            left_s=self._left_s,
        )
        self._statements = _Statements.on(engine.dialect.name)
        self._me: Mapping[str, str | int] = {
            "cluster": cluster,
            "node": node,
            "boot": boot,
            "me": f"{node}/{instance}",
            "prefix": len(node) + 1,
        }
        self._node = node
        self._lease_us = round(lease_s * 1e6)

    def look(self) -> LeaseView:
        """Write the own node row and read; `granted` tells whether we hold it unexpired."""
        view = self._call("look", None)[1]
        return replace(view, granted=view.holder == self._node and view.expires_in_s > 0)

    def acquire(self, seen_term: int, *, peer_is_dead: bool) -> LeaseView:
        """Take it if free, expired, ours or the peer is dead, with term max(row, seen) + 1.

        `peer_is_dead` counts only against a term that was seen: if the row holds a higher one, the
        peer that was found dead has come back since.
        """
        statement = self._statements.acquire
        return self._change(
            "acquire", statement, self._node, seen=seen_term, dead=int(peer_is_dead)
        )

    def renew(self, term: int) -> LeaseView:
        """Extend, if the row still says (we, term); the term stays."""
        return self._change("renew", self._statements.renew, self._node, term=term)

    def transfer(self, term: int, to_node: str) -> LeaseView:
        """Give it to `to_node` with term + 1, if the row still says (we, term)."""
        return self._change(
            "transfer", self._statements.transfer, to_node, term=term, to_node=to_node
        )

    def release(self, term: int) -> LeaseView:
        """End it now, if the row still says (we, term); nobody is granted anything."""
        return self._call("release", self._statements.release, term=term)[1]

    def close(self) -> None:
        """Give back the connection."""
        self._engine.dispose()

    def _change(
        self, call: str, statement: TextClause, holder: str, **values: str | int
    ) -> LeaseView:
        changed, view = self._call(call, statement, **values)
        # Between the change and the reading somebody may have taken it: then it is not ours.
        return replace(view, granted=changed and view.holder == holder)

    def _call(
        self, call: str, statement: TextClause | None, **values: str | int
    ) -> tuple[bool, LeaseView]:
        parameters = {**self._me, "lease_us": self._lease_us, **values}
        with self._bounded(call) as connection:
            connection.execute(self._statements.beat, parameters)
            changed = statement is not None and (
                connection.execute(statement, parameters).rowcount == 1
            )
            row = connection.execute(self._statements.read, parameters).one()
        age_us = row.peer_age_us
        view = LeaseView(
            granted=False,
            term=row.term,
            holder=OTHER_INSTANCE if row.cloned and row.left_us > 0 else row.holder,
            expires_in_s=row.left_us / 1e6,
            peer_age_s=None if age_us is None else max(0.0, age_us / 1e6),
        )
        return changed, view

    @contextmanager
    def _bounded(self, call: str) -> Generator[Connection]:
        """A connection whose every wait ends with this call. Raises LeaseUnavailable."""
        if not self._one_call.acquire(timeout=self._call_timeout_s):
            raise LeaseUnavailable(f"lease call {call}: the call before has not ended yet")
        try:
            # The limit is real time, whatever clock the node runs on.
            self._ends_at = time.monotonic() + self._call_timeout_s  # noqa: TID251
            with self._connection() as connection:
                yield connection
        except (SQLAlchemyError, OverflowError) as error:
            said = first_line(error.orig) if isinstance(error, DBAPIError) else str(error)
            raise LeaseUnavailable(
                f"lease call {call}: the contact database is not available: {said}",
                hint="Check that the contact database runs and is reachable from this node.",
            ) from error
        finally:
            self._one_call.release()

    @contextmanager
    def _connection(self) -> Generator[Connection]:
        """PostgreSQL: each statement by itself, so no lock is ever held between two of them."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == POSTGRES:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
            else:
                with connection.execution_options(**WRITES).begin():
                    yield connection

    def _left_s(self) -> float:
        return max(_SHORTEST_S, self._ends_at - time.monotonic())  # noqa: TID251
