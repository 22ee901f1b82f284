"""Looking for what is due, and deciding upon it, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from recorder.records.retention import DAY_US, DeletionQuery, Match, Policy, Rules, Surveyed, Walk
from tests.calls import START_US, an_interaction
from tests.contract.retention_dbs import retention_world
from tests.contract.test_retention_db import LATER_US, RULES, WALK, a_call, a_hold, commit, decided


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


def test_nothing_is_due_without_a_policy(db, contacts):
    commit(contacts, a_call("a"))
    assert db.survey(WALK, Rules(), LATER_US) == Surveyed(looked_at=1)
    assert decided(db, rules=Rules()) == ()


def test_a_survey_tells_what_would_die_and_changes_nothing(db, contacts):
    commit(contacts, a_call("a"), a_call("b"))
    found = db.survey(WALK, RULES, LATER_US)
    assert (found.looked_at, found.contacts, found.bytes, found.held) == (2, 2, 2000, 0)
    assert found.oldest_us == START_US + 60_000_000
    assert {one.policy for one in found.examples} == {"all"}
    assert found.next is None
    assert db.deletions(DeletionQuery()).rows == ()


def test_a_walk_goes_page_by_page_from_the_oldest_on(db, contacts):
    for number, key in enumerate("abc"):
        at_us = START_US + number * DAY_US
        commit(
            contacts,
            a_call(key, interaction=an_interaction(key, session=f"ses-{key}", started_us=at_us)),
        )
    walk, seen, spans = Walk(LATER_US + 9 * DAY_US, limit=2), [], []
    while True:
        found = db.survey(walk, RULES, LATER_US + 9 * DAY_US)
        spans.append((found.oldest_us, found.newest_us))
        seen += [one.started_us for one in found.examples]
        if found.next is None:
            break
        walk = replace(walk, after=found.next)
    assert seen == [START_US + number * DAY_US for number in range(3)]
    ended = [at_us + 60_000_000 for at_us in seen]
    assert spans == [(ended[0], ended[1]), (ended[2], ended[2])]


def test_a_survey_names_what_is_due_and_passes_over_what_is_decided(db, contacts):
    commit(contacts, a_call("a"), a_call("b"))
    found = db.survey(WALK, RULES, LATER_US)
    assert len(found.due) == 2
    assert db.decide(found.due[:1], RULES, LATER_US, 3).due == found.due[:1]
    assert db.survey(WALK, RULES, LATER_US).due == found.due[1:]
    assert db.survey(WALK, RULES, START_US).due == ()


def test_what_was_found_due_is_judged_anew_when_it_is_decided(db, contacts):
    commit(contacts, a_call("a"))
    due = db.survey(WALK, RULES, LATER_US).due
    db.place_hold(a_hold(source="dyn"))
    assert db.decide([*due, "no-such"], RULES, LATER_US, 3).held == 1
    assert db.deletions(DeletionQuery()).rows == ()


@pytest.mark.parametrize("match", [{"channels": ("chat",)}, {"attributes": {"queue": "trading"}}])
def test_a_policy_about_interactions_is_asked_for_each_of_them(db, contacts, match):
    interaction = an_interaction("a", session="ses-a")
    commit(contacts, a_call("a", interaction=interaction), a_call("b"))
    policy = Policy("some", Match(**match), DAY_US)
    assert db.survey(WALK, Rules((policy,)), LATER_US).due == ()
    every = Policy("every", Match(channels=(interaction.channel,)), DAY_US)
    assert len(db.survey(WALK, Rules((policy, every)), LATER_US).due) == 2
