"""What certificates read beside items: which recovery brought one, and which policy deleted it."""

import pytest
from sqlalchemy import delete, insert

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.adapters.contact_db.proof_tables import deletions, recoveries, recovery_items
from recorder.adapters.contact_db.tables import media
from recorder.consolidate.contact import contact_id
from tests.calls import START_US, an_item, names_of
from tests.contract.contact_dbs import SqlWorld
from tests.databases import migrated


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return url


@pytest.fixture
def world(url):
    world = SqlWorld(url)
    items = [an_item("a", session="s1"), an_item("b", session="s2")]
    world.node("alpha").commit(items, names_of(*items))
    yield world
    world.close()


@pytest.fixture
def engine(url):
    engine = open_engine(url)
    yield engine
    engine.dispose()


def rows(engine):
    db = SqlCertificateDb(engine, cluster="pair")
    return {row.item: row for row in db.rows_of("dyn", ["a", "b"])}


def put(engine, table, **values):
    with engine.begin() as connection:
        connection.execute(insert(table).values(**values))


def a_recovery(engine, name, source="dyn", state="recovered"):
    put(
        engine,
        recoveries,
        recovery_id=name,
        source=source,
        dry_run=False,
        requested_us=1,
        updated_us=1,
        recovered=1,
    )
    put(engine, recovery_items, recovery_id=name, item_key="a", state=state, updated_us=1)


def test_the_first_recovery_that_brought_an_item_is_named(world, engine):
    assert world
    a_recovery(engine, "R-2")
    a_recovery(engine, "R-1")
    found = rows(engine)
    assert (found["a"].recovery, found["b"].recovery) == ("R-1", "")


@pytest.mark.parametrize(("source", "state"), [("zoom", "recovered"), ("dyn", "already_here")])
def test_a_recovery_that_did_not_bring_it_is_not(world, engine, source, state):
    assert world
    a_recovery(engine, "R-1", source, state)
    assert rows(engine)["a"].recovery == ""


def a_deletion(engine, state, session="s1"):
    put(
        engine,
        deletions,
        contact_id=contact_id("dyn", session),
        number=1,
        source="dyn",
        policy="seven-years",
        state=state,
        decided_us=1,
        due_us=1,
    )


@pytest.mark.parametrize(
    ("state", "told"), [("deleted", "seven-years"), ("again", "seven-years"), ("due", "")]
)
def test_the_policy_that_deleted_a_contact_is_named(world, engine, state, told):
    assert world
    a_deletion(engine, state)
    with engine.begin() as connection:
        connection.execute(delete(media).where(media.c.item_key == "a"))
    found = rows(engine)["a"]
    assert (found.deleted, found.media, found.changed_us) == (told, (), START_US)


def test_what_still_has_its_files_is_not_deleted(world, engine):
    assert world
    a_deletion(engine, "deleted")
    assert rows(engine)["a"].deleted == ""
