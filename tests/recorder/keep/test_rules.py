"""What the rules say of a contact: the longest wins, a hold beats all, in doubt it is kept."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.keep.rules import (
    judge,
    kept_by,
    never_shorter,
    plan_id,
    rules_of,
    rules_text,
    shortest_us,
)
from recorder.records.retention import DAY_US, Match, Part, Policy, Rules, Verdict
from tests.recorder.keep.facts import T0_US, a_contact, a_hold, a_policy, rules


def verdict(contact, days, *policies, holds=(), **more):
    return judge(contact, holds, rules(*policies, **more), T0_US + round(days * DAY_US)).verdict


def test_without_a_policy_everything_is_kept_for_ever():
    judged = judge(a_contact(), (), Rules(), T0_US + 99_999 * DAY_US)
    assert (judged.verdict, judged.keep_us) == (Verdict.KEPT, None)


def test_a_contact_is_due_when_its_age_is_reached_and_not_before():
    assert verdict(a_contact(), 29.99, a_policy(days=30)) is Verdict.KEPT
    assert verdict(a_contact(), 30, a_policy(days=30)) is Verdict.DUE


def test_of_policies_that_disagree_the_longest_wins_in_any_order():
    short, long = a_policy("short", 30), a_policy("long", 90)
    for policies in ((short, long), (long, short)):
        assert verdict(a_contact(), 60, *policies) is Verdict.KEPT
        assert kept_by(a_contact(), rules(*policies)) == ("long", 90 * DAY_US)


def test_no_policy_undercuts_the_legal_minimum():
    assert verdict(a_contact(), 60, a_policy(days=30), legal=90) is Verdict.KEPT
    assert verdict(a_contact(), 90, a_policy(days=30), legal=90) is Verdict.DUE


@pytest.mark.parametrize(
    ("match", "is_about"),
    [
        ({"sources": ("dyn", "zoom")}, True),
        ({"sources": ("zoom",)}, False),
        ({"channels": ("voice",)}, True),
        ({"channels": ("chat",)}, False),
        ({"directions": ("outbound",)}, False),
        ({"attributes": {"tenant": "north"}}, True),
        ({"attributes": {"tenant": "south"}}, False),
        ({"attributes": {"other": "north"}}, False),
    ],
)
def test_a_policy_is_about_what_matches_all_it_names(match, is_about):
    contact = a_contact(parts=[Part("voice", "inbound", {"tenant": "north"})])
    wanted = Verdict.DUE if is_about else Verdict.KEPT
    assert verdict(contact, 60, a_policy(days=30, **match)) is wanted


def test_a_contact_with_one_part_that_no_policy_is_about_is_kept():
    contact = a_contact(parts=[Part("voice", "inbound"), Part("chat", "inbound")])
    assert verdict(contact, 60, a_policy(days=30, channels=("voice",))) is Verdict.KEPT


def test_a_contact_is_kept_as_long_as_its_longest_part():
    contact = a_contact(parts=[Part("voice", "inbound"), Part("chat", "inbound")])
    policies = (a_policy("v", 30, channels=("voice",)), a_policy("c", 90, channels=("chat",)))
    assert verdict(contact, 60, *policies) is Verdict.KEPT
    assert verdict(contact, 90, *policies) is Verdict.DUE


def test_a_contact_without_parts_is_judged_by_what_it_is_listed_as():
    assert verdict(a_contact(parts=()), 60, a_policy(days=30, channels=("voice",))) is Verdict.DUE


@pytest.mark.parametrize("ended_us", [None, 0, 1_000_000])
def test_the_age_of_a_contact_without_a_credible_date_counts_from_its_last_change(ended_us):
    contact = a_contact(ended_us=ended_us, started_us=None, updated_us=T0_US + 50 * DAY_US)
    assert verdict(contact, 60, a_policy(days=30)) is Verdict.KEPT
    assert verdict(contact, 80, a_policy(days=30)) is Verdict.DUE


def test_a_hold_beats_every_rule_until_it_is_released():
    hold = a_hold(source="dyn")
    judged = judge(a_contact(), [hold], rules(a_policy()), T0_US + 60 * DAY_US)
    assert (judged.verdict, judged.hold_id) == (Verdict.HELD, "H-1")
    released = replace(hold, released_us=T0_US)
    assert verdict(a_contact(), 60, a_policy(), holds=[released]) is Verdict.DUE


# --- what makes nothing go earlier --------------------------------------------------------------------


def test_rules_that_are_longer_or_gone_need_no_confirmation():
    old = rules(a_policy("one", 30), legal=10)
    assert never_shorter(old, old)
    assert never_shorter(rules(a_policy("renamed", 60), legal=10), old)
    assert never_shorter(Rules(), old)
    assert never_shorter(rules(a_policy("one", 30), legal=10, recycle=9), old)


@pytest.mark.parametrize(
    "new",
    [
        rules(a_policy("one", 29), legal=10),
        rules(a_policy("one", 30), a_policy("chat", 99, channels=("chat",)), legal=10),
        rules(a_policy("one", 30, sources=("dyn",)), legal=10),
        rules(a_policy("one", 30), legal=10, recycle=1),
    ],
)
def test_rules_that_may_let_something_go_earlier_need_one(new):
    assert not never_shorter(new, rules(a_policy("one", 30), legal=10))


def test_the_first_policy_and_a_lower_legal_minimum_need_one():
    assert not never_shorter(rules(a_policy()), Rules())
    old = rules(a_policy(days=30), legal=90)
    assert not never_shorter(rules(a_policy(days=30), legal=30), old)
    assert never_shorter(rules(a_policy(days=90)), old), "in effect the same"


POLICIES = st.lists(
    st.builds(
        Policy,
        st.sampled_from("abc"),
        st.builds(
            Match,
            st.sampled_from([(), ("dyn",), ("zoom",)]),
            st.sampled_from([(), ("voice",), ("chat",)]),
        ),
        st.integers(1, 5).map(lambda days: days * DAY_US),
    ),
    max_size=3,
).map(tuple)
SOME_RULES = st.builds(Rules, POLICIES, st.integers(0, 3).map(lambda days: days * DAY_US))
PARTS = st.lists(
    st.builds(Part, st.sampled_from(["voice", "chat"]), st.just("inbound")), max_size=2
)


@given(SOME_RULES, SOME_RULES, PARTS)
def test_what_needs_no_confirmation_lets_nothing_go_earlier(new, old, parts):
    if never_shorter(new, old):
        contact = a_contact(parts=parts)
        now_keep, old_keep = kept_by(contact, new)[1], kept_by(contact, old)[1]
        assert now_keep is None or (old_keep is not None and now_keep >= old_keep)


@given(SOME_RULES, PARTS, st.sampled_from("abc"))
def test_a_policy_more_makes_no_covered_contact_go_earlier(some, parts, name):
    contact = a_contact(parts=parts)
    more = replace(some, policies=(*some.policies, Policy(name, Match(), DAY_US)))
    before, after = kept_by(contact, some)[1], kept_by(contact, more)[1]
    assert before is None or (after is not None and after >= before)


@given(SOME_RULES, PARTS)
def test_nothing_is_due_that_is_younger_than_the_shortest_rule_and_the_legal_minimum(some, parts):
    keep_us = kept_by(a_contact(parts=parts), some)[1]
    if keep_us is not None:
        assert keep_us >= (shortest_us(some) or 0)
        assert keep_us >= some.legal_minimum_us


@given(SOME_RULES)
def test_rules_come_back_from_their_text_as_they_were(some):
    assert rules_of(rules_text(some)) == some


def test_a_plan_is_named_by_what_it_is_of():
    one = rules(a_policy())
    assert plan_id(one, 7) == plan_id(rules(a_policy()), 7)
    assert plan_id(one, 7) != plan_id(one, 8)
    assert plan_id(one, 7).startswith("P-")
