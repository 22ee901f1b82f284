"""A page of the data access service walks indexes from its cursor on, and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from recorder.adapters.contact_db import migrate, open_engine
from recorder.adapters.contact_db.das import SqlDas
from recorder.adapters.contact_db.pages import encode_cursor
from recorder.das_rows import DasQuery
from recorder.model import Window
from tests.calls import an_item, names_of
from tests.contract.contact_dbs import SqlWorld

QUERY = DasQuery(source="dyn", window=Window(0, 2**60), after=encode_cursor(5, "x"))


@pytest.fixture
def engine(tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrate(url)
    world = SqlWorld(url)
    items = [an_item("a", session="s1"), an_item("b", session="s1"), an_item("c", session="s2")]
    for item in items:
        world.node("alpha").commit([item], names_of(item))
    world.close()
    engine = open_engine(url)
    yield engine
    engine.dispose()


def plans(engine, query):
    """How SQLite goes about each statement of a page."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    assert SqlDas(engine).contacts(query).contacts
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        return [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
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
    assert not [step for step in steps if "contacts USING COVERING INDEX" in step]


def test_contacts_are_walked_from_the_cursor_and_past_places_from_theirs(engine):
    present, past, *_ = plans(engine, QUERY)
    assert present == ["SEARCH contacts USING INDEX contacts_by_source (source=? AND sort_us>? AND sort_us<?)"]  # fmt: skip
    assert past[0].startswith("SEARCH contact_revisions USING COVERING INDEX contact_revisions_by_start (sort_us>? AND sort_us<?)")  # fmt: skip
