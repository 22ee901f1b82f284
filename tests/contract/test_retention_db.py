"""Holds and deletions on record, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.errors import ArchiveError
from recorder.model import Window
from recorder.records.contacts import ContactQuery
from recorder.records.retention import (
    DAY_US,
    DeletionQuery,
    DeletionState,
    Hold,
    Match,
    Order,
    Plan,
    Policy,
    Rules,
    Run,
    Scope,
    Surveyed,
    Walk,
)
from tests.calls import START_US, a_file, a_ref, an_interaction, an_item
from tests.contract.retention_dbs import retention_world

RULES = Rules((Policy("all", Match(), 30 * DAY_US),), 10 * DAY_US, 5 * DAY_US)
LATER_US = START_US + 31 * DAY_US
OVER_US = LATER_US + 5 * DAY_US
WALK = Walk(LATER_US)


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


def commit(contacts, *items):
    names = [[f"{item.ref.source}/{one.ref.key}" for one in item.media] for item in items]
    return contacts.commit(items, names)


def a_call(key, **more):
    return an_item(key, session=f"ses-{key}", **more)


def a_hold(hold_id="H-1", **scope):
    return Hold(hold_id, "case 7", Scope(**scope), START_US, "ada")


def order(one, *, rules=RULES, now_us=OVER_US):
    return Order(one.contact_id, one.number, rules, now_us)


def decided(db, *, rules=RULES, now_us=LATER_US, term=3):
    db.decide(db.survey(WALK, rules, now_us).due, rules, now_us, term)
    return db.deletions(DeletionQuery(states=(DeletionState.DUE,))).rows


def delete(db, one, *, term=3, erase=None, **more):
    erased = []
    begun = db.begin_deletion(order(one, **more), term)
    if begun.state is not DeletionState.DELETING:
        return begun, erased
    return db.finish_deletion(order(one, **more), term, erase or erased.append), erased


def test_a_decision_is_on_record_with_all_it_rests_on(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    assert (one.number, one.policy, one.state) == (1, "all", DeletionState.DUE)
    assert (one.decided_us, one.due_us) == (LATER_US, OVER_US)
    assert one.decision["keep_days"] == 30
    assert one.decision["legal_minimum_days"] == 10
    assert one.decision["aged_from_us"] == START_US + 60_000_000
    assert (one.node, one.term, one.size_bytes) == ("alpha", 3, 1000)
    assert decided(db) == (one,), "decided once"
    assert db.decide([one.contact_id], RULES, LATER_US, 3).contacts == 0, "though asked for again"
    assert decided(db) == (one,)


def test_a_decision_of_a_stale_term_is_refused(world, db, contacts):
    commit(contacts, a_call("a"))
    world.see_term(4)
    with pytest.raises(StaleTerm):
        decided(db)
    assert db.deletions(DeletionQuery()).rows == ()


def test_nothing_is_deleted_before_its_recycle_period_is_over(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    assert db.ready(OVER_US - 1, 10) == ()
    assert db.ready(OVER_US, 10) == (one,)
    assert db.begin_deletion(order(one, now_us=OVER_US - 1), 3) == one
    assert db.finish_deletion(order(one), 3, pytest.fail) == one, "a deletion begins first"


def test_a_deleted_contact_is_gone_and_its_items_stay_final(db, contacts):
    item = a_call("a", files=[a_file("one"), a_file("two")])
    commit(
        contacts,
        item,
        a_call("b", interaction=an_interaction("b", started_us=LATER_US, session="ses-b")),
    )
    (one,) = decided(db)
    done, erased = delete(db, one)
    assert erased == ["dyn/one", "dyn/two"]
    assert (done.state, done.ended_us) == (DeletionState.DELETED, OVER_US)
    assert [media.object_key for media in done.media] == erased
    assert contacts.contact("ses-a") is None
    assert [row.session_key for row in contacts.contacts(ContactQuery()).rows] == ["ses-b"]
    (row,) = contacts.item("dyn", "a")
    assert (row.state, row.contact_id) == ("archived", None)
    assert row.reason.startswith("deleted: retention policy all, decision ")
    assert contacts.unfinished([item.ref]) == ()
    assert contacts.story("dyn", "a")[-1].what == "deleted"
    assert db.ready(OVER_US, 10) == ()
    assert delete(db, one) == (done, []), "done once"


def test_a_hold_keeps_a_contact_from_being_decided_upon(db, contacts):
    commit(contacts, a_call("a"))
    db.place_hold(a_hold(source="dyn"))
    assert db.survey(WALK, RULES, LATER_US).held == 1
    assert decided(db) == ()


@pytest.mark.parametrize(
    "scope",
    [
        {"contact_id": "ses-a"},
        {"source": "dyn"},
        {"text": "ada"},
        {"text": "+4930"},
        {"text": "med-a"},
        {"window": Window(START_US + 1, START_US + 2)},
        {"source": "dyn", "text": "Carl", "window": Window(0, START_US + 1)},
    ],
)
def test_a_hold_between_decision_and_deletion_wins(db, contacts, scope):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    db.place_hold(a_hold(**scope))
    done, erased = delete(db, one)
    assert (done.state, erased) == (DeletionState.WITHDRAWN, [])
    assert "H-1" in done.reason
    assert contacts.contact("ses-a") is not None


def test_a_hold_after_the_deletion_began_wins_still(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    db.begin_deletion(order(one), 3)
    db.place_hold(a_hold(contact_id="ses-a"))
    done = db.finish_deletion(order(one), 3, pytest.fail)
    assert done.state is DeletionState.WITHDRAWN
    assert contacts.contact("ses-a") is not None


def test_a_released_hold_holds_no_more_and_the_contact_is_decided_upon_anew(world, db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    db.place_hold(a_hold(contact_id=one.contact_id))
    assert delete(db, one)[0].state is DeletionState.WITHDRAWN
    assert decided(db) == ()
    released = db.release_hold("H-1", "bob", "closed")
    assert (released.released_by, released.released_because) == ("bob", "closed")
    assert released.released_us == world.clock.wall_us()
    assert db.release_hold("H-1", "eve", "again") == released
    assert db.release_hold("H-9", "eve", "again") is None
    assert db.holds() == ()
    assert db.holds(released=True) == (released,)
    (again,) = decided(db)
    assert (again.number, again.due_us) == (2, OVER_US)


def test_a_hold_placed_twice_is_one_hold(db):
    placed = db.place_hold(a_hold(text="x"))
    assert db.place_hold(replace(a_hold(text="y"), reason="another")) == placed
    assert db.holds() == (placed.hold,)


def test_a_hold_that_comes_too_late_says_so(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    delete(db, one)
    assert db.place_hold(a_hold(contact_id="ses-a")).already_deleted == (one.contact_id,)


def test_a_longer_rule_withdraws_what_was_due(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    longer = replace(RULES, policies=(replace(RULES.policies[0], keep_us=90 * DAY_US),))
    assert delete(db, one, rules=longer)[0].state is DeletionState.WITHDRAWN
    assert contacts.contact("ses-a") is not None


def test_an_undeleted_contact_is_held_from_then_on(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    taken = db.undelete(one.contact_id, a_hold(contact_id=one.contact_id))
    assert taken.state is DeletionState.WITHDRAWN
    assert [hold.hold_id for hold in db.holds()] == ["H-1"]
    assert decided(db) == ()
    assert db.undelete(one.contact_id, a_hold("H-2", source="dyn")) == taken
    assert db.undelete("no-such", a_hold("H-2", source="dyn")) is None
    assert len(db.holds()) == 1


def test_a_stale_term_begins_and_finishes_nothing(world, db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    db.begin_deletion(order(one), 3)
    world.see_term(4)
    with pytest.raises(StaleTerm):
        db.finish_deletion(order(one), 3, pytest.fail)
    with pytest.raises(StaleTerm):
        db.begin_deletion(order(one), 3)
    assert contacts.contact("ses-a") is not None
    done = world.retention("beta").finish_deletion(order(one), 4, lambda _: None)
    assert (done.state, done.node, done.term) == (DeletionState.DELETED, "beta", 4)


def test_a_term_that_ends_in_the_middle_erases_no_further_object(world, db, contacts):
    if hasattr(world, "url") and world.url.startswith("sqlite"):
        pytest.skip("SQLite keeps everyone else out until the deletion is over")
    commit(contacts, a_call("a", files=[a_file("one"), a_file("two")]))
    (one,) = decided(db)
    db.begin_deletion(order(one), 3)
    erased = []

    def erase(key):
        erased.append(key)
        world.see_term(4)

    with pytest.raises(StaleTerm):
        db.finish_deletion(order(one), 3, erase)
    assert erased == ["dyn/one"]
    assert contacts.contact("ses-a") is not None, "the rows stay until the objects are gone"


def test_a_deletion_that_failed_in_the_middle_is_finished_by_the_other_node(world, db, contacts):
    commit(contacts, a_call("a", files=[a_file("one"), a_file("two")]))
    (one,) = decided(db)
    db.begin_deletion(order(one), 3)
    erased = []

    def erase(key):
        if erased:
            raise ArchiveError("the archive went away")
        erased.append(key)

    with pytest.raises(ArchiveError):
        db.finish_deletion(order(one), 3, erase)
    assert contacts.contact("ses-a") is not None
    (left,) = db.ready(OVER_US, 10)
    assert left.state is DeletionState.DELETING
    assert [media.object_key for media in left.media] == ["dyn/one", "dyn/two"], "what is missing"
    done, again = delete(world.retention("beta"), left)
    assert (done.state, again) == (DeletionState.DELETED, ["dyn/one", "dyn/two"])


def test_an_object_that_another_contact_has_too_stays(db, contacts):
    contacts.commit([a_call("a")], [["dyn/same"]])
    contacts.commit(
        [a_call("b", interaction=an_interaction("b", session="ses-b", started_us=LATER_US))],
        [["dyn/same"]],
    )
    (one,) = decided(db)
    done, erased = delete(db, one)
    assert (done.state, erased) == (DeletionState.DELETED, [])
    assert contacts.contact("ses-b") is not None


def test_what_a_node_still_had_in_its_buffer_does_not_come_back(db, contacts):
    item = a_call("a")
    commit(contacts, item)
    (one,) = decided(db)
    delete(db, one)
    result = commit(contacts, item, a_call("b"))
    assert (result.already, result.new) == (("a",), ("b",))
    assert contacts.contact("ses-a") is None
    (again,) = db.ready(OVER_US, 10)
    assert again.state is DeletionState.AGAIN, "its files were put before the commit"
    erased = []
    assert db.finish_deletion(order(again), 3, erased.append).state is DeletionState.DELETED
    assert erased == ["dyn/med-a"]
    assert db.ready(OVER_US, 10) == ()


def test_a_new_version_of_a_deleted_item_is_a_contact_of_its_own(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    delete(db, one)
    newer = a_ref("a", session="ses-a", version="v2", changed_us=START_US + 1)
    assert contacts.unfinished([newer]) == (newer,)
    commit(contacts, replace(a_call("a", files=[a_file("two")]), ref=newer))
    assert contacts.contact("ses-a").row.revision == 1


def test_deletions_are_listed_newest_first_and_page_by_page(db, contacts):
    commit(contacts, a_call("a"), a_call("b"), a_call("c"))
    every = decided(db)
    assert len(every) == 3
    first = db.deletions(DeletionQuery(limit=2))
    rest = db.deletions(DeletionQuery(limit=2, after=first.next))
    assert (*first.rows, *rest.rows) == every
    assert rest.next is None
    assert db.deletions(DeletionQuery(source="other")).rows == ()
    assert db.deletions(DeletionQuery(contact_id=every[1].contact_id)).rows == (every[1],)


def test_the_plan_confirmed_last_is_in_force(db):
    one = Plan("P-1", START_US, "ada", RULES, Surveyed(contacts=7))
    two = replace(one, plan_id="P-2", rules=Rules())
    db.save_plan(one)
    db.save_plan(replace(one, made_by="eve"))
    db.save_plan(two)
    assert db.plan("P-1") == one
    assert db.confirmed_plan() is None
    assert db.confirm_plan("P-9", "bob") is None
    for plan in (one, two, one):
        assert db.confirm_plan(plan.plan_id, "bob").confirmed_by == "bob"
        assert db.confirmed_plan().rules == plan.rules


def test_runs_are_on_record_newest_first(world, db):
    first = Run("R-1", START_US, None, "alpha", 3, "running", RULES, 0, 0)
    db.record_run(first, 3)
    db.record_run(replace(first, outcome="done", ended_us=START_US + 5, contacts=4), 3)
    db.record_run(replace(first, run_id="R-2", started_us=START_US + 9), 3)
    assert [(run.run_id, run.outcome, run.contacts) for run in db.runs(5)] == [
        ("R-2", "running", 0),
        ("R-1", "done", 4),
    ]
    world.see_term(9)
    with pytest.raises(StaleTerm):
        db.record_run(replace(first, run_id="R-3"), 3)
    assert len(db.runs(1)) == 1


def test_the_database_tells_its_own_time(db):
    assert db.now_us() > START_US - DAY_US
