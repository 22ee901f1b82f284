"""A database that is locked, gone, frozen or full: what the caller hears, and how soon."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event, text

from recorder.adapters.contact_db import SqlContactDb, open_engine
from recorder.errors import DataCenterDown, DataCenterError, DataCenterUnfit
from recorder.model import SourceProgress
from recorder.records.contacts import ContactQuery, ItemQuery
from tests.calls import a_ref, an_event, an_interaction, an_item, an_outcome, names_of
from tests.databases import migrated
from tests.recorder.hand_clock import HandClock
from tests.waiting import wait_until

BATCH = [an_item(f"rec-{n}", session=f"ses-{n % 3}") for n in range(9)]


def open_db(url, *, node="alpha", **limits):
    engine = open_engine(url, **limits)
    return SqlContactDb(engine, cluster="pair", node=node, clock=HandClock()), engine


@pytest.fixture
def sqlite_path(tmp_path):
    path = tmp_path / "contacts.db"
    migrated(f"sqlite:///{path}")
    return path


def seconds_until_down(call):
    start = time.monotonic()  # noqa: TID251 - real time is the subject
    with pytest.raises(DataCenterDown) as caught:
        call()
    assert caught.value.hint
    return time.monotonic() - start  # noqa: TID251


# -- SQLite ----


def test_a_locked_file_is_down_in_bounded_time_and_readable_meanwhile(sqlite_path):
    db, _ = open_db(f"sqlite:///{sqlite_path}", busy_timeout_s=0.2)
    blocker = sqlite3.connect(sqlite_path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert seconds_until_down(lambda: db.commit(BATCH, names_of(*BATCH))) < 2
    assert seconds_until_down(lambda: db.record_outcome(an_outcome(), 1)) < 2
    assert seconds_until_down(lambda: db.save_progress(SourceProgress("dyn", 1, 1, 1), 1)) < 2
    assert db.unfinished([a_ref()]) == (a_ref(),)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert len(db.commit(BATCH, names_of(*BATCH)).new) == 9
    db.close()


def test_readers_never_wait_for_a_writer_and_writers_take_turns(sqlite_path):
    url = f"sqlite:///{sqlite_path}"
    nodes = [open_db(url, node=node)[0] for node in ("alpha", "beta")]
    items = [an_item(f"rec-{n}", session=f"ses-{n % 5}") for n in range(200)]

    def work(node, mine):
        for start in range(0, len(mine), 10):
            some = mine[start : start + 10]
            node.commit(some, names_of(*some))
            node.contacts(ContactQuery(limit=5))

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(work, nodes[0], items), pool.submit(work, nodes[1], items[::-1])]
        for job in jobs:
            job.result()
    assert nodes[0].item_counts() == {("dyn", "archived"): 200}
    assert [row.media for row in nodes[0].contacts(ContactQuery()).rows] == [40] * 5
    for node in nodes:
        node.close()


def test_a_file_that_is_no_database_is_refused_not_waited_for(tmp_path):
    path = tmp_path / "contacts.db"
    path.write_bytes(b"this is a text about databases, long enough to be read as one" * 100)
    db, _ = open_db(f"sqlite:///{path}")
    with pytest.raises(DataCenterUnfit, match="not a database"):
        db.unfinished([a_ref()])


def test_missing_tables_are_nobodys_poison_but_an_outage_with_a_hint(tmp_path):
    db, _ = open_db(f"sqlite:///{tmp_path / 'contacts.db'}")
    with pytest.raises(DataCenterUnfit, match="no such table") as caught:
        db.unfinished([a_ref()])
    assert "schema" in caught.value.hint
    db.close()


def unfit(db, items=BATCH):
    with pytest.raises(DataCenterUnfit) as caught:
        db.commit(items, names_of(*items))
    return caught.value.hint


def test_a_full_database_is_an_outage_until_there_is_room(sqlite_path):
    db, engine = open_db(f"sqlite:///{sqlite_path}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))
    large = [an_item("large", interaction=an_interaction(subject="x" * 1_000_000))]
    assert "space" in unfit(db, large)
    engine.dispose()
    db, _ = open_db(f"sqlite:///{sqlite_path}")
    assert len(db.commit(BATCH, names_of(*BATCH)).new) == 9
    db.close()


def test_a_database_that_may_only_be_read_is_an_outage(sqlite_path):
    db, engine = open_db(f"sqlite:///{sqlite_path}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only = ON"))
    assert "writable" in unfit(db)
    db.close()


def test_sqlite_is_opened_durable_and_with_foreign_keys(sqlite_path):
    _, engine = open_db(f"sqlite:///{sqlite_path}")
    with engine.connect() as connection:
        told = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


# -- both ----


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    url = f"sqlite:///{tmp_path / 'both.db'}"
    migrated(url)
    return url


TABLES = ("contacts", "interactions", "parties", "segments", "media", "items", "item_events")


def test_a_lost_table_or_column_is_an_outage(url):
    db, engine = open_db(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE item_events DROP COLUMN detail"))
    items = [an_item(events=[an_event()])]
    with pytest.raises(DataCenterUnfit) as caught:
        db.commit(items, names_of(*items))
    assert "schema" in caught.value.hint
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE item_events"))
    with pytest.raises(DataCenterUnfit):
        db.commit(items, names_of(*items))
    db.close()


def test_values_that_break_a_rule_are_the_items_own_fault(url):
    db, _ = open_db(url)
    items = [replace(an_item(), attempts=None)]
    with pytest.raises(DataCenterError) as caught:
        db.commit(items, names_of(*items))
    assert not isinstance(caught.value, DataCenterDown)
    db.close()


@pytest.mark.parametrize("table", TABLES)
def test_a_commit_that_is_interrupted_at_any_statement_leaves_nothing(url, table):
    db, engine = open_db(url)

    def crash(*told):
        if f"INSERT INTO {table} " in told[2]:
            raise DataCenterDown("the node died here")

    items = [an_item(events=[an_event()])]
    event.listen(engine, "after_cursor_execute", crash)
    with pytest.raises(DataCenterDown):
        db.commit(items, names_of(*items))
    fresh, other = open_db(url)
    assert fresh.items(ItemQuery()).rows == ()
    assert fresh.contacts(ContactQuery()).rows == ()
    assert fresh.commit(items, names_of(*items)).new == ("rec-1",)
    engine.dispose()
    other.dispose()


def test_two_nodes_that_extend_one_contact_at_once_lose_nothing(url):
    nodes = [open_db(url, node=node)[0] for node in ("alpha", "beta")]
    halves = [
        [an_item(f"{node}-{n}", session=f"ses-{n % 4}") for n in range(40)] for node in range(2)
    ]

    def work(node, items):
        for start in range(0, 40, 4):
            some = items[start : start + 4]
            node.commit(some, names_of(*some))

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(work, *one) for one in zip(nodes, halves, strict=True)]:
            job.result()
    rows = nodes[0].contacts(ContactQuery()).rows
    assert [(row.interactions, row.media, row.size_bytes) for row in rows] == [(20, 20, 20_000)] * 4
    for node in nodes:
        node.close()


def test_errors_show_neither_parameters_nor_statements(url):
    db, engine = open_db(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE item_events"))
    with pytest.raises(DataCenterError) as caught:
        db.story("dyn", "a very private key")
    assert "private" not in f"{caught.value!r}"
    assert "SELECT" not in f"{caught.value!r}"
    db.close()


# -- PostgreSQL ----


@pytest.mark.postgres
def test_a_server_that_stops_in_the_middle_is_down_then_recovers(postgres_server, postgres_url):
    db, engine = open_db(postgres_url)
    db.commit(BATCH[:3], names_of(*BATCH[:3]))

    def stop(*told):
        if "INSERT INTO media" in told[2]:
            event.remove(engine, "after_cursor_execute", stop)
            postgres_server.stop()

    event.listen(engine, "after_cursor_execute", stop)
    try:
        assert seconds_until_down(lambda: db.commit(BATCH, names_of(*BATCH))) < 10
        assert seconds_until_down(lambda: db.unfinished([a_ref()])) < 10
    finally:
        postgres_server.start()
    result = db.commit(BATCH, names_of(*BATCH))
    assert (len(result.new), len(result.already)) == (6, 3)
    db.close()


@pytest.mark.postgres
def test_a_frozen_server_is_down_in_bounded_time(postgres_server, postgres_url):
    db, _ = open_db(postgres_url, connect_timeout_s=0.5, statement_timeout_s=0.5)
    db.unfinished([a_ref()])
    postgres_server.freeze()
    try:
        assert seconds_until_down(lambda: db.unfinished([a_ref()])) < 5
    finally:
        postgres_server.thaw()

    def answers():
        try:
            return db.unfinished([a_ref()])
        except DataCenterDown:
            return ()

    wait_until(answers, 10, "the server answers again")
    db.close()


@pytest.mark.postgres
def test_a_node_that_stops_inside_a_transaction_does_not_block_the_other_for_ever(postgres_url):
    stopped = open_engine(postgres_url, statement_timeout_s=0.5)
    db, _ = open_db(postgres_url)
    db.commit([an_item()], names_of(an_item()))
    holding = stopped.connect()
    holding.begin()
    holding.execute(text("UPDATE contacts SET subject = 'held'"))
    again = an_item("rec-2")
    assert db.commit([again], names_of(again)).new == ("rec-2",)
    holding.invalidate()
    holding.close()
    stopped.dispose()
    db.close()


@pytest.mark.postgres
def test_a_user_without_rights_is_an_outage(postgres_url):
    db, engine = open_db(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS tandem_powerless"))
        connection.execute(text("CREATE ROLE tandem_powerless"))
    event.listen(engine, "checkout", lambda raw, *_: raw.execute("SET ROLE tandem_powerless"))
    assert "rights" in unfit(db)
    db.close()


@pytest.mark.postgres
def test_a_key_too_long_for_an_index_is_the_items_own_fault(postgres_url):
    db, _ = open_db(postgres_url)
    noise = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(9_000))
    items = [an_item(noise)]
    with pytest.raises(DataCenterError) as caught:
        db.commit(items, names_of(*items))
    assert not isinstance(caught.value, DataCenterDown)
    db.close()


@pytest.mark.postgres
def test_a_wrong_database_is_down_without_showing_the_password(postgres_server):
    url = f"postgresql://nobody:hunter2@127.0.0.1:{postgres_server.port}/none"
    db, _ = open_db(url)
    with pytest.raises(DataCenterDown) as caught:
        db.load_progress()
    assert "hunter2" not in f"{caught.value!r}"
