"""What SQLAlchemy and its drivers raise, in the recorder's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from recorder.adapters.contact_db.sqlite_file import PRIMARY
from recorder.errors import DataCenterDamaged, DataCenterDown, DataCenterError, DataCenterUnfit

_AGAIN = "It is tried again; nothing in the call buffer is lost."
_UNFIT_HINTS = {
    "schema": "Start a node again: it brings the database to this program's schema.",
    "rights": "Grant this node's user its rights on the database and its tables.",
    "damaged": "The database is damaged: stop the nodes and restore it from a backup.",
    "full": "Free or add space where the database lies.",
    "read_only": "Make the database, and the folder it lies in, writable for this node's user.",
}
_SQLITE = {
    sqlite3.SQLITE_ERROR: "schema",  # the statements are fixed, so it is never an item's doing
    sqlite3.SQLITE_PERM: "rights",
    sqlite3.SQLITE_AUTH: "rights",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
}
_DOWN_HINT = (
    "It is tried again; nothing in the call buffer is lost. Check that the database runs and is "
    "reachable from this node."
)


@contextmanager
def translated(doing: str) -> Generator[None]:
    """Raises DataCenterDown, DataCenterUnfit or DataCenterError in place of any database error.

    DataCenterError itself means that these very values are refused: others may well pass.

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
    except (OverflowError, ValueError) as error:
        # The drivers raise these themselves: a number beyond 64 bits, half a character.
        raise DataCenterError(
            f"the contact database cannot take a value while {doing}: {type(error).__name__}"
        ) from error
    except SQLAlchemyError as error:
        raise DataCenterError(
            f"the contact database failed while {doing}: {first_line(error)}"
        ) from error


def _translated(error: DBAPIError, doing: str) -> DataCenterError:
    said = first_line(error.orig)
    unfit = _unfit(error.orig)
    if unfit is not None:
        kind = DataCenterDamaged if unfit == "damaged" else DataCenterUnfit
        return kind(
            f"the contact database cannot be used while {doing}: {said}",
            hint=f"{_UNFIT_HINTS[unfit]} {_AGAIN}",
        )
    if error.connection_invalidated or _is_down(error.orig):
        return DataCenterDown(
            f"the contact database is not available while {doing}: {said}", hint=_DOWN_HINT
        )
    return DataCenterError(f"the contact database refused while {doing}: {said}")


def _unfit(error: BaseException | None) -> str | None:
    """What is wrong with the database as a whole, as a word of the hints; None for anything else."""
    if isinstance(error, sqlite3.Error):
        # Errors that the module raises by itself carry no code.
        code: int | None = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & PRIMARY)
    return _unfit_postgres(error) if _is_of_psycopg(error) else None


def _unfit_postgres(error: BaseException | None) -> str | None:
    import psycopg  # noqa: PLC0415 - loaded already where its errors come from

    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return "rights"
    if isinstance(error, psycopg.errors.DataCorrupted | psycopg.errors.IndexCorrupted):
        return "damaged"
    if isinstance(error, psycopg.errors.DiskFull):
        return "full"
    # Undefined tables, columns, functions: the statements are fixed, so it is never an item's doing.
    return "schema" if isinstance(error, psycopg.ProgrammingError) else None


def _is_down(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return True
    if not _is_of_psycopg(error):
        return False
    import psycopg  # noqa: PLC0415 - as above

    if isinstance(error, psycopg.errors.ProgramLimitExceeded):
        return False  # a value that is too large for an index
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return (
            True  # a standby that was promoted elsewhere: the next connection finds the right one
        )
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def _is_of_psycopg(error: BaseException | None) -> bool:
    """Without loading it: a node on SQLite has no use for 10 MB of PostgreSQL's driver."""
    return any(kind.__module__.partition(".")[0] == "psycopg" for kind in type(error).__mro__)


def first_line(error: BaseException | None) -> str:
    """The first line of what was said, or the name of the error."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
