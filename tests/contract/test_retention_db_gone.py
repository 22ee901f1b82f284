"""Contacts that were deleted lately, over memory, SQLite and PostgreSQL: what was made of them is swept again."""

import pytest

from recorder.records.retention import DAY_US
from tests.contract.retention_dbs import retention_world
from tests.contract.test_retention_db import OVER_US, a_call, commit, decided, delete


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = retention_world(request.param, request, tmp_path)
    world.see_term(3)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.retention("alpha")


@pytest.fixture
def contacts(world):
    return world.node("alpha")


def test_deleted_contacts_are_told_by_id_and_page_by_page(db, contacts):
    commit(contacts, a_call("a"), a_call("b"), a_call("c"))
    *due, kept = decided(db)
    for one in due:
        delete(db, one)
    names = sorted(one.contact_id for one in due)
    assert kept.contact_id not in names
    assert db.gone_since(OVER_US, "", 10) == tuple(names)
    assert db.gone_since(OVER_US, "", 1) == (names[0],)
    assert db.gone_since(OVER_US, names[0], 10) == (names[1],)
    assert db.gone_since(OVER_US, names[1], 10) == ()


def test_those_deleted_before_are_not_told(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    delete(db, one)
    assert db.gone_since(OVER_US + DAY_US, "", 10) == ()


def test_a_contact_that_is_there_again_is_not_told(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    delete(db, one)
    commit(contacts, a_call("a", version="2"))
    assert db.gone_since(OVER_US, "", 10) == ()
