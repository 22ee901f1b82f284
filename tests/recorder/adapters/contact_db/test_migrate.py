"""The schema: made from nothing, made by two at once, and never taken back from a newer program."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from recorder.adapters.contact_db import migrate, open_engine, tables
from recorder.adapters.contact_db.migrate import REVISION
from recorder.adapters.contact_db.tables import METADATA
from recorder.errors import ConfigError, DataCenterDown, SchemaTooNew


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("empty_postgres_url")
    return f"sqlite:///{tmp_path / 'contacts.db'}"


@pytest.fixture
def engine(url):
    engine = open_engine(url)
    yield engine
    engine.dispose()


def schema_of(engine):
    """Tables, columns, types and indexes, as the database tells them."""
    look = inspect(engine)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in columns],
            look.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (index["name"], tuple(index["column_names"])) for index in look.get_indexes(table)
            ),
            sorted(tuple(key["constrained_columns"]) for key in look.get_foreign_keys(table)),
        )
        for table in sorted(look.get_table_names())
        if (columns := look.get_columns(table)) and table != "alembic_version"
    }


def test_an_empty_database_gets_every_table_the_program_uses(url, engine):
    migrate(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    migrated = schema_of(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    assert schema_of(engine) == migrated


def test_migrating_again_changes_nothing(url, engine):
    migrate(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO nodes VALUES ('pair', 'alpha', 'boot', 1)"))
    migrate(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM nodes")).scalar() == 1


def test_two_nodes_that_start_at_once_make_one_schema(url, engine):
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(migrate, url) for _ in range(4)]:
            future.result()
    with engine.connect() as connection:
        revisions = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    assert len(revisions) == 1


def test_a_schema_from_a_newer_program_is_refused_and_left_alone(url, engine):
    migrate(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match=r"revision 9999.*up to 0002") as caught:
        migrate(url)
    assert "upgrade this node" in caught.value.hint
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        )


def test_a_migration_that_is_interrupted_leaves_nothing(url, engine, monkeypatch):
    def upgrade(config, _):
        connection = config.attributes["connection"]
        connection.execute(text("CREATE TABLE contacts (contact_id TEXT)"))
        raise DataCenterDown("cut off")

    monkeypatch.setattr("alembic.command.upgrade", upgrade)
    with pytest.raises(DataCenterDown):
        migrate(url)
    assert inspect(engine).get_table_names() == []


def test_a_file_that_cannot_be_opened_is_down(tmp_path):
    with pytest.raises(DataCenterDown):
        migrate(f"sqlite:///{tmp_path / 'no-such-folder' / 'contacts.db'}")


@pytest.mark.parametrize(
    "url", ["", "no url", "mysql://root:hunter2@host/db", "sqlite://", "sqlite:///:memory:"]
)
def test_any_other_url_is_a_config_error_that_does_not_show_it(url):
    with pytest.raises(ConfigError) as caught:
        open_engine(url)
    assert "hunter2" not in f"{caught.value!r} {caught.value.hint}"
    assert "postgresql://" in caught.value.hint


def test_the_revision_that_counts_as_current_is_the_newest_there_is():
    folder = Path(tables.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [REVISION]


def test_a_database_that_is_current_needs_neither_alembic_nor_another_driver(tmp_path):
    url = f"sqlite:///{tmp_path}/center.db"
    migrate(url)
    code = (
        "import sys; from recorder.adapters.contact_db.migrate import migrate; "
        f"migrate({url!r}); sys.exit('alembic' in sys.modules or 'psycopg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_lease_of_the_first_schema_goes_on_in_the_second(url, engine):
    migrate(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE leases DROP COLUMN holder_instance"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        connection.execute(text("INSERT INTO leases VALUES ('pair', 7, 'alpha', 1)"))
    migrate(url)
    with engine.begin() as connection:
        found = connection.execute(text("SELECT term, holder, holder_instance FROM leases")).one()
        assert tuple(found) == (7, "alpha", "")
        old = "INSERT INTO leases (cluster, term, holder, expires_us) VALUES ('other', 1, 'b', 1)"
        connection.execute(text(old))  # as an older node writes that still runs
