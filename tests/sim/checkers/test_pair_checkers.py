"""One primary, quick takeovers, no needless ones."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sim.checkers.liveness import (
    Disruption,
    check_takeovers,
    takeovers,
)
from sim.checkers.no_needless_failover import check_no_needless_failover
from sim.checkers.one_primary import check_one_polls, reigns_seen
from sim.checkers.terms import check_terms
from tests.sim.checkers.data import NODES, polls, reign


def test_a_failover_and_a_return_break_nothing():
    history = [reign("a", 1), reign("b", 2), reign("a", 3)]
    seen = polls(
        ("client-a", 0), ("client-a", 5), ("client-b", 7), ("client-b", 12), ("client-a", 13)
    )
    assert check_terms(history) == ()
    assert check_one_polls(history, seen, NODES) == ()
    assert [(r.node, r.first_ns) for r in reigns_seen(seen, NODES)] == [
        ("a", 0),
        ("b", 7_000_000_000),
    ]


def test_polls_long_after_the_takeover_are_a_second_primary():
    history = [reign("a", 1), reign("b", 2)]
    seen = polls(
        ("client-a", 0), ("client-b", 7), ("client-a", 9), ("client-b", 12), ("client-a", 20)
    )
    (violation,) = check_one_polls(history, seen, NODES)
    assert violation.items == ("a",)
    assert "2 stretches, was primary 1 times" in violation.what


def test_a_poll_of_the_old_primary_within_the_overlap_is_allowed():
    history = [reign("a", 1), reign("b", 2)]
    seen = polls(
        ("client-a", 0), ("client-b", 7), ("client-a", 8), ("client-b", 9), ("client-b", 40)
    )
    assert check_one_polls(history, seen, NODES) == ()


def test_a_node_that_never_was_primary_must_not_poll():
    seen = polls(("client-a", 0), ("client-b", 60))
    (violation,) = check_one_polls([reign("a", 1)], seen, NODES)
    assert violation.items == ("b",)


def test_two_primaries_in_one_term_are_found():
    (violation,) = check_terms([reign("a", 4), reign("b", 4)])
    assert violation.items == ("a", "b")


def test_a_term_that_shrinks_or_repeats_is_found():
    assert len(check_terms([reign("a", 4), reign("a", 4)])) == 1
    assert len(check_terms([reign("a", 4), reign("b", 5), reign("a", 3)])) == 1


def test_rows_about_other_roles_do_not_count():
    history = [reign("a", 1), reign("b", 1, new="secondary"), reign("b", 1, new="candidate")]
    assert check_terms(history) == ()
    assert check_no_needless_failover(history, 0) == ()


@given(
    st.lists(st.tuples(st.sampled_from(["client-a", "client-b"]), st.integers(0, 500)), max_size=40)
)
def test_reigns_alternate_and_cover_the_first_poll_of_each_node(seen):
    reigns = reigns_seen(polls(*seen), NODES)
    assert all(a.node != b.node for a, b in pairwise(reigns))
    assert {reign.node for reign in reigns} == {NODES[client] for client, _ in seen}


def test_takeover_is_measured_to_the_first_poll_of_the_other_node():
    seen = polls(("client-a", 0), ("client-a", 10.1), ("client-b", 11.5), ("client-b", 13))
    (takeover,) = takeovers([Disruption("death", "a", 10_000_000_000)], seen, NODES)
    assert takeover.seconds == 1.5
    assert check_takeovers([takeover]) == ()


def test_a_slow_takeover_and_none_at_all_are_found():
    seen = polls(("client-a", 0), ("client-b", 13))
    slow, never = takeovers(
        [Disruption("death", "a", 10_000_000_000), Disruption("switchover", "b", 14_000_000_000)],
        seen,
        NODES,
    )
    first, second = check_takeovers([slow, never])
    assert "took 3.00 s, allowed 2.00 s" in first.what
    assert "nobody polled" in second.what
    assert check_takeovers([slow], slack_s=1.0) == ()


def test_more_changes_of_primary_than_disruptions_are_needless():
    history = [reign("a", 1), reign("b", 2), reign("a", 3)]
    (violation,) = check_no_needless_failover(history, 1)
    assert "2 changes of primary for 1 disruptions" in violation.what
    assert check_no_needless_failover(history, 2) == ()
    assert check_no_needless_failover([], 0) == ()
