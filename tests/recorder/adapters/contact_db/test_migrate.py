"""The schema: made from nothing, made by two at once, and never taken back from a newer program."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, inspect, text

from recorder.adapters.contact_db import (
    SqlContactDb,
    login_tables,
    migrate,
    open_engine,
    proof_tables,
    screen_tables,
    tables,
)
from recorder.adapters.contact_db.columns import METADATA
from recorder.adapters.contact_db.migrate import REVISION
from recorder.consolidate.contact import contact_id
from recorder.errors import ConfigError, DataCenterDown, SchemaTooNew
from tests.calls import an_interaction, an_item, names_of
from tests.recorder.hand_clock import HandClock


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
    with pytest.raises(SchemaTooNew, match=rf"revision 9999.*up to {REVISION}") as caught:
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


LATER_TABLES = [
    one.name
    for module in (login_tables, proof_tables, screen_tables)
    for one in vars(module).values()
    if isinstance(one, Table)
]


def back_to_0002(connection):
    for table in ("interaction_names", *LATER_TABLES):
        connection.execute(text(f"DROP TABLE {table}"))
    for index in ("items_by_contact", "items_by_source", "media_by_object", "media_by_hash"):
        connection.execute(text(f"DROP INDEX {index}"))
    connection.execute(text("DROP TABLE contact_revisions"))
    for column in ("contacts.revision", "contacts.updated_by", "media.revision"):
        table, _, name = column.partition(".")
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
    connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))


OLD_CONTACT = "INSERT INTO contacts (contact_id, source, session_key, sort_us, updated_us, media) VALUES (:id, 'dyn', :session, 7, 9, 1)"
OLD_INTERACTION = (
    "INSERT INTO interactions (source, interaction_key, contact_id) VALUES ('dyn', :key, :id)"
)
OLD_MEDIA = "INSERT INTO media (source, media_key, interaction_key, contact_id, kind, stored_us) VALUES ('dyn', :key, :key, :id, 'audio', 8)"


def test_a_contact_made_before_there_were_revisions_is_revision_1(url, engine):
    migrate(url)
    home = contact_id("dyn", "ses-1")
    with engine.begin() as connection:
        back_to_0002(connection)
        connection.execute(text(OLD_CONTACT), {"id": home, "session": "ses-1"})
        for statement in (OLD_INTERACTION, OLD_MEDIA):
            connection.execute(text(statement), {"id": home, "key": "old"})
    migrate(url)
    db = SqlContactDb(engine, cluster="pair", node="alpha", clock=HandClock())
    old = db.contact("ses-1")
    assert (old.row.revision, old.row.updated_us, old.row.updated_by) == (1, 9, "")
    (only,) = db.contact_revisions("ses-1")
    assert (only.added_interactions, only.added_media) == (("old",), ("old",))
    db.commit([an_item()], names_of(an_item()))
    assert [one.row.revision for one in db.contact_revisions("ses-1")] == [1, 2]
    assert db.contact("ses-1", 1) == old
    assert len(db.contact("ses-1").media) == 2


def test_an_older_node_that_still_runs_can_write_contacts(url, engine):
    migrate(url)
    with engine.begin() as connection:
        connection.execute(text(OLD_CONTACT), {"id": "x", "session": "s"})
        for statement in (OLD_INTERACTION, OLD_MEDIA):
            connection.execute(text(statement), {"id": "x", "key": "old"})
    db = SqlContactDb(engine, cluster="pair", node="alpha", clock=HandClock())
    assert db.contact("s").row.revision == 1


def test_a_lease_of_the_first_schema_goes_on_in_the_second(url, engine):
    migrate(url)
    with engine.begin() as connection:
        back_to_0002(connection)
        connection.execute(text("ALTER TABLE leases DROP COLUMN holder_instance"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        connection.execute(text("INSERT INTO leases VALUES ('pair', 7, 'alpha', 1)"))
    migrate(url)
    with engine.begin() as connection:
        found = connection.execute(text("SELECT term, holder, holder_instance FROM leases")).one()
        assert tuple(found) == (7, "alpha", "")
        old = "INSERT INTO leases (cluster, term, holder, expires_us) VALUES ('other', 1, 'b', 1)"
        connection.execute(text(old))  # as an older node writes that still runs


def test_what_was_committed_before_is_found_by_its_ids_too(url, engine):
    migrate(url)
    db = SqlContactDb(engine, cluster="pair", node="alpha", clock=HandClock())
    told = {"ticket": "CAS-0001", "again": "CAS-0001", "queue": "sales", "topic": "a b 1 2"}
    item = an_item(interaction=replace(an_interaction(), attributes=told))
    db.commit([item], names_of(item))
    with engine.begin() as connection:
        back_to_0002(connection)
    migrate(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT value, interaction_key FROM interaction_names"))
        assert [tuple(row) for row in rows] == [("CAS-0001", "int-1")]
