"""What stops deletion: rules nobody confirmed, and far more than usual."""

from dataclasses import replace

import pytest

from recorder.keep.interlock import INTERLOCK, UNCONFIRMED, Standing, too_many, unconfirmed
from recorder.records.retention import DAY_US, Plan, Rules, Run, Surveyed
from tests.recorder.keep.facts import T0_US, a_policy, rules

RULES = rules(a_policy(days=30))


def a_plan(contacts=0, *, confirmed_us=T0_US, of=RULES):
    return Plan("P-1", T0_US, "ada", of, Surveyed(contacts=contacts), confirmed_us, "bob")


def a_run(contacts, days_ago=1.0, outcome="done"):
    at_us = T0_US - round(days_ago * DAY_US)
    return Run(f"K-{days_ago}", at_us, at_us, "alpha", 3, outcome, RULES, contacts, 0)


def refused(found, *runs, plan=None, floor=10):
    return too_many(found, Standing(plan, runs), 3.0, floor, T0_US)


def test_rules_wait_until_they_are_confirmed():
    assert unconfirmed(RULES, Standing(None, ())).code == UNCONFIRMED
    assert unconfirmed(RULES, Standing(a_plan(), ())) is None
    shorter = rules(a_policy(days=29))
    assert "P-1" in unconfirmed(shorter, Standing(a_plan(), ())).what
    assert unconfirmed(Rules(), Standing(None, ())) is None, "nothing is deleted"


def test_going_back_from_longer_rules_is_shortening_too():
    longer = rules(a_policy(days=3650))
    ran = replace(a_run(0, days_ago=-1), rules=longer)
    assert unconfirmed(longer, Standing(a_plan(), (ran,))) is None
    told = unconfirmed(RULES, Standing(a_plan(), (ran, a_run(5))))
    assert told.code == UNCONFIRMED
    assert ran.run_id in told.what
    again = a_plan(confirmed_us=ran.started_us + 1)
    assert unconfirmed(RULES, Standing(again, (ran,))) is None


def test_going_back_from_no_rules_at_all_is_confirmed_anew():
    ran = replace(a_run(0, days_ago=-1), rules=Rules())
    assert unconfirmed(RULES, Standing(a_plan(), (ran,))).code == UNCONFIRMED
    assert unconfirmed(Rules(), Standing(a_plan(), (ran,))) is None


@pytest.mark.parametrize(("found", "stops"), [(0, False), (10, False), (300, False), (301, True)])
def test_far_more_than_recent_runs_found_stops(found, stops):
    told = refused(found, a_run(100), a_run(40, 2))
    assert (told is not None) is stops
    if told is not None:
        assert told.code == INTERLOCK
        assert "301" in told.what


def test_a_small_number_never_stops():
    assert refused(10) is None
    assert refused(11) is not None


def test_runs_of_long_ago_and_runs_that_were_stopped_tell_nothing():
    assert refused(100, a_run(100, 9)) is not None
    assert refused(100, a_run(5000, 1, outcome="stopped")) is not None
    assert refused(100, a_run(100, 7)) is None


def test_what_a_plan_showed_may_go_once_it_is_confirmed():
    assert refused(100, plan=a_plan(100)) is None
    assert refused(120, plan=a_plan(100)) is None, "it grew old while people read it"
    assert refused(121, plan=a_plan(100)) is not None
    assert refused(100, plan=replace(a_plan(100), confirmed_us=None)) is not None


def test_a_confirmation_is_used_up_by_the_run_after_it():
    used = replace(a_run(7), started_us=T0_US + 1)
    assert refused(100, used, plan=a_plan(100)) is not None
