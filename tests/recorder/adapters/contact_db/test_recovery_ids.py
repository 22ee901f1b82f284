"""Ids of a recovery, which may be a hundred thousand, are read once, and small columns ever after."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.recoveries import SqlRecoveryDb
from recorder.adapters.contact_db.recovery_ids import KEPT_MAX, KnownIds
from recorder.records.recoveries import RecoveryKind, RecoveryRow, Tending
from tests.contract.recovery_told import a_request
from tests.databases import migrated

MANY = tuple(f"id-{number}" for number in range(1_000))


@pytest.fixture
def engine(tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def read(engine):
    """Statements that read the column with the ids, without a condition around it."""
    found = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if statement.startswith("SELECT recoveries.details"):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return found


def a_db(engine):
    return SqlRecoveryDb(engine, cluster="c", node="alpha", clock=RealClock())


def of_ids(name="R-1", ids=MANY) -> RecoveryRow:
    return a_request(name, kind=RecoveryKind.SPECIFIC, window=None, ids=ids, cause="file")


def test_looks_and_work_read_them_once(engine, read):
    a_db(engine).request(of_ids())
    db = a_db(engine)
    read.clear()
    for _ in range(5):
        assert [row.ids for row in db.running()] == [MANY]
        assert db.tend(Tending("R-1", room=5), 1).row.ids == MANY
        assert db.recovery("R-1").ids == MANY
    assert len(read) == 1


def test_a_period_and_a_dry_run_are_read_as_they_are(engine, read):
    db = a_db(engine)
    db.request(a_request("R-1"))
    db.request(of_ids("R-2", ids=("a",)))
    db.request(a_request("R-3", kind=RecoveryKind.SPECIFIC, window=None, ids=("b",), dry_run=True))
    assert [row.ids for row in db.running()] == [(), ("a",), ("b",)]
    assert len(read) == 1


def test_what_is_kept_has_a_bound_and_what_was_forgotten_is_read_again(engine, read):
    half = tuple(map(str, range(KEPT_MAX // 2)))
    db, known = a_db(engine), KnownIds()
    for number in range(4):
        db.request(of_ids(f"R-{number}", ids=(f"{number}", *half)))
    read.clear()
    with engine.connect() as connection:
        for number in (0, 1, 1, 0):
            assert known.of(connection, f"R-{number}")[0] == f"{number}"
    assert len(read) == 3


def test_many_jobs_that_ask_at_once_get_whole_lists_and_keep_few(engine):
    db, known = a_db(engine), KnownIds()
    ids = {f"R-{number}": tuple(f"{number}-{one}" for one in range(50)) for number in range(6)}
    for name, some in ids.items():
        db.request(of_ids(name, ids=some))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(number):
        with engine.connect() as connection:
            for step in range(60):
                name = f"R-{(number + step) % 6}"
                assert known.of(connection, name) == ids[name]

    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(4))) == [None] * 4
    finally:
        sys.setswitchinterval(before)
    assert set(known._kept) == set(ids)
