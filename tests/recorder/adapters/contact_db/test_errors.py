"""What each error of a driver means for the recorder: an outage, an unfit database, or a value's own fault."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from recorder.adapters.contact_db.errors import first_line, translated
from recorder.errors import DataCenterDamaged, DataCenterDown, DataCenterError, DataCenterUnfit

SECRET = "postgresql://node:hush@db/contacts"


def wrapped(error):
    """As SQLAlchemy hands a driver's error on."""
    return DBAPIError("SELECT secret FROM items", {"secret": SECRET}, error)


def meant(error):
    """What the recorder is told."""
    with pytest.raises(DataCenterError) as caught, translated("testing"):
        raise error
    return caught.value


def sqlite_error(code, kind=sqlite3.OperationalError):
    error = kind("the file says no")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        (sqlite3.SQLITE_BUSY, DataCenterDown, "tried again"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, DataCenterDown, "tried again"),
        (sqlite3.SQLITE_LOCKED, DataCenterDown, "tried again"),
        (sqlite3.SQLITE_IOERR, DataCenterDown, "tried again"),
        (sqlite3.SQLITE_CANTOPEN, DataCenterDown, "tried again"),
        (sqlite3.SQLITE_FULL, DataCenterUnfit, "space"),
        (sqlite3.SQLITE_READONLY, DataCenterUnfit, "writable"),
        (sqlite3.SQLITE_READONLY_DBMOVED, DataCenterUnfit, "writable"),
        (sqlite3.SQLITE_PERM, DataCenterUnfit, "rights"),
        (sqlite3.SQLITE_ERROR, DataCenterUnfit, "schema"),
        (sqlite3.SQLITE_CORRUPT, DataCenterDamaged, "backup"),
        (sqlite3.SQLITE_CORRUPT_INDEX, DataCenterDamaged, "backup"),
        (sqlite3.SQLITE_NOTADB, DataCenterDamaged, "backup"),
    ],
)
def test_codes_of_sqlite(code, kind, hint):
    told = meant(wrapped(sqlite_error(code)))
    assert type(told) is kind
    assert hint in told.hint


def test_a_rule_of_sqlite_that_a_value_breaks_is_its_own_fault():
    told = meant(wrapped(sqlite_error(sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.IntegrityError)))
    assert type(told) is DataCenterError


def test_errors_of_the_module_itself_carry_no_code_and_are_outages():
    assert type(meant(wrapped(sqlite3.OperationalError("closed")))) is DataCenterDown


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (psycopg.errors.AdminShutdown, DataCenterDown, "tried again"),
        (psycopg.errors.CannotConnectNow, DataCenterDown, "tried again"),
        (psycopg.errors.TooManyConnections, DataCenterDown, "tried again"),
        (psycopg.errors.DeadlockDetected, DataCenterDown, "tried again"),
        (psycopg.errors.SerializationFailure, DataCenterDown, "tried again"),
        (psycopg.errors.QueryCanceled, DataCenterDown, "tried again"),
        (psycopg.errors.LockNotAvailable, DataCenterDown, "tried again"),
        (psycopg.errors.InvalidPassword, DataCenterDown, "tried again"),
        (psycopg.errors.ReadOnlySqlTransaction, DataCenterDown, "tried again"),
        (psycopg.InterfaceError, DataCenterDown, "tried again"),
        (psycopg.errors.DiskFull, DataCenterUnfit, "space"),
        (psycopg.errors.InsufficientPrivilege, DataCenterUnfit, "rights"),
        (psycopg.errors.UndefinedTable, DataCenterUnfit, "schema"),
        (psycopg.errors.UndefinedColumn, DataCenterUnfit, "schema"),
        (psycopg.errors.DataCorrupted, DataCenterDamaged, "backup"),
        (psycopg.errors.IndexCorrupted, DataCenterDamaged, "backup"),
    ],
)
def test_errors_of_postgresql(error, kind, hint):
    told = meant(wrapped(error("the server says no\nwith more\n")))
    assert type(told) is kind
    assert hint in told.hint
    assert "the server says no" in str(told)
    assert "with more" not in str(told)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.ProgramLimitExceeded,
        psycopg.errors.StringDataRightTruncation,
        psycopg.errors.NumericValueOutOfRange,
        psycopg.errors.CharacterNotInRepertoire,
        psycopg.errors.NotNullViolation,
        psycopg.errors.CheckViolation,
    ],
)
def test_values_that_postgresql_refuses_are_their_own_fault(error):
    assert type(meant(wrapped(error("no")))) is DataCenterError


def test_a_connection_that_broke_is_an_outage_whatever_the_driver_calls_it():
    error = wrapped(psycopg.errors.CheckViolation("no"))
    error.connection_invalidated = True
    assert type(meant(error)) is DataCenterDown


def test_no_free_connection_is_an_outage():
    told = meant(PoolTimeout("QueuePool limit of size 5 overflow 10 reached"))
    assert type(told) is DataCenterDown
    assert "no free connection" in str(told)


@pytest.mark.parametrize("error", [OverflowError("int too large"), ValueError("\ud800")])
def test_a_value_no_driver_takes_is_its_own_fault_and_is_not_shown(error):
    told = meant(error)
    assert type(told) is DataCenterError
    assert str(error) not in str(told)
    assert type(error).__name__ in str(told)


def test_what_is_left_of_sqlalchemy_is_told_by_its_first_line():
    told = meant(InvalidRequestError("a transaction is already begun\nsecond line"))
    assert type(told) is DataCenterError
    assert str(told).endswith("a transaction is already begun")


@pytest.mark.parametrize("error", [sqlite_error(sqlite3.SQLITE_BUSY), psycopg.errors.DiskFull("x")])
def test_neither_statement_nor_parameters_are_told(error):
    told = meant(wrapped(error))
    assert "SELECT" not in str(told)
    assert SECRET not in str(told) + told.hint


def test_errors_that_are_no_database_errors_pass_through():
    with pytest.raises(ZeroDivisionError), translated("testing"):
        raise ZeroDivisionError


def test_an_error_without_words_is_told_by_its_name():
    assert first_line(psycopg.OperationalError()) == "OperationalError"
