"""Rows by many keys come from an index, also on a database that nobody has counted."""

import pytest
from sqlalchemy import event, text

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.known import known_items
from recorder.adapters.contact_db.lookups import items_by_key, media_by_contact
from tests.calls import a_ref, an_item, names_of
from tests.contract.contact_dbs import SqlWorld
from tests.databases import migrated

COPIES = 8_000


@pytest.fixture
def sqlite_url(tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return url


@pytest.fixture
def engine(url):
    world = SqlWorld(url)
    item = an_item("a", session="ses-a")
    world.node("alpha").commit([item], names_of(item))
    world.close()
    engine = open_engine(url)
    grow(engine)
    yield engine
    engine.dispose()


def grow(engine):
    """Copies of everything, in a database that does not know of them yet."""
    keys = {"contacts": "contact_id", "items": "item_key", "media": "media_key"}
    copied = {*keys.values(), "session_key"}
    numbers = "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < :copies) "
    with engine.begin() as connection:
        for table in keys:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
            columns = list(connection.execute(text(f"SELECT * FROM {table} LIMIT 1")).keys())  # noqa: S608 - ours
            chosen = ", ".join(f"{one} || '-' || n" if one in copied else one for one in columns)
            names = ", ".join(columns)
            insert = f"INSERT INTO {table} ({names}) {numbers} SELECT {chosen} FROM {table}, k"  # noqa: S608 - ours
            connection.execute(text(insert), {"copies": COPIES})


def plans(engine, ask):
    """How the database goes about each statement of `ask`."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "SELECT" in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        found = ask(connection)
    event.remove(engine, "before_cursor_execute", note)
    how = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    told = []
    with engine.connect() as connection:
        for statement, parameters in asked:
            lines = connection.exec_driver_sql(f"{how} {statement}", parameters).all()
            told.append(" ".join(str(line) for line in lines))
    return found, told


def keys_of(count):
    return [f"a-{number}" for number in range(1, count + 1)]


class Looks:
    """The same for both databases."""

    def test_items_are_looked_for_in_the_primary_key(self, engine):
        keys = keys_of(500)
        found, (told,) = plans(engine, lambda c: items_by_key(c, "dyn", [*keys, *keys, "no"]))
        assert {row.item_key for row in found} == set(keys)
        assert len(found) == len(keys)
        self.is_by_index(told, "items")

    def test_what_a_listing_tells_is_looked_for_in_the_primary_key(self, engine):
        refs = [a_ref(key) for key in keys_of(100)] + [a_ref("new")]
        found, (told,) = plans(engine, lambda c: known_items(c, refs))
        assert len(found) == 100
        self.is_by_index(told, "items")

    def test_files_are_looked_for_by_their_contacts(self, engine):
        with engine.connect() as connection:
            rows = items_by_key(connection, "dyn", keys_of(200), ("contact_id",))
        homes = [row.contact_id for row in rows]
        assert len(homes) == 200
        found, (told,) = plans(engine, lambda c: media_by_contact(c, "dyn", homes))
        assert len(found) == 200
        self.is_by_index(told, "media")


class TestOnSqlite(Looks):
    @pytest.fixture
    def url(self, sqlite_url):
        return sqlite_url

    def is_by_index(self, told, table):
        assert f"SEARCH {table} USING" in told
        assert f"SCAN {table}" not in told


class TestOnPostgresql(Looks):
    @pytest.fixture
    def url(self, postgres_url):
        return postgres_url

    def is_by_index(self, told, table):
        assert f"Seq Scan on {table}" not in told
        assert {"items": "items_pkey", "media": "media_by_contact"}[table] in told
