"""A page of the data access service walks indexes from its cursor on, and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import event, text

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.das import SqlDas
from recorder.adapters.contact_db.pages import encode_cursor
from recorder.adapters.contact_db.tables import contacts
from recorder.model import Window
from recorder.records.das import DasQuery
from tests.calls import an_item, names_of
from tests.contract.contact_dbs import SqlWorld
from tests.databases import migrated

QUERY = DasQuery(source="dyn", window=Window(0, 2**60), after=encode_cursor(5, "x"))


@pytest.fixture
def engine(tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    commit_three(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


def commit_three(url):
    world = SqlWorld(url)
    items = [an_item("a", session="s1"), an_item("b", session="s1"), an_item("c", session="s2")]
    for item in items:
        world.node("alpha").commit([item], names_of(item))
    world.close()


def plans(engine, query):
    """How the database goes about each statement of a page."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    assert SqlDas(engine).contacts(query).contacts
    event.remove(engine, "before_cursor_execute", note)
    explain, column = (
        ("EXPLAIN", 0) if engine.dialect.name == "postgresql" else ("EXPLAIN QUERY PLAN", 3)
    )
    with engine.connect() as connection:
        return [
            [row[column] for row in connection.exec_driver_sql(f"{explain} {sql}", values)]
            for sql, values in asked
        ]


@pytest.mark.parametrize(
    "query",
    [
        QUERY,
        replace(QUERY, source=None),
        replace(QUERY, window=None),
        replace(QUERY, items=True, media=True),
        DasQuery(ids=("s1", "c")),
    ],
)
def test_no_table_is_scanned(engine, query):
    steps = [step for plan in plans(engine, query) for step in plan]
    assert not [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step]
    assert not [step for step in steps if "contacts USING COVERING INDEX contacts_by" in step]


def test_contacts_are_walked_from_the_cursor_and_past_places_from_theirs(engine):
    present, past, *_ = plans(engine, QUERY)
    assert present == ["SEARCH contacts USING INDEX contacts_by_source (source=? AND sort_us>? AND sort_us<?)"]  # fmt: skip
    assert past[0].startswith("SEARCH contact_revisions USING COVERING INDEX contact_revisions_by_start (sort_us>? AND sort_us<?)")  # fmt: skip


@pytest.fixture
def crowded(postgres_url):
    """A PostgreSQL database with some thousand other contacts, which it has counted."""
    commit_three(postgres_url)
    engine = open_engine(postgres_url)
    with engine.begin() as connection:
        own = {"contact_id", "session_key"}
        names = ", ".join(column.name for column in contacts.c if column.name not in own)
        connection.execute(
            text(
                f"INSERT INTO contacts (contact_id, session_key, {names}) "  # noqa: S608 - our own names
                f"SELECT contact_id || n, session_key || n, {names} "
                "FROM contacts CROSS JOIN generate_series(1, 3000) AS n"
            )
        )
        connection.execute(text("ANALYZE"))
    yield engine
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("window", [None, Window(0, 2**60)])
def test_ids_are_looked_for_in_their_indexes_by_postgresql_too(crowded, window):
    (lines, *_) = plans(crowded, DasQuery(ids=("s1", "c"), window=window))
    told = " ".join(lines)
    assert "SubPlan" not in told
    assert "contacts_by_session" in told
    assert "contacts_by_start" not in told
    assert "Seq Scan on contacts" not in told
