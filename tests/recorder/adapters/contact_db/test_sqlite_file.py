import pytest
from sqlalchemy import text

from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.errors import DataCenterDown, DataCenterUnfit
from recorder.model import SourceProgress
from tests.databases import migrated
from tests.recorder.adapters.dynamics.scripted import FakeClock

PROGRESS = SourceProgress("dynamics", 1, 7, 7)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "contacts.db"


@pytest.fixture
def engine(file):
    migrated(f"sqlite:///{file}")
    engine = open_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine):
    db = SqlContactDb(engine, cluster="c", node="a", clock=FakeClock())
    db.save_progress(PROGRESS, term=1)
    return db


def test_nothing_is_written_into_a_file_that_was_removed(db, file):
    file.unlink()

    with pytest.raises(DataCenterDown, match=r"contacts\.db is gone") as caught:
        db.save_progress(PROGRESS, term=1)

    assert "restore" in caught.value.hint


def test_no_empty_database_is_made_where_one_was_removed(db, engine, file):
    file.unlink()
    engine.dispose()

    with pytest.raises(DataCenterDown, match="is gone"):
        db.load_progress()

    assert not file.exists()


def test_a_file_that_comes_back_is_used_again(db, file):
    away = file.rename(file.with_name("away.db"))
    with pytest.raises(DataCenterDown):
        db.load_progress()

    away.rename(file)

    assert db.load_progress() == (PROGRESS,)


def test_a_replaced_file_is_told_once_and_then_used(db, file, tmp_path):
    other = tmp_path / "other.db"
    migrated(f"sqlite:///{other}")
    for rest in ("-wal", "-shm"):
        file.with_name(file.name + rest).unlink()
    other.rename(file)

    with pytest.raises(DataCenterDown, match="replaced"):
        db.load_progress()

    assert db.load_progress() == ()


def test_a_replaced_file_without_a_schema_is_unfit(db, file, tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "empty").rename(file)
    with pytest.raises(DataCenterDown, match="replaced"):
        db.load_progress()

    with pytest.raises(DataCenterUnfit):
        db.load_progress()


def test_connections_in_hand_are_given_back_when_the_file_is_gone(engine, file):
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    file.unlink()

    for _ in range(10):  # more than the pool has
        with pytest.raises(DataCenterDown, match="is gone"):
            engine.connect()
