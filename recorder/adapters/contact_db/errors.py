"""What SQLAlchemy and its drivers raise, in the recorder's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from recorder.errors import DataCenterDown, DataCenterError

_SCHEMA_HINT = "Start a node: it brings the database to this program's schema."
_DOWN_HINT = (
    "It is tried again; nothing in the call buffer is lost. Check that the database runs and is "
    "reachable from this node."
)


@contextmanager
def translated(doing: str) -> Generator[None]:
    """Raises DataCenterDown or DataCenterError in place of any database error.

    `doing` completes the sentence "the contact database …". No statement, parameter or password
    gets into the text, only the first line of what the database said.
    """
    try:
        yield
    except PoolTimeout as error:
        raise DataCenterDown(
            f"the contact database is busy while {doing}: no free connection", hint=_DOWN_HINT
        ) from error
    except DBAPIError as error:
        raise _translated(error, doing) from error
    except SQLAlchemyError as error:
        raise DataCenterError(
            f"the contact database failed while {doing}: {first_line(error)}"
        ) from error


def _translated(error: DBAPIError, doing: str) -> DataCenterError:
    said = first_line(error.orig)
    if error.connection_invalidated or _is_down(error.orig):
        return DataCenterDown(
            f"the contact database is not available while {doing}: {said}", hint=_DOWN_HINT
        )
    hint = _SCHEMA_HINT if "no such" in said or "does not exist" in said else ""
    return DataCenterError(f"the contact database refused while {doing}: {said}", hint=hint)


def _is_down(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        # sqlite3 uses this class for a missing table and for bad SQL as well.
        return not first_line(error).startswith(("no such", "near", "table", "incomplete"))
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return (
            True  # a standby that was promoted elsewhere: the next connection finds the right one
        )
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def first_line(error: BaseException | None) -> str:
    """The first line of what was said, or the name of the error."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
