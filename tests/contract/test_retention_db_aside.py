"""Deletions that fail step aside, over memory, SQLite and PostgreSQL."""

import pytest

from cluster.errors import StaleTerm
from recorder.keep.surveys import FIRST_AGAIN_US, LAST_AGAIN_US
from recorder.records.retention import DeletionQuery, DeletionState, Trouble
from tests.contract.retention_dbs import retention_world
from tests.contract.test_retention_db import OVER_US, a_call, a_hold, commit, decided, delete, order


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
def due(world, db):
    """Two contacts that are due."""
    commit(world.node("alpha"), a_call("a"), a_call("b"))
    return decided(db)


def trouble(one, why="no", now_us=OVER_US):
    return Trouble(one.contact_id, one.number, why, now_us)


def test_what_was_set_aside_lets_the_others_pass_and_comes_again(db, due):
    head = db.ready(OVER_US, 1)[0]
    told = db.set_aside(trouble(head, "an object stays"), 3)
    assert (told.trouble, told.tries, told.state) == ("an object stays", 1, DeletionState.DUE)
    (other,) = db.ready(OVER_US, 10)
    assert other.contact_id != head.contact_id
    assert db.ready(OVER_US + FIRST_AGAIN_US - 1, 10) == (other,)
    assert len(db.ready(OVER_US + FIRST_AGAIN_US, 10)) == len(due)


def test_each_time_it_is_later_but_never_later_than_four_hours(db, due):
    waits, now_us = [], OVER_US
    for _ in range(12):
        again_us = db.set_aside(trouble(due[0], now_us=now_us), 3).again_us
        waits.append(again_us - now_us)
        now_us = again_us
    assert waits[:3] == [FIRST_AGAIN_US, 4 * FIRST_AGAIN_US, 16 * FIRST_AGAIN_US]
    assert waits == sorted(waits)
    assert waits[-1] == LAST_AGAIN_US


def test_what_begins_keeps_its_count_and_what_ends_has_none(db, due):
    one = due[0]
    db.set_aside(trouble(one), 3)
    assert db.begin_deletion(order(one), 3).tries == 1
    done = db.finish_deletion(order(one), 3, lambda _key: None)
    assert (done.state, done.tries, done.trouble) == (DeletionState.DELETED, 0, "")
    assert db.set_aside(trouble(one), 3) == done, "it is over"


def test_only_those_that_failed_are_listed_as_such(db, due):
    assert db.deletions(DeletionQuery(stuck_tries=1)).rows == ()
    db.set_aside(trouble(due[0]), 3)
    assert len(db.deletions(DeletionQuery(stuck_tries=1)).rows) == 1
    assert db.deletions(DeletionQuery(stuck_tries=2)).rows == ()
    db.place_hold(a_hold(contact_id=due[0].contact_id))
    assert delete(db, due[0])[0].state is DeletionState.WITHDRAWN
    assert db.deletions(DeletionQuery(stuck_tries=1)).rows == ()


def test_a_stale_term_sets_nothing_aside(world, db, due):
    world.see_term(9)
    with pytest.raises(StaleTerm):
        db.set_aside(trouble(due[0]), 3)
    assert db.deletions(DeletionQuery(stuck_tries=1)).rows == ()
