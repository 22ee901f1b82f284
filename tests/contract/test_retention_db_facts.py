"""Contacts as rules and holds see them, and holds as people see them, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from recorder.desk.hold_reach import COUNTED_MAX, Reach, holds_on, reach
from recorder.model import Party, Window
from recorder.records.retention import DAY_US, KeptMedia, Part, Scope
from tests.calls import START_US, a_file, an_interaction, an_item
from tests.contract.retention_dbs import retention_world
from tests.contract.test_retention_db import LATER_US, RULES, WALK, a_hold, commit, decided, delete


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


def a_call(name, *, source="dyn", started_us=START_US, **known):
    """A contact of which every key is told apart."""
    interaction = replace(
        an_interaction(f"int-{name}", session=f"ses-{name}", started_us=START_US),
        started_us=started_us,
        ended_us=None if started_us is None else started_us + 60_000_000,
        **known,
    )
    files = [a_file(f"med-{name}", started_us=started_us)]
    key, session = f"rec-{name}", f"ses-{name}"
    return an_item(key, source=source, session=session, interaction=interaction, files=files)


def ids(contacts, *names):
    return [contacts.contact(f"ses-{name}").row.contact_id for name in names]


def test_the_facts_of_a_contact_are_all_that_a_rule_or_a_hold_may_ask(db, contacts):
    commit(contacts, a_call("a"), a_call("b"))
    (home,) = ids(contacts, "a")
    (facts,) = db.facts([home])
    row = contacts.contact(home).row
    assert (facts.contact_id, facts.source, facts.session_key) == (home, "dyn", "ses-a")
    assert (facts.started_us, facts.ended_us) == (row.started_us, row.ended_us)
    assert (facts.updated_us, facts.channel, facts.direction) == (
        row.updated_us,
        "voice",
        "inbound",
    )
    assert facts.parts == (Part("voice", "inbound", {"queue": "sales"}),)
    assert sorted(facts.names) == ["ada agent", "carl customer"]
    assert facts.texts == ("+4930111", "rec-a", "med-a")
    assert facts.media == (KeptMedia("med-a", "dyn/med-a", 1000, "ab" * 32),)


def test_facts_are_told_once_each_by_id_of_what_is_there(db, contacts):
    assert db.facts([]) == ()
    commit(contacts, a_call("a"), a_call("b"))
    both = ids(contacts, "a", "b")
    told = db.facts([*both, "nobody", *reversed(both)])
    assert [one.contact_id for one in told] == sorted(both)
    assert [one for home in sorted(both) for one in db.facts([home])] == list(told)


def test_a_contact_in_its_recycle_period_is_told_and_a_deleted_one_is_not(db, contacts):
    commit(contacts, a_call("a"))
    (one,) = decided(db)
    assert [facts.contact_id for facts in db.facts([one.contact_id])] == [one.contact_id]
    delete(db, one)
    assert db.facts([one.contact_id]) == ()


SCOPES = {
    "a name": (Scope(text="ada ag"), 3),
    "a number": (Scope(text="+4930"), 3),
    "an item": (Scope(text="rec-a"), 1),
    "the beginning of items": (Scope(text="rec-"), 4),
    "an item, of a contact": (Scope(contact_id="ses-a", text="rec-a"), 1),
    "an item, of another contact": (Scope(contact_id="ses-b", text="rec-a"), 0),
    "an item, in a period": (Scope(text="rec-a", window=Window(0, START_US + 1)), 1),
    "an item, in another period": (Scope(text="rec-a", window=Window(0, START_US)), 0),
    "a file": (Scope(text="med-b"), 1),
    "a session": (Scope(text="ses-c"), 1),
    "a source": (Scope(source="other"), 1),
    "an item of another source": (Scope(source="other", text="rec-a"), 0),
    "a contact": (Scope(contact_id="ses-c"), 1),
    "a period": (Scope(window=Window(START_US + 40_000_000, START_US + DAY_US)), 3),
    "a period after all that is dated": (Scope(window=Window(LATER_US, 2**62)), 1),
    "nobody": (Scope(text="zoe"), 0),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_what_people_see_of_a_hold_is_what_retention_respects(db, contacts, scope):
    """The count of the hold, the holds of each contact, and the survey say the same."""
    scope, number = SCOPES[scope]
    somebody = Party("p1", "agent", "Ada Agent", "+4930222")
    undated = a_call("c", source="other", started_us=None, segments=(), parties=(somebody,))
    commit(contacts, a_call("a"), a_call("b", started_us=START_US - DAY_US // 2), undated)
    commit(contacts, a_call("d", parties=(), started_us=START_US + 1_000_000))
    every = ids(contacts, "a", "b", "c", "d")
    if scope.contact_id:
        scope = replace(scope, contact_id=contacts.contact(scope.contact_id).row.contact_id)
    db.place_hold(a_hold(**{name: getattr(scope, name) for name in Scope.__slots__}))
    assert reach(contacts, db, scope) == Reach(number)
    told = [home for home in every if holds_on(db, [home])]
    assert len(told) == number
    far_us = LATER_US + 300 * DAY_US
    survey = db.survey(replace(WALK, before_us=far_us), RULES, far_us)
    assert sorted(survey.held_contacts) == sorted(told)
    assert (survey.contacts, survey.held) == (len(every) - number, number)


def test_of_several_contacts_each_hold_is_told_once(db, contacts):
    commit(contacts, a_call("a"), a_call("b"))
    for name in ("H-2", "H-1", "H-3"):
        db.place_hold(a_hold(name, text="rec-"))
    db.release_hold("H-3", "ada", "closed")
    both = ids(contacts, "a", "b")
    assert [one.hold_id for one in holds_on(db, both)] == ["H-1", "H-2"]
    assert holds_on(db, []) == ()
    assert holds_on(None, both) == ()


def test_a_count_that_ended_early_says_so():
    assert Reach(COUNTED_MAX, more=True).text == "at least 1000 contacts"
    assert Reach(1).text == "1 contact"
