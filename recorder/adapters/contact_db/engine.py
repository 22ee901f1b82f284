"""How a connection to the contact database is opened: SQLite file by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from recorder.adapters.contact_db.sqlite_file import name_file, watch_file
from recorder.errors import ConfigError

if TYPE_CHECKING:
    from recorder.adapters.contact_db.bounded import BoundedConnection

WRITES = {"tandem_writes": True}
"""Execution options of a transaction that writes; SQLite then takes its lock at the start."""


def open_engine(
    url: str | URL,
    *,
    busy_timeout_s: float = 5.0,
    connect_timeout_s: float = 3.0,
    statement_timeout_s: float = 10.0,
    connections: int = 4,
    left_s: Callable[[], float] | None = None,
) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://…`; connects at first use, not now.

    `busy_timeout_s` is how long SQLite waits for another writer; the other two bound what PostgreSQL
    may take; `left_s`, when given, says at every wait how long that one may last. Raises ConfigError for any other URL, without showing it (it may hold a password).
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            hide_parameters=True,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=busy_timeout_s,
            connect_args={"timeout": busy_timeout_s},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        watch_file(engine)
        name_file(engine)
        return engine
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=statement_timeout_s,
        pool_pre_ping=True,
        connect_args=_patience(connect_timeout_s, statement_timeout_s),
    )
    limits = _PostgresLimits(connect_timeout_s, statement_timeout_s, left_s)
    event.listen(engine, "do_connect", limits.connect)
    event.listen(engine, "connect", limits.prepare)
    return engine


def _parsed(url: str | URL) -> URL:
    hint = "Write sqlite:///path/to/file.db or postgresql://user:password@host:5432/database."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("the URL of the contact database is no URL", hint=hint) from None
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise ConfigError(f"the contact database cannot be {kind} without a file or server", hint=hint)


# --- SQLite ----------------------------------------------------------------------------------------


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    del record
    connection.isolation_level = None  # we say BEGIN ourselves, with the lock we need
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer later fails at once when somebody else wrote meanwhile.
    writes = connection.get_execution_options().get("tandem_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# --- PostgreSQL ------------------------------------------------------------------------------------


def _patience(connect_timeout_s: float, statement_timeout_s: float) -> dict[str, object]:
    """What libpq does about a server that vanished without a word."""
    return {
        "connect_timeout": max(2, round(connect_timeout_s)),
        "keepalives": 1,
        "keepalives_idle": 3,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": round(min(statement_timeout_s, 6.0) * 1000),
        "application_name": "tandem",
    }


class _PostgresLimits:
    """Opens connections with limits kept on both sides."""

    def __init__(
        self,
        connect_timeout_s: float,
        statement_timeout_s: float,
        left_s: Callable[[], float] | None,
    ) -> None:
        self._connect_s = connect_timeout_s
        self._statement_s = statement_timeout_s
        self._left_s = left_s

    def connect(
        self, dialect: object, record: object, args: Sequence[Any], options: Mapping[str, Any]
    ) -> BoundedConnection:
        """Replace the driver's own connecting."""
        del dialect, record
        # Loaded here: a node on SQLite has no use for PostgreSQL's driver.
        from recorder.adapters.contact_db.bounded import connect_within  # noqa: PLC0415

        if self._left_s is None:
            return connect_within(self._connect_s, self._answer_s, args, options)
        return connect_within(self._left_s(), self._left_s, args, options)

    def _answer_s(self) -> float:
        return self._statement_s + 1.0  # the server's own limit speaks first, with a better text

    def prepare(self, connection: BoundedConnection, record: object) -> None:
        """Limits kept by the server, also for a client that was stopped inside a transaction."""
        del record
        limit_ms = round(self._statement_s * 1000)
        connection.autocommit = True
        for setting in (
            f"statement_timeout = {limit_ms}",
            f"idle_in_transaction_session_timeout = {limit_ms}",
            "synchronous_commit = on",
            # Every statement has its index. Before the first statistics the planner does not know how
            # rare a key is, and would read a whole table for a hundred of them.
            "enable_seqscan = off",
            "client_min_messages = warning",
        ):
            connection.execute(f"SET {setting}".encode())
        connection.autocommit = False
