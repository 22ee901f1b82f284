"""PostgreSQL connections that never wait longer than told.

A server that is stopped, or cut off without a word, answers nothing at all: limits kept by the server
do not help then. So the client counts.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

R = TypeVar("R")


class BoundedConnection(psycopg.Connection[TupleRow]):
    """Closes itself when the server takes longer than `left_s()` for one answer."""

    left_s: Callable[[], float] | None = None

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """Raises psycopg.OperationalError when time is up; the connection is unusable then."""
        try:
            if timeout is None and self.left_s is not None:
                timeout = self.left_s()
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # still waiting for an answer nobody may read any more
            raise


def connect_within(
    connect_s: float,
    left_s: Callable[[], float],
    args: Sequence[Any],
    options: Mapping[str, Any],
) -> BoundedConnection:
    """Connect, or raise psycopg.OperationalError after `connect_s` seconds.

    The connection then gives every answer as long as `left_s()` says when the wait begins.

    libpq waits at least two seconds by itself, which is too long for a lease; so a thread does the
    waiting, and closes what it gets too late. Connecting changes nothing, so late is harmless.
    """
    future: Future[BoundedConnection] = Future()

    def work() -> None:
        try:
            connection = BoundedConnection.connect(*args, **options)
        except psycopg.Error as error:
            future.set_exception(error)
            return
        connection.left_s = left_s
        future.set_result(connection)

    # The caller's thread waits, so this is no concurrency that a behaviour could see.
    threading.Thread(target=work, name="connecting", daemon=True).start()  # noqa: TID251
    try:
        return future.result(connect_s)
    except TimeoutError as error:
        future.add_done_callback(_close_late)
        raise psycopg.OperationalError(f"no connection within {connect_s:g} s") from error


def _close_late(future: Future[BoundedConnection]) -> None:
    with contextlib.suppress(psycopg.Error):
        future.result().close()
