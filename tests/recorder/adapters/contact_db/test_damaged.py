"""A contact database whose file is no database: refused at the start, and always told by its path."""

import sqlite3

import pytest

from cluster.errors import LeaseUnavailable
from recorder.adapters.contact_db import SqlContactDb, migrate, migrate_at_start, open_engine
from recorder.adapters.lease_db import SqlLease
from recorder.errors import ConfigError, DataCenterDamaged, DataCenterDown
from tests.calls import a_ref
from tests.recorder.hand_clock import HandClock

NO_DATABASE = b"this is a text about databases, long enough to be read as one" * 100


@pytest.fixture
def file(tmp_path):
    return tmp_path / "contacts.db"


@pytest.fixture
def url(file):
    return f"sqlite:///{file}"


def spoil_schema(file):
    """The header stays that of a database; the page with its tables becomes noise."""
    with file.open("r+b") as raw:
        raw.seek(100)
        raw.write(b"\xff" * 3_996)


def test_a_file_that_is_no_database_is_a_wrong_configuration_at_the_start(file, url):
    file.write_bytes(NO_DATABASE)
    with pytest.raises(ConfigError) as caught:
        migrate_at_start(url, wait_s=1.0)
    assert str(caught.value) == (
        f"data_center.database: the contact database cannot be used while migrating: "
        f"{file}: file is not a database"
    )
    assert "backup" in caught.value.hint
    assert file.read_bytes() == NO_DATABASE


def test_a_database_whose_tables_are_damaged_is_a_wrong_configuration_at_the_start(file, url):
    migrate(url)
    spoil_schema(file)
    with pytest.raises(ConfigError, match=rf"{file}: database disk image is malformed"):
        migrate_at_start(url, wait_s=1.0)


def test_a_database_that_is_only_away_at_the_start_stays_an_outage(file, url):
    file.mkdir()
    with pytest.raises(DataCenterDown, match=str(file)):
        migrate_at_start(url, wait_s=0.1)


def test_a_database_held_by_somebody_at_the_start_stays_an_outage(file, url):
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataCenterDown, match="locked"):
        migrate_at_start(url, wait_s=0.1)
    other.close()


def test_a_start_on_a_sound_database_migrates_it(file, url):
    migrate_at_start(url, wait_s=1.0)
    with sqlite3.connect(file) as look:
        assert look.execute("SELECT count(*) FROM leases").fetchone() == (0,)


def test_damage_found_later_is_an_outage_that_names_the_file(file, url):
    migrate(url)
    spoil_schema(file)
    db = SqlContactDb(open_engine(url), cluster="pair", node="alpha", clock=HandClock())
    with pytest.raises(DataCenterDamaged, match=rf"{file}: .*malformed") as caught:
        db.unfinished([a_ref()])
    assert isinstance(caught.value, DataCenterDown), "the node goes on into its buffer"
    assert "restore it from a backup" in caught.value.hint
    db.close()


def test_the_lease_names_the_file_too(file, url):
    file.write_bytes(NO_DATABASE)
    lease = SqlLease(
        open_engine(url),
        cluster="pair",
        node="alpha",
        instance="i",
        boot="b",
        lease_s=6.0,
        call_timeout_s=1.0,
    )
    with pytest.raises(LeaseUnavailable, match=str(file)):
        lease.look()
    lease.close()
