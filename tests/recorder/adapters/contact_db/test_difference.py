"""What of a listing is missing: a walk along one index, then each id that is left in the primary key, and nothing else."""

import pytest
from sqlalchemy import event, text

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.difference import WALK_AT, difference
from tests.calls import a_ref, an_item, names_of
from tests.contract.contact_dbs import SqlWorld
from tests.databases import migrated


@pytest.fixture
def sqlite_url(tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return url


@pytest.fixture
def engine(url):
    world = SqlWorld(url)
    for key in ("a", "b", "c"):
        item = an_item(key)
        world.node("alpha").commit([item], names_of(item))
    world.close()
    engine = open_engine(url)
    yield engine
    engine.dispose()


def ask(engine, refs):
    """The difference, and the statements it took with their parameters."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "items" in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        found = difference(connection, refs)
    event.remove(engine, "before_cursor_execute", note)
    return found, asked


def plan(engine, how, *, which):
    """How the database goes about a page of thousands, without ever having counted its rows."""
    refs = [a_ref("a"), *(a_ref(f"new-{number}") for number in range(5_000))]
    found, asked = ask(engine, refs)
    assert found.already_here == 1
    assert list(found.missing) == refs[1:]
    walk, by_key = asked
    statement, parameters = {"walk": walk, "by key": by_key}[which]
    with engine.connect() as connection:
        lines = connection.exec_driver_sql(f"{how} {statement}", parameters).all()
    return " ".join(str(line) for line in lines)


class TestOnSqlite:
    @pytest.fixture
    def url(self, sqlite_url):
        return sqlite_url

    def test_each_id_is_looked_for_in_the_primary_key(self, engine):
        told = plan(engine, "EXPLAIN QUERY PLAN", which="by key")
        assert "sqlite_autoindex_items_1 (item_key=? AND source=?)" in told
        assert "SCAN i" not in told

    def test_the_time_of_a_listing_is_walked_along_one_index(self, engine):
        told = plan(engine, "EXPLAIN QUERY PLAN", which="walk")
        assert "items_by_source (source=? AND changed_us>? AND changed_us<?)" in told
        assert "TEMP B-TREE" not in told

    def test_what_is_as_it_was_listed_is_asked_for_once(self, engine):
        stored = [a_ref(key) for key in ("a", "b", "c")]
        _, asked = ask(engine, stored * WALK_AT)
        assert len(asked) == 1

    def test_a_few_items_are_looked_for_one_by_one(self, engine):
        found, asked = ask(engine, [a_ref("a"), a_ref("new")])
        assert (found.already_here, len(found.missing), len(asked)) == (1, 1, 1)
        assert "given" in asked[0][0]


class TestOnPostgresql:
    @pytest.fixture
    def url(self, postgres_url):
        return postgres_url

    def test_each_id_is_looked_for_in_the_primary_key(self, engine):
        with engine.begin() as connection:
            # A table that grew since anybody counted: an index by source would lead to all of it.
            copies = "SELECT i.item_key || n FROM items i CROSS JOIN generate_series(1, 2000) AS n"
            columns = connection.execute(text("SELECT * FROM items LIMIT 1")).keys()
            others = ", ".join(f"i.{name}" for name in columns if name != "item_key")
            names = ", ".join(name for name in columns if name != "item_key")
            chosen = copies.replace(" FROM", f", {others} FROM", 1)
            connection.execute(text(f"INSERT INTO items (item_key, {names}) {chosen}"))
        told = plan(engine, "EXPLAIN", which="by key")
        assert "items_pkey" in told
        assert "Hash" not in told
        assert "Merge" not in told
        told = plan(engine, "EXPLAIN", which="walk")
        assert "items_by_source" in told
        assert "items_by_state" not in told
        assert "Seq Scan" not in told
