"""A hold against a deletion, on real databases and in threads of their own: a hold on record beats every later step."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from recorder.adapters.contact_db import retention
from recorder.records.retention import DeletionState
from tests.contract.retention_dbs import retention_world
from tests.contract.test_retention_db import a_call, a_hold, commit, decided, delete, order
from tests.waiting import wait_until

PATIENCE_S = 20.0
ROUNDS = 20


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = retention_world(request.param, request, tmp_path)
    world.see_term(3)
    yield world
    world.close()


@pytest.fixture
def due(world):
    """A contact that is due, as it is on record."""
    commit(world.node("alpha"), a_call("a"))
    (one,) = decided(world.retention("alpha"))
    return one


@contextmanager
def running(work):
    """In another thread, from the start to the end of the block; gives what it returns."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


def until_somebody_waits(world):
    """PostgreSQL tells who waits for a lock; whoever writes to a SQLite file waits at once or was not there yet."""
    if world.url.startswith("sqlite"):
        return

    def waits():
        with psycopg.connect(world.url) as connection:
            asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return connection.execute(asked).fetchone()[0] > 0

    wait_until(waits, PATIENCE_S, "the other one waits for the lock")


@pytest.fixture
def slow_hold(monkeypatch):
    """Holds stop in the middle of their transaction until they may go on."""
    inside, may_go_on = threading.Event(), threading.Event()
    too_late = retention._too_late

    def slow(connection, hold):
        inside.set()
        assert may_go_on.wait(PATIENCE_S)
        return too_late(connection, hold)

    monkeypatch.setattr(retention, "_too_late", slow)
    return inside, may_go_on


def test_a_hold_that_comes_while_objects_are_erased_waits_and_is_told_that_it_is_too_late(
    world, due
):
    alpha, beta = world.retention("alpha"), world.retention("beta")
    erasing, may_go_on, erased = threading.Event(), threading.Event(), []

    def erase(key):
        erasing.set()
        assert may_go_on.wait(PATIENCE_S)
        erased.append(key)

    with running(lambda: delete(alpha, due, erase=erase)) as deleting:
        assert erasing.wait(PATIENCE_S)
        with running(lambda: beta.place_hold(a_hold(contact_id="ses-a"))) as holding:
            until_somebody_waits(world)
            assert not holding.done()
            may_go_on.set()
            assert holding.result(PATIENCE_S).already_deleted == (due.contact_id,)
        assert deleting.result(PATIENCE_S)[0].state is DeletionState.DELETED
    assert erased == ["dyn/med-a"]
    assert world.node("beta").contact("ses-a") is None


def test_a_deletion_that_comes_while_a_hold_is_placed_waits_and_erases_nothing(
    world, due, slow_hold
):
    inside, may_go_on = slow_hold
    alpha, beta = world.retention("alpha"), world.retention("beta")
    alpha.begin_deletion(order(due), 3)
    with running(lambda: beta.place_hold(a_hold(contact_id=due.contact_id))) as holding:
        assert inside.wait(PATIENCE_S)
        with running(lambda: alpha.finish_deletion(order(due), 3, pytest.fail)) as deleting:
            until_somebody_waits(world)
            assert not deleting.done()
            may_go_on.set()
            done = deleting.result(PATIENCE_S)
        assert holding.result(PATIENCE_S).already_deleted == ()
    assert done.state is DeletionState.WITHDRAWN
    assert "H-1" in done.reason
    assert world.node("beta").contact("ses-a") is not None


def test_a_beginning_that_comes_while_a_hold_is_placed_is_withdrawn(world, due, slow_hold):
    inside, may_go_on = slow_hold
    alpha, beta = world.retention("alpha"), world.retention("beta")
    with running(lambda: beta.place_hold(a_hold(source="dyn"))) as holding:
        assert inside.wait(PATIENCE_S)
        with running(lambda: alpha.begin_deletion(order(due), 3)) as beginning:
            until_somebody_waits(world)
            may_go_on.set()
            assert beginning.result(PATIENCE_S).state is DeletionState.WITHDRAWN
        holding.result(PATIENCE_S)


def test_whoever_is_first_the_contact_is_gone_or_held_and_whole(world):
    alpha, beta, contacts = world.retention("alpha"), world.retention("beta"), world.node("alpha")
    for number in range(ROUNDS):
        commit(contacts, a_call(f"c{number}"))
        (due,) = decided(alpha)
        barrier = threading.Barrier(2)

        def purge(due=due, barrier=barrier):
            barrier.wait()
            return delete(alpha, due)

        def hold(due=due, barrier=barrier, number=number):
            barrier.wait()
            return beta.place_hold(a_hold(f"H-{number}", contact_id=due.contact_id))

        with running(purge) as purging, running(hold) as holding:
            (done, erased), placed = purging.result(PATIENCE_S), holding.result(PATIENCE_S)
        if placed.already_deleted:
            assert (done.state, erased) == (DeletionState.DELETED, [f"dyn/med-c{number}"])
            assert contacts.contact(f"ses-c{number}") is None
        else:
            assert (done.state, erased) == (DeletionState.WITHDRAWN, [])
            assert contacts.contact(f"ses-c{number}") is not None
